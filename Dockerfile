# Without a digest, so that each build gets the newest Python 3.13 with Debian's latest fixes. For a build that can be
# repeated, pass --build-arg BASE=python:3.13-slim@sha256:...
ARG BASE=python:3.13-slim

FROM ${BASE} AS build
WORKDIR /src
RUN python3 -m venv --without-pip /opt/rtgmock && python3 -m venv --without-pip /opt/build
# Dependencies first: they change rarely, so that Docker reuses their layer. pip takes only files with a hash listed here.
COPY .pins/image.txt .pins/build.txt ./
RUN pip --python /opt/rtgmock/bin/python install --no-cache-dir --require-hashes -r image.txt \
    && pip --python /opt/build/bin/python install --no-cache-dir --require-hashes -r build.txt
COPY pyproject.toml README.md LICENSE ./
COPY rtgmock ./rtgmock
RUN pip --python /opt/build/bin/python wheel --no-index --no-deps --no-build-isolation --wheel-dir /wheels . \
    && pip --python /opt/rtgmock/bin/python install --no-index --no-deps --no-cache-dir /wheels/*.whl

FROM ${BASE}
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends redis-server tini \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/*-old /var/log/apt /var/log/dpkg.log \
    && useradd --system --user-group --home-dir /data --no-create-home rtgmock \
    # Writable for every user, because --user may name any of them. A new volume gets the same mode.
    && install -d -o rtgmock -g rtgmock -m 1777 /data
COPY --from=build /opt/rtgmock /opt/rtgmock
# Compile the modules of the standard library that serving imports. The base image has none of them compiled, and at
# run time they cannot be written, so that every start would compile them again.
RUN /opt/rtgmock/bin/python -c "import rtgmock.cli.main, rtgmock.cli.log_records, rtgmock.emulator, rtgmock.server.certificates, rtgmock.server.tls, \
    rtgmock.openapi.document, rtgmock.engines.prune, rtgmock.engines.process.runner, rtgmock.engines.redis.engine, \
    rtgmock.engines.docker.factory, rtgmock.engines.docker.orphans"
ARG VERSION=0.1.0
ARG REVISION
ARG CREATED
LABEL org.opencontainers.image.title="rtgmock" \
      org.opencontainers.image.description="A local emulator of the Redis To Go provisioning API" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"
# `rtgmock ready` reads the URL from the ready file that `serve` writes. /dev/shm is writable for every user, private to
# the container, and empty when it starts.
ENV PATH=/opt/rtgmock/bin:$PATH \
    RTGMOCK_HOST=0.0.0.0 \
    RTGMOCK_STATE=/data/rtgmock.json \
    RTGMOCK_REDIS=process \
    RTGMOCK_PORTS=9001-9010 \
    RTGMOCK_READY_FILE=/dev/shm/rtgmock.url
USER rtgmock
WORKDIR /data
VOLUME /data
EXPOSE 8080 9001-9010
STOPSIGNAL SIGTERM
# Checks every second until the emulator is ready, and about every ten seconds afterwards. Docker's --start-interval
# would do the same, but engines before version 25 do not know it.
HEALTHCHECK --interval=1s --timeout=15s --start-period=30s --retries=5 \
    CMD rtgmock ready && if [ -e /dev/shm/rtgmock.healthy ]; then sleep 9; else : > /dev/shm/rtgmock.healthy; fi
# tini reaps orphaned processes, whose parent is the container's first process.
ENTRYPOINT ["tini", "--", "rtgmock"]
CMD ["serve"]
