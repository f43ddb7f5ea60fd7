"""Which attributes of an entry were fixed when it was uploaded, and stay when its other attributes are replaced. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from vsync.documents.attributes import RESERVED_ATTRIBUTES, Attributes
from vsync.documents.document import attributes_half, attributes_tag
from vsync.documents.recipe import may_be_fixed


def kept_of(shown: Attributes, tag: str, fixed: Sequence[str]) -> Attributes:
    """Those of the `fixed` attributes that an entry keeps. `shown` are all its attributes, and `tag` is its recorded tag.

    An attribute whose value counts in the tag was given by an earlier config, perhaps as a constant: it is not kept. Where the
    tag does not fit what is shown, because somebody else has changed the entry, all are kept.
    """
    source = str(shown.get("source"))
    own = {name: value for name, value in shown.items() if name not in RESERVED_ATTRIBUTES}
    kept = next(
        (names for names in may_be_fixed() if attributes_tag(source, own, names) == attributes_half(tag)), fixed
    )
    return {name: own[name] for name in fixed if name in kept and name in own}
