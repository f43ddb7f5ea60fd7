"""What a release decides, and the one file it rewrites. Run by .github/workflows/release.yml; needs only Python.

Usage:
    release.py check v1.2.3      the tag, the code's version and the changelog agree
    release.py pin IMAGE@DIGEST  action.yml runs that image instead of building the Dockerfile
    release.py major v1.2.3      prints v1 if it should follow, given all tags on standard input
    release.py notes v1.2.3      prints the changelog's section
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

_TAG = re.compile(r"v(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)")
_IMAGE = re.compile(r"[a-z0-9.-]+(?::[0-9]+)?(?:/[a-z0-9._-]+)+@sha256:[0-9a-f]{64}")
_BUILT = re.compile(r"(?m)^  image: Dockerfile$")


class Refused(Exception):
    """The release cannot go on; the message says why."""


def version(tag: str) -> tuple[int, int, int]:
    """The numbers of a tag like v1.2.3. Raises Refused for any other."""
    match = _TAG.fullmatch(tag)
    if match is None:
        raise Refused(f"{tag!r} is not a release tag like v1.2.3.")
    return int(match[1]), int(match[2]), int(match[3])


def check(tag: str, package: str, changelog: str) -> None:
    """Raises Refused when the code (its `vsync/__init__.py`) or the changelog does not know this version."""
    version(tag)
    stated = re.search(r'(?m)^__version__ = "([^"]+)"$', package)
    if stated is None or stated[1] != tag[1:]:
        raise Refused(f"The tag is {tag}, but vsync/__init__.py says {stated[1] if stated else 'nothing'}.")
    if not notes(tag, changelog):
        raise Refused(f"CHANGELOG.md says nothing under [{tag[1:]}].")


def notes(tag: str, changelog: str) -> str:
    """The changelog's text on a version, without its heading; empty when there is none."""
    section = re.search(rf"(?ms)^## \[{re.escape(tag[1:])}\][^\n]*\n(.*?)(?=^## |^\[[^\]\n]+\]: |\Z)", changelog)
    return section[1].strip() if section else ""


def pin(definition: str, image: str) -> str:
    """action.yml's text, running the image (a name with its digest) instead of building one. All else stays as it is."""
    if not _IMAGE.fullmatch(image):
        raise Refused(f"{image!r} does not name an image by digest.")
    pinned, count = _BUILT.subn(f"  image: docker://{image}", definition)
    if count != 1:
        raise Refused(f"action.yml has {count} lines `  image: Dockerfile`, not one.")
    return pinned


def major(tag: str, tags: Iterable[str]) -> str:
    """The moving tag of a release (v1), or nothing when a newer release of the same major version is out."""
    released = version(tag)
    others = (version(other) for other in tags if _TAG.fullmatch(other))
    newest = max((other for other in others if other[0] == released[0]), default=released)
    return f"v{released[0]}" if released >= newest else ""


def main(arguments: list[str]) -> int:
    try:
        match arguments:
            case ["check", tag]:
                check(tag, (ROOT / "vsync/__init__.py").read_text(), (ROOT / "CHANGELOG.md").read_text())
            case ["pin", image]:
                path = ROOT / "action.yml"
                path.write_text(pin(path.read_text(), image))
            case ["major", tag]:
                sys.stdout.write(major(tag, sys.stdin.read().split()))
            case ["notes", tag]:
                sys.stdout.write(notes(tag, (ROOT / "CHANGELOG.md").read_text()) + "\n")
            case _:
                sys.stderr.write(__doc__ or "")
                return 2
    except Refused as refused:
        sys.stderr.write(f"{refused}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
