"""Which attributes an entry keeps from its upload when its other attributes are replaced."""

from __future__ import annotations

from vsync.documents.attributes import Attributes
from vsync.documents.document import attributes_tag as half
from vsync.documents.document import tag
from vsync.transfer.fixed_attributes import kept_of

SHOWN: Attributes = {"source": "acme/docs", "path": "a.md", "team": "docs", "url": "https://x/1", "changed": 7}
FIXED = ("changed", "author", "url")


def counting(*names: str) -> str:
    """The tag of an entry of which these attributes count."""
    fixed = [name for name in ("changed", "url") if name not in names]
    return tag("a.md", None, half("acme/docs", {name: SHOWN[name] for name in names}, fixed))


def test_what_does_not_count_in_the_tag_was_fixed_at_the_upload_and_is_kept() -> None:
    assert kept_of(SHOWN, counting("team"), FIXED) == {"changed": 7, "url": "https://x/1"}


def test_what_counts_in_the_tag_was_given_by_an_earlier_config_and_is_not_kept() -> None:
    assert kept_of(SHOWN, counting("team", "url"), FIXED) == {"changed": 7}
    assert kept_of(SHOWN, counting("team", "url", "changed"), FIXED) == {}


def test_all_are_kept_where_somebody_else_has_changed_the_entry() -> None:
    assert kept_of({**SHOWN, "team": "other"}, counting("team", "url"), FIXED) == {"changed": 7, "url": "https://x/1"}


def test_only_what_is_asked_for_is_kept() -> None:
    assert kept_of(SHOWN, counting("team", "url", "changed"), ()) == {}
