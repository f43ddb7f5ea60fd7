"""Laws of what is read and written: nothing is lost on the way, and no bytes cause another error than the documented one."""

from __future__ import annotations

import codecs
import contextlib
import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from vsync.auth.api_address import EMBEDDED_API, OPENAI_API, normalised
from vsync.config.settings import NAMES, resolve
from vsync.documents.attributes import path_attribute
from vsync.documents.inspection import Looks, inspect_content
from vsync.documents.selection import Rules, Selector
from vsync.errors import ConfigurationError, GitUnavailable, ManifestError
from vsync.git.changes import Change, TreeEntry, parse_diff, parse_tree, show_path
from vsync.plan.renames import pair_renames
from vsync.state.figures import Figures
from vsync.state.identity import identify
from vsync.state.manifest import MAX_NUMBER, Entry, Failure, Manifest, Skipped, TargetState, dump_manifest
from vsync.state.manifest_parser import parse_manifest
from vsync.state.run_order import is_late
from vsync.state.seal import Seal, dump_seal, parse_seal
from vsync.system.redaction import printable
from vsync.system.retry import retry_after

# --- Manifest and seal --------------------------------------------------------------------------------------

TEXT = st.text(st.characters(codec="utf-8"))
WORD = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
PATH = st.one_of(
    WORD, st.sampled_from(['q".md', "b\\.md", "n\n.md", "\u2028.md", "\x7f", "日本/😀.md", "<<<<<<< ", "="])
)
ENTRY = st.builds(Entry, TEXT, TEXT, st.integers(0, 2**60), WORD, TEXT)
RUN = st.dictionaries(WORD, st.none() | st.booleans() | st.integers() | TEXT, max_size=3)
ADDRESS = st.sampled_from([OPENAI_API, EMBEDDED_API]) | st.builds(
    "{}://{}{}{}{}".format,
    st.sampled_from(["http", "https", "HTTPS", "ftp", ""]),
    st.sampled_from(["", "me@", "me:secret@", "@"]),
    st.sampled_from(["api.test", "API.Test", "[::1]", "", "é.test", "[::"]),
    st.sampled_from(["", ":80", ":443", ":8000", ":", ":x", ":99999"]),
    st.sampled_from(["", "/", "/v1", "/v1//", "/V1/?key=secret", "/v1#top", "/ä b"]) | TEXT,
)
FAILURES = st.dictionaries(PATH, st.builds(Failure, WORD, WORD, WORD, st.integers(0, 2**60)), max_size=2)
STATE = st.builds(
    TargetState,
    WORD,
    st.none() | WORD,
    st.none() | WORD,
    st.integers(0, 2**40),
    TEXT,
    RUN,
    st.dictionaries(PATH, ENTRY, max_size=4),
    FAILURES,
    st.dictionaries(PATH, st.builds(Skipped, WORD, WORD), max_size=2),
    st.lists(WORD, max_size=3).map(lambda ids: tuple(sorted(ids))),
    ADDRESS.map(normalised),
    st.none() | WORD,
    st.none() | st.integers(1, 365),
    FAILURES,
)
MANIFEST = st.builds(Manifest, WORD, WORD, st.none() | TEXT, st.dictionaries(WORD, STATE, max_size=2))


@given(ADDRESS)
def test_an_address_has_one_form_without_what_is_secret(address: str) -> None:
    form = normalised(address)
    assert normalised(form) == form
    if form != address:
        assert "@" not in form.split("/")[2]
        assert "?" not in form


@given(MANIFEST)
def test_a_manifest_is_read_back_as_it_was_written(manifest: Manifest) -> None:
    content = dump_manifest(manifest)
    assert parse_manifest(content, "m.json") == manifest
    assert dump_manifest(parse_manifest(content, "m.json")) == content
    assert content.endswith(b"\n")


@given(MANIFEST, st.randoms(use_true_random=False))
def test_the_order_in_which_documents_were_found_does_not_show(manifest: Manifest, random: Any) -> None:
    def shuffled(mapping: Any) -> dict[str, Any]:
        items = list(mapping.items())
        random.shuffle(items)
        return dict(items)

    targets = {
        name: TargetState(
            state.vector_store_id,
            state.branch,
            state.commit,
            state.serial,
            state.settings,
            shuffled(state.run),
            shuffled(state.files),
            shuffled(state.failed),
            shuffled(state.skipped),
            tuple(random.sample(state.pending_delete, len(state.pending_delete))),
            state.api,
            state.vector_store_name,
            state.expires_after_days,
            shuffled(state.unindexed),
        )
        for name, state in manifest.targets.items()
    }
    other = Manifest(manifest.owner, manifest.source, manifest.repository_id, shuffled(targets))
    assert dump_manifest(other) == dump_manifest(manifest)


@given(STATE)
def test_every_document_stands_on_a_line_of_its_own(state: TargetState) -> None:
    lines = dump_manifest(Manifest("o", "s", None, {"default": state})).decode().split("\n")
    for path, entry in state.files.items():
        record = json.dumps(entry._asdict(), ensure_ascii=False, sort_keys=True)
        line = f"    {json.dumps(path, ensure_ascii=False)}: {record}"
        assert line in [found.removesuffix(",") for found in lines]


ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=5)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=8,
)
KEYS = (
    "version owner source repository_id targets default vector_store_id branch commit serial settings run files failed"
)
KEYS += " api vector_store_name expires_after_days"
KEYS += " skipped pending_delete blob bytes file_id sha256 tag code reason state since head manifest"


@st.composite
def damaged_manifests(draw: st.DrawFn) -> bytes:
    """A sound manifest in which one value has become another."""
    data = json.loads(dump_manifest(draw(MANIFEST)))
    place: Any = data
    for _ in range(draw(st.integers(0, 4))):
        inner = [value for value in place.values() if isinstance(value, dict) and value]
        if not inner:
            break
        place = draw(st.sampled_from(inner))
    place[draw(st.sampled_from([*place, *KEYS.split()]))] = draw(JSON)
    return json.dumps(data).encode()


@given(st.one_of(st.binary(), JSON.map(lambda value: json.dumps(value).encode()), damaged_manifests()))
def test_what_is_no_manifest_is_refused_in_one_way_and_what_is_one_can_be_written(content: bytes) -> None:
    with contextlib.suppress(ManifestError):
        manifest = parse_manifest(content, "m.json")
        assert parse_manifest(dump_manifest(manifest), "m.json").targets.keys() == manifest.targets.keys()


@given(st.integers(0, 2**30), st.binary(max_size=4), st.sampled_from([b"", b"{", b'"', b",", b"}", b"\n", b"\0"]))
def test_a_manifest_with_a_few_wrong_bytes_is_refused_in_one_way(place: int, noise: bytes, mark: bytes) -> None:
    sound = dump_manifest(
        Manifest("o", "s", "1", {"default": TargetState("vs", files={"a.md": Entry("b", "s", 1, "f", "t")})})
    )
    at = place % len(sound)
    for content in (sound[:at] + noise + mark + sound[at:], sound[:at] + sound[at + 1 :], sound[:at]):
        with contextlib.suppress(ManifestError):
            parse_manifest(content, "m.json")


COUNT = st.integers(0, 2**60)
FIGURES = st.builds(
    Figures,
    st.integers(-(2**60), 2**60),
    st.none() | COUNT,
    st.none() | st.text("0123456789abcdef", min_size=1, max_size=64),
    COUNT,
    COUNT,
    COUNT,
)
SEAL = st.builds(
    Seal,
    st.sampled_from(["open", "closed"]),
    TEXT,
    TEXT,
    st.none() | TEXT,
    st.integers(1 - MAX_NUMBER, MAX_NUMBER - 1),
    st.none() | TEXT,
    st.none() | TEXT,
    figures=st.none() | FIGURES,
)


@given(SEAL)
def test_a_seal_is_read_back_as_it_was_written(seal: Seal) -> None:
    assert parse_seal(dump_seal(seal)) == seal


@st.composite
def damaged_seals(draw: st.DrawFn) -> bytes:
    data = json.loads(dump_seal(draw(SEAL)))
    data[draw(st.sampled_from(sorted(data)))] = draw(JSON)
    return json.dumps(data).encode()


@given(st.one_of(st.binary(), JSON.map(lambda value: json.dumps(value).encode()), damaged_seals()))
def test_no_bytes_of_a_seal_are_an_error(content: bytes) -> None:
    assert parse_seal(content).state in {"open", "closed"}


# --- Git ----------------------------------------------------------------------------------------------------

NAME = st.binary(min_size=1, max_size=12).filter(lambda name: b"\0" not in name)
BLOB = st.text("0123456789abcdef", min_size=40, max_size=40)
MODE = st.sampled_from(["100644", "100755", "120000", "160000"])
STATUS = st.sampled_from([("A", "added"), ("M", "modified"), ("D", "removed"), ("T", "type-changed")])


def pieces(output: bytes, cuts: Sequence[int]) -> list[bytes]:
    places = sorted({0, len(output), *(cut % (len(output) + 1) for cut in cuts)})
    return [output[start:end] for start, end in pairwise(places)]


@given(st.lists(st.builds(TreeEntry, NAME, MODE, BLOB)), st.lists(st.integers(0, 10**6), max_size=8))
def test_a_tree_is_read_as_git_wrote_it_however_it_arrives(entries: list[TreeEntry], cuts: list[int]) -> None:
    output = b"".join(f"{e.mode} blob {e.blob}\t".encode() + e.path + b"\0" for e in entries)
    assert list(parse_tree(pieces(output, cuts))) == entries


@given(st.lists(st.tuples(NAME, MODE, BLOB, STATUS)), st.lists(st.integers(0, 10**6), max_size=8))
def test_a_diff_is_read_as_git_wrote_it_however_it_arrives(
    records: list[tuple[bytes, str, str, tuple[str, Any]]], cuts: list[int]
) -> None:
    output = b"".join(
        f":100644 {mode} {'0' * 40} {blob} {letter}".encode() + b"\0" + name + b"\0"
        for name, mode, blob, (letter, _) in records
    )
    assert list(parse_diff(pieces(output, cuts))) == [
        Change(status, name, None if letter == "D" else TreeEntry(name, mode, blob))
        for name, mode, blob, (letter, status) in records
    ]


GITLIKE = st.lists(
    st.sampled_from([b":", b" ", b"\t", b"\0", b"100644", b"blob", b"a" * 40, b"A", b"M", b"R100", b"a.md", b"\xff"])
).map(b"".join)


@given(st.one_of(st.binary(), GITLIKE))
def test_what_git_does_not_write_is_refused_in_one_way(output: bytes) -> None:
    for parse in (parse_tree, parse_diff):
        with contextlib.suppress(GitUnavailable):
            list(parse([output]))


BLOBS_BY_PATH = st.dictionaries(st.text("abc", min_size=1, max_size=3), st.sampled_from("123"), max_size=8)


@given(BLOBS_BY_PATH, BLOBS_BY_PATH, st.randoms(use_true_random=False))
def test_renames_pair_each_path_at_most_once_and_do_not_depend_on_order(
    removed: dict[str, str], added: dict[str, str], random: Any
) -> None:
    pairs = pair_renames(removed, added)
    olds, news = [old for old, _ in pairs], [new for _, new in pairs]
    assert len(set(olds)) == len(olds)
    assert len(set(news)) == len(news)
    assert all(removed[old] == added[new] for old, new in pairs)
    for blob in "123":
        most = min(list(removed.values()).count(blob), list(added.values()).count(blob))
        assert sum(removed[old] == blob for old in olds) == most
    items = [list(removed.items()), list(added.items())]
    for item in items:
        random.shuffle(item)
    assert pair_renames(dict(items[0]), dict(items[1])) == pairs == sorted(pairs)


# --- Names, patterns, text ----------------------------------------------------------------------------------


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=600), st.text("ab", max_size=3))
def test_the_path_attribute_fits_and_tells_paths_apart(path: str, more: str) -> None:
    assert len(path_attribute(path)) <= 256
    assert (path_attribute(path) == path_attribute(path + more)) == (more == "")


@given(NAME, NAME)
def test_a_shown_name_can_always_be_printed_and_written(one: bytes, other: bytes) -> None:
    show_path(one).encode()
    assert printable(show_path(other)).isprintable()


PATTERN = st.text(st.sampled_from("ab*?[]!/\\-^.# {}z"), max_size=8)


@given(st.lists(PATTERN, max_size=3), st.lists(PATTERN, max_size=2), NAME, MODE)
@example(["[z-a].md"], [], b"a.md", "100644")
def test_no_pattern_and_no_name_is_another_error_than_a_wrong_pattern(
    include: list[str], exclude: list[str], path: bytes, mode: str
) -> None:
    with contextlib.suppress(ConfigurationError):
        selector = Selector(Rules(tuple(include), tuple(exclude)))
        selector.decide(path, mode)
        assert selector.decide(b".git/" + path, mode).path is None


@given(
    st.binary(max_size=128), st.lists(st.integers(64, 127), max_size=3), st.sampled_from(["a.md", "a.pdf", "README"])
)
@example(b"x" * 63 + "日本".encode(), [64, 65, 67], "a.md")
@example("日".encode("utf-16") + b"\0a" * 40, [64, 65, 67], "a.md")
def test_what_bytes_are_does_not_depend_on_how_they_arrive(data: bytes, cuts: list[int], path: str) -> None:
    # Only the first piece is looked at for marks of a format: sources give pieces of many kilobytes.
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    chunks = [data[start:end] for start, end in pairwise(places)]
    assert inspect_content(path, chunks, Looks()) == inspect_content(path, [data] if data else [], Looks())


SHOWN = st.characters(categories=["L", "N", "P", "S"], exclude_characters="\u115f\u1160\u2800\u3164\uffa0")
INVISIBLE = st.characters(categories=["Z", "Cc"], exclude_characters="\0") | st.sampled_from(
    "\ufeff\u200b\u200d\u2060\u00ad\u200e\u202e"
)


@given(st.text(INVISIBLE, max_size=20), st.text(SHOWN, max_size=3), st.text(INVISIBLE, max_size=20), st.booleans())
def test_text_in_utf8_and_utf16_is_text_and_without_a_character_that_shows_it_is_empty(
    before: str, shown: str, behind: str, nul: bool
) -> None:
    text = f"{before}{shown}{behind}"
    expected = None if shown else "empty"
    if nul:
        text, expected = f"{text}\0", "not-text"
    for data in (text.encode(), text.encode("utf-8-sig"), text.encode("utf-16")):
        if data == codecs.BOM_UTF32_LE:
            continue  # a NUL in UTF-16 is also UTF-32 without any text
        assert inspect_content("a.md", [data], Looks()).reason == expected


@given(st.text())
def test_printable_text_is_printable_and_plain_text_is_left_alone(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    assert shown == text or not text.isprintable()


# --- What comes from the environment or from a server -------------------------------------------------------

GIVEN = st.one_of(
    st.text(max_size=12), st.sampled_from(["nan", "1e999", "٣", "²", "-1", "9" * 20, "50%", "1GB", "=", "a=b"])
)


@given(st.dictionaries(st.sampled_from(NAMES), GIVEN, max_size=4))
def test_no_setting_is_another_error_than_a_wrong_setting(given: dict[str, str]) -> None:
    environ = {"VSYNC_" + name.upper().replace("-", "_"): value for name, value in given.items()}
    for options, variables in ((given, {}), ({}, environ)):
        with contextlib.suppress(ConfigurationError):
            resolve(options, variables)


DATE = st.tuples(
    st.sampled_from(["Wed, 21 Oct ", "", "x"]),
    st.integers(),
    st.sampled_from([" 07:28:00 GMT", " 7:28 -0000", " 1:1:1 +99999999"]),
)


@given(st.one_of(st.text(), st.floats().map(str), DATE.map(lambda parts: "".join(map(str, parts)))), st.floats(0, 2e9))
def test_no_wish_of_a_server_is_an_error_or_a_wait_without_end(text: str, now: float) -> None:
    for name in ("retry-after", "retry-after-ms"):
        wait = retry_after({name: text}, now)
        assert wait is None or 0 <= wait < float("inf")


@given(st.text(max_size=30), st.text(st.sampled_from("htps:/[]@.x%"), max_size=12))
def test_every_remote_gives_some_name(folder: str, noise: str) -> None:
    for url in (noise, "https://" + noise, folder):
        assert identify(None, None, None, url, folder).name


@given(JSON, st.text(max_size=4))
@example("²", "1")
def test_no_published_run_is_an_error(published: Any, run_id: str) -> None:
    assert is_late(published, run_id, None) in {True, False}
    assert is_late("1" + run_id, run_id, None) in {True, False}
