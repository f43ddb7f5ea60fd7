"""Docker, as the container's tests use it, and the image that they test."""

from __future__ import annotations

import os
import shutil
import subprocess

TAG = "vsync-test:pytest"
GIVEN = os.environ.get("VSYNC_IMAGE", "")
"""The image to test. Empty: one is built from the Dockerfile."""


def docker(*arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "DOCKER_BUILDKIT": "0"}
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, env=environ, timeout=540)


def available() -> bool:
    if GIVEN:
        return True
    return shutil.which("docker") is not None and docker("image", "inspect", "python:3.13-slim").returncode == 0
