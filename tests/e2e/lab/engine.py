"""A Docker engine: the one that runs on this machine, or one that is started for the tests and stopped after them."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

_START_S = 60.0


class NoLab(Exception):
    """Why there can be no end-to-end tests on this machine."""


@dataclass(frozen=True)
class Engine:
    """How to reach an engine: the variables that Docker's client, and `act`, take it from."""

    variables: Mapping[str, str] = field(default_factory=dict)

    def environment(self, **more: str) -> dict[str, str]:
        # The classic builder: it takes base images from the engine's own store, and asks no registry for them.
        return {**os.environ, "DOCKER_BUILDKIT": "0", **self.variables, **more}

    def docker(self, *arguments: str, timeout: float = 900, **more: str) -> subprocess.CompletedProcess[str]:
        """A command of Docker's client, whatever becomes of it."""
        return subprocess.run(
            ["docker", *arguments], env=self.environment(**more), capture_output=True, text=True, timeout=timeout
        )

    def has(self, image: str) -> bool:
        return self.docker("image", "inspect", image).returncode == 0


def running_engine() -> Engine | None:
    engine = Engine()
    if shutil.which("docker") is None or engine.docker("version").returncode:
        return None
    return engine


@contextmanager
def own_engine(data: Path, tell: Callable[[str], None]) -> Iterator[Engine]:
    """An engine with everything of its own: socket, images in `data`, no bridge, no firewall rules."""
    if os.geteuid():
        raise NoLab("no Docker engine runs here that has the base image, and only root can start one")
    install({"dockerd": "docker.io", "docker": "docker.io"}, tell)
    with tempfile.TemporaryDirectory(prefix="vsync-e2e-") as name:
        run = Path(name)
        engine = Engine({"DOCKER_HOST": f"unix://{run}/docker.sock", "DOCKER_CONFIG": str(run / "client")})
        with (run / "log").open("wb") as log, subprocess.Popen(_dockerd(run, data), stdout=log, stderr=log) as dockerd:
            try:
                _wait(engine, dockerd, run / "log")
                yield engine
            finally:
                dockerd.terminate()
                dockerd.wait()
                _unmount_all(run, data)


def _dockerd(run: Path, data: Path) -> list[str]:
    (run / "daemon.json").write_text("{}")  # the machine's own is for the machine's engine
    return [
        *("setpriv", "--pdeathsig", "TERM"),  # it does not outlive whoever started it
        *("dockerd", "--host", f"unix://{run}/docker.sock", "--pidfile", f"{run}/pid", "--config-file"),
        *(f"{run}/daemon.json", "--data-root", str(data), "--exec-root", f"{run}/exec"),
        *("--storage-driver=overlay2", "--bridge=none", "--iptables=false", "--ip6tables=false"),
        *("--ip-forward=false", "--ip-masq=false"),
    ]


def _wait(engine: Engine, dockerd: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _START_S
    while engine.docker("version").returncode:
        if dockerd.poll() is not None or time.monotonic() > end:
            lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
            raise NoLab(f"dockerd does not start: {lines[-1] if lines else 'it says nothing'}")
        time.sleep(0.2)


def _unmount_all(*folders: Path) -> None:
    """Lets go of what the engine leaves mounted when it ends: a network namespace, its data when it fails early."""
    mounted = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for path in reversed([path for path in mounted if any(Path(path).is_relative_to(folder) for folder in folders)]):
        subprocess.run(["umount", "--lazy", path], check=True)


def install(packages: Mapping[str, str], tell: Callable[[str], None]) -> None:
    """Installs Debian's packages for the programs that are missing: program -> package."""
    missing = sorted({package for program, package in packages.items() if shutil.which(program) is None})
    if not missing:
        return
    if shutil.which("apt-get") is None:
        raise NoLab(f"there is no {' and no '.join(missing)}, and no apt-get to install it with")
    tell(f"Installing {' and '.join(missing)} …")
    required("apt-get", "update")
    required("apt-get", "install", "--yes", "--no-install-recommends", *missing)
    lacking = [program for program in packages if shutil.which(program) is None]
    if lacking:
        raise NoLab(f"there is no {lacking[0]}, although {packages[lacking[0]]} is installed")


def required(*command: str, **more: str) -> str:
    """The output of a command without which there is no lab."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", **more}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise NoLab(f"{shown(command)} failed: {last_line(done.stderr or done.stdout)}")
    return done.stdout


def shown(command: Sequence[str]) -> str:
    return " ".join(command[:2])


def last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it says nothing"
