"""How long a job waits for the action before vsync itself starts: the image is built, and a container is started."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
import zlib
from collections.abc import Sequence
from pathlib import Path

from benchmarks.figures import MB, ROOT, Figure, Measured
from benchmarks.measure import CommandFailed
from benchmarks.repositories import Repository, Write
from tests.e2e.lab import Engine, Lab, NoLab, open_lab

_IMAGE = "vsync-bench:latest"
_INTERFACES = Path("/proc/net/dev")


def image(folder: Path, times: int) -> list[Measured]:
    try:
        with open_lab(ROOT, tell) as lab:
            return [built(lab, times), sizes(lab), started(lab.engine, folder, times)]
    except NoLab as reason:
        raise CommandFailed(f"No image can be built here: {reason}.") from reason


def tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def built(lab: Lab, times: int) -> Measured:
    """Builds as a runner does that has the base image and nothing else."""
    seconds, received = [], []
    for _ in range(times):
        before = bytes_received()
        seconds.append(timed(lab.engine, "build", "--no-cache", "--network=host", "--tag", _IMAGE, str(ROOT)))
        received.append(bytes_received() - before)
    return Measured(
        f"building the image, with the base image at hand (median of {times})",
        "docker build --no-cache .",
        [
            Figure("whole build", statistics.median(seconds), "s"),
            Figure("received from package mirrors", statistics.median(received) / MB, "MB"),
        ],
    )


def sizes(lab: Lab) -> Measured:
    whole, base = (size_of(lab.engine, name) for name in (_IMAGE, lab.base))
    return Measured(
        "size of the image",
        "docker image inspect --format '{{.Size}}' IMAGE",
        [
            Figure("whole image", whole / MB, "MB"),
            Figure("its base image here", base / MB, "MB"),
            Figure("added by vsync, git and Python packages", (whole - base) / MB, "MB"),
            Figure("whole image, compressed as a registry sends it", compressed(lab.engine, _IMAGE) / MB, "MB"),
            Figure("its base image here, compressed", compressed(lab.engine, lab.base) / MB, "MB"),
        ],
    )


def started(engine: Engine, folder: Path, times: int) -> Measured:
    repository = Repository(folder / "repository")
    repository.commit([Write("docs/a.md", b"# A\n")])
    workspace = [f"--volume={folder / 'repository'}:/github/workspace", "--network=none"]
    sync = ["run", "--rm", *workspace, "--entrypoint=vsync", _IMAGE, "sync", "--local"]
    timed(engine, *sync)
    version = ["run", "--rm", "--network=none", "--entrypoint=vsync", _IMAGE, "--version"]
    return Measured(
        f"a container of the image, from start to end (median of {times})",
        "docker run --rm --entrypoint=vsync IMAGE …",
        [
            Figure("vsync --version", statistics.median(timed(engine, *version) for _ in range(times)), "s"),
            Figure("vsync sync, nothing to do", statistics.median(timed(engine, *sync) for _ in range(times)), "s"),
        ],
    )


def timed(engine: Engine, *arguments: str) -> float:
    """How long a command of Docker's client takes. Raises CommandFailed when it exits with anything but 0."""
    start = time.perf_counter()
    done = engine.docker(*arguments)
    seconds = time.perf_counter() - start
    if done.returncode:
        raise CommandFailed(f"docker {shown(arguments)} exited with {done.returncode}:\n{done.stdout}{done.stderr}")
    return seconds


def shown(arguments: Sequence[str]) -> str:
    return " ".join(arguments)


def size_of(engine: Engine, name: str) -> int:
    done = engine.docker("image", "inspect", "--format", "{{.Size}}", name)
    if done.returncode:
        raise CommandFailed(f"docker has no image {name}: {done.stderr}")
    return int(done.stdout)


def compressed(engine: Engine, name: str) -> int:
    """The bytes of all layers after gzip, which is about what a pull receives."""
    save = subprocess.Popen(["docker", "save", name], env=engine.environment(), stdout=subprocess.PIPE)
    gzip = zlib.compressobj(wbits=31)
    total = 0
    with save:
        assert save.stdout is not None
        while chunk := save.stdout.read(MB):
            total += len(gzip.compress(chunk))
    if save.returncode:
        raise CommandFailed(f"docker save {name} exited with {save.returncode}")
    return total + len(gzip.flush())


def bytes_received() -> int:
    """What this machine has received since its start, on all interfaces but the loopback."""
    rows = [line.split(":", 1) for line in _INTERFACES.read_text().splitlines() if ":" in line]
    return sum(int(values.split()[0]) for name, values in rows if name.strip() != "lo")
