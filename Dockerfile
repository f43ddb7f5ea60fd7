# The action's container, the command line as an image (docker run IMAGE vsync --help), and the REST API:
# docker run -p 127.0.0.1:8000:8000 IMAGE vsync serve --host 0.0.0.0
ARG BASE=python:3.13-slim
FROM ${BASE}

# ca-certificates: the SDK's HTTP client trusts the certificates of the system, and the slim image has none.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates git \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /opt/vsync
COPY requirements/image.txt requirements/image.txt
# Compile at build time: each run starts a fresh container, and importing the SDK takes more than twice as long
# when it is not compiled.
RUN python -m pip install --no-cache-dir --disable-pip-version-check --compile --require-hashes -r requirements/image.txt
COPY entrypoint.py ./
COPY vsync vsync
RUN python -m compileall -q entrypoint.py vsync \
    && printf '#!/bin/sh\nexec python /opt/vsync/entrypoint.py "$@"\n' > /usr/local/bin/vsync \
    && chmod 0755 /usr/local/bin/vsync

# The user stays root: GitHub requires root for container actions. vsync gives each file that it writes in the workspace
# to the owner of the workspace.
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /github/workspace
# Where `vsync serve` listens. The action opens no port.
EXPOSE 8000
ENTRYPOINT ["python", "/opt/vsync/entrypoint.py"]
