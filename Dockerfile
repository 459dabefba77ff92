# One image for everything that Sealtrail runs; docker-compose.yml says which command a container gives it.
# Base images are named by their exact version, Python packages by requirements.lock with hashes, the console's by its
# package-lock.json; Debian's libzbar0 is the one of the release that the base image is.
ARG PYTHON_IMAGE=python:3.13.7-slim-bookworm
ARG NODE_IMAGE=node:22.20.0-bookworm-slim

FROM ${NODE_IMAGE} AS console
WORKDIR /build
COPY cloud/console/package.json cloud/console/package-lock.json ./
RUN npm ci --no-fund --no-audit
COPY cloud/console ./
RUN npm run build

FROM ${PYTHON_IMAGE} AS application
WORKDIR /build
COPY requirements-bootstrap.lock requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements-bootstrap.lock \
    && uv venv /opt/sealtrail \
    && VIRTUAL_ENV=/opt/sealtrail uv pip sync --no-cache --require-hashes requirements.lock
COPY pyproject.toml LICENSE sealtrail.py verify.py ./
COPY proof proof
COPY custody custody
COPY wire wire
COPY device_profiles device_profiles
COPY edge_agent edge_agent
COPY cloud cloud
COPY witness witness
COPY simulators simulators
COPY benchmarks benchmarks
RUN VIRTUAL_ENV=/opt/sealtrail uv pip install --no-cache --no-deps --no-build-isolation .

FROM ${PYTHON_IMAGE}
RUN apt-get update \
    && apt-get install -y --no-install-recommends libzbar0 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --no-create-home --home-dir /data sealtrail \
    && cd / && install -d -o sealtrail -g sealtrail -m 0700 data stage store \
        prepared/authority prepared/broker prepared/database prepared/founding prepared/cloud prepared/edge \
        prepared/grafana prepared/store
COPY --from=application /opt/sealtrail /opt/sealtrail
COPY --from=console /build/dist /opt/sealtrail/console
ENV PATH=/opt/sealtrail/bin:$PATH PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /data
# For what speaks to the broker (ports 8883, 8884: 22B3, 22B4): is it connected? docker-compose.yml says it for others.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD grep -q ':22B[34] 01 ' /proc/net/tcp
ENTRYPOINT ["sealtrail"]
CMD ["--help"]
