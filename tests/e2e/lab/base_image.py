"""The image that the Dockerfile starts from: pulled, or a stand-in made of Debian's packages.

The stand-in takes mirror, certificates and index from this machine's own settings, since nothing else is sure to be
reachable from it.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.e2e.lab.engine import Engine, NoLab, install, last_line, required

STANDS_FOR = "python:3.13-slim"
SUITE = "trixie"
"""The Debian release that the image is made of, and whose Python is 3.13."""

_ROOT = f"vsync-e2e-root:{SUITE}"
_PACKAGES = "python3,python3-venv,ca-certificates,netbase,tzdata"
_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
_PIP_SETTINGS = ("index-url", "extra-index-url", "trusted-host", "default-timeout", "timeout", "retries", "proxy")


def name_in(dockerfile: Path) -> str:
    """The base image that a Dockerfile names by `ARG BASE=`."""
    found = re.search(r"^ARG BASE=(\S+)$", dockerfile.read_text(), re.MULTILINE)
    if found is None:
        raise ValueError(f"{dockerfile} names no base image by ARG BASE=")
    return found[1]


def had_or_pulled(engine: Engine, base: str, tell: Callable[[str], None]) -> bool:
    if engine.has(base):
        return True
    tell(f"Pulling {base} …")
    return engine.docker("pull", "--quiet", base).returncode == 0


def make(engine: Engine, base: str, tell: Callable[[str], None]) -> None:
    """Makes the stand-in and gives it the base image's name in this engine."""
    if base != STANDS_FOR:
        raise NoLab(f"{base} cannot be pulled, and the stand-in is for {STANDS_FOR} only")
    install({"mmdebstrap": "mmdebstrap"}, tell)
    tell(f"{base} cannot be pulled here: making a stand-in of Debian {SUITE} …")
    with tempfile.TemporaryDirectory(prefix="vsync-e2e-") as name:
        folder = Path(name)
        sources = debian_sources()
        apt_options = [line for line in required("apt-config", "dump", "Acquire").splitlines() if _is_general(line)]
        _make_root(engine, folder, sources, apt_options)
        context = folder / "context"
        (context / "certificates").mkdir(parents=True)
        for number, text in enumerate(machine_certificates()):
            (context / "certificates" / f"machine-{number}.crt").write_text(text)
        (context / "debian.sources").write_text(sources)
        (context / "apt.conf").write_text("".join(f"{line}\n" for line in apt_options))
        (context / "pip.conf").write_text(pip_settings())
        shutil.copy(Path(__file__).with_name("Dockerfile"), context)
        done = engine.docker("build", "--network=host", "--build-arg", f"ROOT={_ROOT}", "--tag", base, str(context))
        if done.returncode:
            raise NoLab(f"the stand-in for {base} cannot be built: {last_line(done.stderr)}")


def _make_root(engine: Engine, folder: Path, sources: str, apt_options: list[str]) -> None:
    """The smallest Debian that has Python, as an image."""
    if engine.has(_ROOT):
        return
    (folder / "sources").write_text(sources)
    options = [f"--aptopt={line.rstrip(';')}" for line in apt_options]
    where = [SUITE, str(folder / "root.tar"), str(folder / "sources")]
    required("mmdebstrap", "--variant=minbase", "--mode=root", *options, f"--include={_PACKAGES}", *where)
    done = engine.docker("import", str(folder / "root.tar"), _ROOT)
    if done.returncode:
        raise NoLab(f"the stand-in's root cannot be imported: {last_line(done.stderr)}")


# --- This machine's settings ------------------------------------------------------------------------------------------


def debian_sources() -> str:
    """apt's sources for the suite, on the mirrors that this machine's apt uses for its own release."""
    required("apt-get", "update")
    listed = required("apt-get", "indextargets", "--format", "$(ORIGIN)|$(LABEL)|$(SITE)|$(COMPONENT)")
    sites: dict[str, str] = {}
    for line in listed.splitlines():
        origin, label, site, component = line.split("|")
        if origin == "Debian" and component == "main":
            sites.setdefault(label, site)
    if "Debian" not in sites:
        raise NoLab("the base image cannot be pulled, and apt knows no mirror of Debian to make a stand-in from")
    found = [(sites["Debian"], f"{SUITE} {SUITE}-updates")]
    if "Debian-Security" in sites:
        found.append((sites["Debian-Security"], f"{SUITE}-security"))
    entries = (
        f"Types: deb\nURIs: {site}\nSuites: {suites}\nComponents: main\nSigned-By: {_KEYRING}\n"
        for site, suites in found
    )
    return "\n".join(entries)


def _is_general(line: str) -> bool:
    """Whether an option of apt means the same in the image: no path of this machine, no list of files."""
    return re.match(r"Acquire::(Check-|(http|https)::Proxy |Retries |(http|https)::Timeout )", line) is not None


def machine_certificates() -> list[str]:
    """The certificates that this machine trusts besides Debian's own, as PEM."""
    bundle = Path(os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile or _BUNDLE)
    trusted = _pem_blocks(bundle.read_text()) if bundle.is_file() else []
    usual: set[str] = set()
    for path in Path("/usr/share/ca-certificates").rglob("*.crt"):
        usual.update(_pem_blocks(path.read_text()))
    return [block for block in dict.fromkeys(trusted) if block not in usual]


def _pem_blocks(text: str) -> list[str]:
    found = re.findall(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", text, re.DOTALL)
    return [f"{block.strip()}\n" for block in found]


def pip_settings() -> str:
    """A pip.conf with what this machine's pip is told of indexes. The environment goes before files, as for pip."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    ).stdout
    found: dict[str, str] = {}
    for line in sorted(listed.splitlines(), key=lambda line: line.startswith(":env:")):
        key, _, value = line.partition("=")
        name = key.rpartition(".")[2]
        if name in _PIP_SETTINGS:
            found[name.removeprefix("default-")] = str(ast.literal_eval(value))
    if "extra-index-url" in found:
        # A folder of this machine is not in the image.
        found["extra-index-url"] = " ".join(url for url in found["extra-index-url"].split() if url.startswith("http"))
    lines = [f"{name} = {value}" for name, value in found.items() if value]
    return "\n".join(["[global]", f"cert = {_BUNDLE}", *lines, ""])
