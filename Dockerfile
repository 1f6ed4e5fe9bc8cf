# Both stages run the distribution's own Python, /usr/bin/python3: the virtual environment points at it, so it works in the
# second stage only if the interpreter has the same path and minor version there. Debian 13 and distroless python3-debian13 do.
# The digests are those of image indexes, for all platforms. CI says each night if there is a newer one.
ARG BUILD_IMAGE=docker.io/library/debian:trixie-slim@sha256:3a39a0592364683e6bab97937b72cad5a8fa6dcbbee90edb3bb48c7f8e94f258
ARG RUNTIME_IMAGE=gcr.io/distroless/python3-debian13:nonroot@sha256:774595d652a294b54c9bd575b2d9fdd1a4b47547dc17b8bfa4c0e953c64855b3

FROM ${BUILD_IMAGE} AS build

# A base that has them already needs no network for this.
RUN python3 -c "import ensurepip, venv" 2>/dev/null \
    || { apt-get update \
         && apt-get install --yes --no-install-recommends ca-certificates python3 python3-venv \
         && rm -rf /var/lib/apt/lists/*; }

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_NO_COMPILE=1 \
    PIP_ONLY_BINARY=:all:

# Two environments: pip and the build backend stay in this stage.
RUN /usr/bin/python3 -m venv /build/venv \
    && /usr/bin/python3 -m venv --without-pip /opt/rollout-reporter

WORKDIR /build/tree

COPY requirements.txt requirements-dev.txt ./
# The build backend, at the versions and hashes of requirements-dev.txt: isolated builds would fetch whatever is newest.
RUN awk '/^[A-Za-z]/ { wanted = /^(hatchling|packaging|pathspec|pluggy|tomlkit|trove-classifiers)==/ } wanted' \
        requirements-dev.txt > /build/backend.txt \
    && /build/venv/bin/pip install --require-hashes --requirement /build/backend.txt \
    && /build/venv/bin/pip --python /opt/rollout-reporter/bin/python3 install \
        --require-hashes --requirement requirements.txt

COPY pyproject.toml README.md LICENSE ./
COPY operator operator
# Bytecode is compiled here, as the file system is read-only later; it trusts itself and never looks at the sources' times.
RUN /build/venv/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /build/wheel . \
    && /build/venv/bin/pip --python /opt/rollout-reporter/bin/python3 install --no-deps --no-index /build/wheel/*.whl \
    && /opt/rollout-reporter/bin/python3 -m compileall -q -j 0 --invalidation-mode unchecked-hash \
        /opt/rollout-reporter/lib


FROM ${RUNTIME_IMAGE}

ARG VERSION=0.1.0
ARG REVISION=
ARG CREATED=

LABEL org.opencontainers.image.title="Rollout Reporter for Jira" \
      org.opencontainers.image.description="Tells Jira Cloud the truth about every rollout of a Kubernetes Deployment or Argo Rollout" \
      org.opencontainers.image.url="https://github.com/rollout-reporter/rollout-reporter" \
      org.opencontainers.image.source="https://github.com/rollout-reporter/rollout-reporter" \
      org.opencontainers.image.documentation="https://github.com/rollout-reporter/rollout-reporter#readme" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"

COPY --from=build /opt/rollout-reporter /opt/rollout-reporter

# A name and a home for whatever uid the container is run with: kopf asks who it is, and most uids are in no passwd file.
ENV PATH=/opt/rollout-reporter/bin:/usr/local/bin:/usr/bin:/bin \
    HOME=/tmp \
    LOGNAME=rollout-reporter \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1

# Numeric, so that Kubernetes can see that it is not root.
USER 65532:65532
WORKDIR /tmp
EXPOSE 8080 8081

ENTRYPOINT ["/opt/rollout-reporter/bin/python3", "-m", "rollout_reporter"]
CMD ["run"]
