"""What several test modules of the core share: a web server on loopback, and folders for embedded databases."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from apps.core.database.embedded import EmbeddedPostgres
from apps.core.tests.loopback_server import LoopbackServer, loopback_server


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    with loopback_server() as running:
        yield running


@contextmanager
def empty_folder() -> Iterator[Path]:
    """A folder outside pytest's own, which other test runs of the same person lock against the server's user."""
    with tempfile.TemporaryDirectory(prefix="tacit-test-", ignore_cleanup_errors=True) as path:
        yield Path(path)


@pytest.fixture
def folder() -> Iterator[Path]:
    with empty_folder() as path:
        yield path


@pytest.fixture(scope="module")
def cluster() -> Iterator[Path]:
    """A data folder whose server ran once and stopped."""
    with empty_folder() as data_dir:
        server = EmbeddedPostgres(data_dir)
        server.start()
        server.release()
        yield data_dir
