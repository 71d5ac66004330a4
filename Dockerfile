# The bot as a container: a user of its own, nothing but /data to write, and every release as requirements.lock has it.
ARG PYTHON=docker.io/library/python:3.11-slim-bookworm

FROM ${PYTHON} AS build
WORKDIR /build
COPY requirements.lock ./
RUN pip wheel --no-cache-dir --no-deps --require-hashes --wheel-dir wheels --requirement requirements.lock
COPY pyproject.toml README.md ./
COPY bot bot
RUN python -m venv build-tools \
    && build-tools/bin/pip install --no-cache-dir --no-index --find-links wheels hatchling \
    && build-tools/bin/pip wheel --no-cache-dir --no-index --no-deps --no-build-isolation --wheel-dir own . \
    && python -m venv /opt/invoice-bot \
    && /opt/invoice-bot/bin/pip install --no-cache-dir --no-index --find-links wheels own/*.whl

FROM ${PYTHON}
RUN groupadd --gid 10001 invoice-bot \
    && useradd --uid 10001 --gid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin invoice-bot \
    && install --directory --owner 10001 --group 10001 --mode 0700 /data
COPY --from=build /opt/invoice-bot /opt/invoice-bot
ENV PATH=/opt/invoice-bot/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DATABASE_URL=sqlite:////data/invoice-bot.db \
    HEALTH_ADDRESS=127.0.0.1:9090
WORKDIR /data
VOLUME ["/data"]
USER 10001:10001
HEALTHCHECK --interval=30s --timeout=6s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:9090/healthz', timeout=5)"]
ENTRYPOINT ["invoice-bot"]
CMD ["serve"]
