# The action's container, and the command line as an image: docker run IMAGE vsync --help
ARG BASE=python:3.13-slim
FROM ${BASE}

# ca-certificates: the SDK's HTTP client trusts the system's store, which the slim image leaves out.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates git \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /opt/vsync
COPY requirements/runtime.txt requirements/runtime.txt
# Compiled at build time: the action starts in a fresh container every time, and importing the SDK uncompiled
# takes more than twice as long.
RUN python -m pip install --no-cache-dir --disable-pip-version-check --compile --require-hashes -r requirements/runtime.txt
COPY entrypoint.py ./
COPY vsync vsync
RUN python -m compileall -q entrypoint.py vsync \
    && printf '#!/bin/sh\nexec python /opt/vsync/entrypoint.py "$@"\n' > /usr/local/bin/vsync \
    && chmod 0755 /usr/local/bin/vsync

# Stays root: GitHub requires it of container actions. What vsync writes in the workspace is given to the workspace's owner.
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /github/workspace
ENTRYPOINT ["python", "/opt/vsync/entrypoint.py"]
