ARG BASE=python:3.13-slim

FROM ${BASE} AS build
WORKDIR /src
RUN python3 -m venv --without-pip /opt/rtgmock
# The dependencies first: they change seldom, and their layer is kept until then.
COPY pyproject.toml ./
RUN python3 -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies'], sep='\n')" \
        > requirements.txt \
    && pip --python /opt/rtgmock/bin/python install --no-cache-dir -r requirements.txt
COPY README.md LICENSE ./
COPY rtgmock ./rtgmock
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels . \
    && pip --python /opt/rtgmock/bin/python install --no-cache-dir --no-deps /wheels/*.whl

FROM ${BASE}
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends redis-server \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/apt /var/log/dpkg.log \
    && useradd --system --user-group --home-dir /data --no-create-home rtgmock \
    && install -d -o rtgmock -g rtgmock /data
COPY --from=build /opt/rtgmock /opt/rtgmock
LABEL org.opencontainers.image.title="rtgmock" \
      org.opencontainers.image.description="A local emulator of the Redis To Go provisioning API" \
      org.opencontainers.image.licenses="MIT"
ENV PATH=/opt/rtgmock/bin:$PATH \
    RTGMOCK_HOST=0.0.0.0 \
    RTGMOCK_STATE=/data/rtgmock.json \
    RTGMOCK_REDIS=process \
    RTGMOCK_PORTS=9001-9010
USER rtgmock
WORKDIR /data
VOLUME /data
EXPOSE 8080 9001-9010
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["rtgmock", "ready"]
ENTRYPOINT ["rtgmock"]
CMD ["serve"]
