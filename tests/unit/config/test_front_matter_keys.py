"""Which keys of the front matter are worth an attribute."""

from __future__ import annotations

from vsync.config.front_matter_keys import Key, keys_in, keys_of, title_in, worth_an_attribute


def test_keys_are_counted_with_the_kind_of_most_of_their_values() -> None:
    texts = {
        "a.md": "---\ntitle: A\ntags: [x, y]\ndate: 2024-01-02\n---\n# A\n",
        "b.md": "+++\ntitle = 'B'\ndraft = true\nweight = 3\n+++\n",
        "c.md": "# C\n",
        "d.md": "---\ntitle:\n  nested: 1\ntags: x\n---\n",
    }
    found = keys_of({path: keys_in(text) for path, text in texts.items()})
    assert found[0] == Key("title", 0.75, "text")
    assert {key.name: key.kind for key in found} == {
        "title": "text",
        "tags": "text",
        "date": "date",
        "draft": "yes or no",
        "weight": "number",
    }


def test_front_matter_that_cannot_be_read_holds_no_keys() -> None:
    assert keys_in("---\ntitle: [\n---\n") == keys_in("---\na line\n") == {}
    assert keys_of({}) == ()


def test_useful_keys_that_are_common_are_worth_an_attribute() -> None:
    keys = (
        Key("tags", 1.0, "list"),
        Key("layout", 1.0, "text"),
        Key("title", 0.2, "text"),
        Key("author", 0.19, "text"),
        Key("status", 0.5, "other"),
    )
    assert worth_an_attribute(keys, titled=False) == ("title", "tags")


def test_a_heading_makes_the_title_worth_an_attribute() -> None:
    assert worth_an_attribute((Key("title", 0.1, "text"),), titled=True) == ("title",)
    assert worth_an_attribute((), titled=True) == ("title",)
    assert worth_an_attribute((), titled=False) == ()


def test_the_title_is_that_of_the_front_matter_or_the_first_heading() -> None:
    assert title_in("---\ntitle: A\n---\n# B\n", "a.md") == "A"
    assert title_in("---\ntags: [x]\n---\n# B\n", "a.md") == "B"
    assert title_in("---\ntags: [\n---\n# B\n", "a.md") == "B"
    assert title_in("B\n=\n", "a.rst") == "B"
    assert title_in("text\n", "a.md") is None


def test_not_more_keys_are_taken_than_have_room() -> None:
    names = "title description summary tags keywords category section topic status author".split()
    worth = worth_an_attribute(tuple(Key(name, 1.0, "text") for name in names), titled=True)
    assert worth == tuple(names[:8])
