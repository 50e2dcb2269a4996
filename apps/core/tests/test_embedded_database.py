"""Alice, Bob and Carol share one embedded server: it starts once, survives crashes, and ends with the last of them."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Barrier, Thread, Timer

import psutil
import psycopg
import pytest

from apps.core.database import embedded
from apps.core.database.embedded import SYSTEM_USER, EmbeddedPostgres
from apps.core.database.urls import SOCKET_NAME
from apps.core.error_handling import DatabaseError
from apps.core.tests.embedded_processes import answers, postmaster, servers

ROOT = Path(__file__).parents[3]
USE = """
import sys
from pathlib import Path
from apps.core.database.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
server.start()
print("ready", flush=True)
sys.stdin.readline()
server.release()
print("gone", flush=True)
"""


class Person:
    """Somebody's process that starts the server and uses it until told to leave."""

    def __init__(self, data_dir: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", USE, str(data_dir)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def waits_until_ready(self) -> None:
        assert self.process.stdout
        assert self.process.stdout.readline() == "ready\n"

    def leaves(self) -> None:
        out, _ = self.process.communicate("\n")
        assert out.endswith("gone\n")

    def is_killed(self) -> None:
        self.process.kill()
        self.process.communicate()


@contextmanager
def somebody(data_dir: Path) -> Iterator[Person]:
    person = Person(data_dir)
    try:
        yield person
    finally:
        if person.process.poll() is None:
            person.is_killed()


def until(happened: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


@pytest.fixture
def data_dir(cluster: Path) -> Iterator[Path]:
    """That folder, with nothing left running afterwards."""
    yield cluster
    end(cluster)


def end(data_dir: Path) -> None:
    """Stop a server that a failed test left behind."""
    with suppress(FileNotFoundError, ValueError, psutil.NoSuchProcess):
        process = postmaster(data_dir)
        if process.name() == "postgres":
            process.send_signal(signal.SIGCONT)
            process.send_signal(signal.SIGINT)
            process.wait(20)


def name_of(program: psutil.Process) -> str:
    """Return a program's name, "" if it has just ended: initdb starts short ones."""
    try:
        return program.name()
    except psutil.NoSuchProcess:
        return ""


# Starting and stopping together.


def test_after_a_first_start_that_was_killed_half_way_alice_and_bob_start_at_once_and_share_one_server(
    folder: Path,
) -> None:
    with somebody(folder) as carol:
        until(lambda: any(folder.rglob("PG_VERSION")))  # initdb has begun, and is far from done
        programs = psutil.Process(carol.process.pid).children(recursive=True)
        assert "initdb" in {name_of(program) for program in programs}
        for program in programs:
            with suppress(psutil.NoSuchProcess):
                program.kill()
        carol.is_killed()
    with somebody(folder) as alice, somebody(folder) as bob:
        alice.waits_until_ready()
        bob.waits_until_ready()
        assert len(servers(folder)) == 1
        assert answers(folder) == [(1,)]
        bob.leaves()
        alice.leaves()
    assert not servers(folder)
    assert not list(folder.glob("postgres.new-*"))


def test_bob_leaves_and_alice_goes_on_and_then_she_is_the_last(data_dir: Path) -> None:
    with somebody(data_dir) as alice, somebody(data_dir) as bob:
        alice.waits_until_ready()
        bob.waits_until_ready()
        before = postmaster(data_dir).pid
        bob.leaves()
        assert answers(data_dir) == [(1,)]
        assert postmaster(data_dir).pid == before
        alice.leaves()
    assert not servers(data_dir)


def test_a_killed_process_does_not_count_as_somebody_who_stays(data_dir: Path) -> None:
    with somebody(data_dir) as alice, somebody(data_dir) as bob:
        alice.waits_until_ready()
        bob.waits_until_ready()
        bob.is_killed()
        assert servers(data_dir)
        alice.leaves()
    assert not servers(data_dir)


def test_of_many_who_leave_at_once_the_last_one_stops_it(data_dir: Path) -> None:
    people = [EmbeddedPostgres(data_dir) for _ in range(4)]
    for person in people:
        person.start()
        person.start()  # twice is the same as once
    assert people[0].is_running()
    together = Barrier(len(people))

    def leave(person: EmbeddedPostgres) -> None:
        together.wait()
        person.release()
        person.release()

    threads = [Thread(target=leave, args=[person]) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not servers(data_dir)


# Crashes.


def is_kept_alive(postgres: EmbeddedPostgres) -> bool:
    """Try once: a killed server's children may still hold its memory."""
    with suppress(DatabaseError):
        postgres.keep_alive()
        return True
    return False


def test_after_a_kill_the_server_comes_back_with_what_was_committed(data_dir: Path) -> None:
    alice = EmbeddedPostgres(data_dir)
    alice.start()
    answers(data_dir, "CREATE TABLE kept AS SELECT 42 AS answer")
    killed = postmaster(data_dir)
    killed.kill()
    until(lambda: not psutil.pid_exists(killed.pid) or killed.status() == psutil.STATUS_ZOMBIE)
    with pytest.raises(psycopg.OperationalError):
        answers(data_dir)
    until(lambda: is_kept_alive(alice))
    assert answers(data_dir, "SELECT answer FROM kept") == [(42,)]
    assert postmaster(data_dir).pid != killed.pid
    alice.release()
    assert not servers(data_dir)


def test_when_everything_was_killed_bob_can_start_again(data_dir: Path) -> None:
    with somebody(data_dir) as alice:
        alice.waits_until_ready()
        postmaster(data_dir).kill()
        alice.is_killed()
    assert (data_dir / "postgres" / "postmaster.pid").exists()
    bob = EmbeddedPostgres(data_dir)
    bob.start()
    assert answers(data_dir) == [(1,)]
    bob.release()


def test_a_lock_left_by_a_crash_may_name_a_process_that_is_somebody_elses_now(data_dir: Path) -> None:
    alice = EmbeddedPostgres(data_dir)
    user = SYSTEM_USER if os.geteuid() == 0 else None
    # After a restart of the machine or container another program has the number, under the server's own user.
    with subprocess.Popen(["sleep", "60"], user=user) as stranger:
        try:
            for name in ("postmaster.pid", f"{SOCKET_NAME}.lock"):
                lock = alice.cluster / name
                lock.write_text(f"{stranger.pid}\n{alice.cluster}\n1700000000\n5432\n{alice.cluster}\n\n\n")
                if user:
                    shutil.chown(lock, user, user)
            assert (
                alice._run("pg_ctl", "-w", "-D", str(alice.cluster), "start", check=False) != 0
            )  # PostgreSQL gives up
            alice.start()
            assert answers(data_dir) == [(1,)]
            assert stranger.poll() is None
            alice.release()
        finally:
            stranger.kill()


def test_bob_waits_for_a_server_that_is_still_coming_up(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alice, bob = EmbeddedPostgres(data_dir), EmbeddedPostgres(data_dir)
    alice.start()
    slow = postmaster(data_dir)
    lock = data_dir / "postgres" / "postmaster.pid"
    pid, folder, _started, *rest = lock.read_text().split("\n")
    lock.write_text("\n".join([pid, folder, "1700000000", *rest]))  # one that is seconds old pg_ctl takes for its own
    slow.suspend()  # as one that reads a long log after a crash: it is there and answers nobody
    waking = Timer(0.7, slow.resume)
    waking.start()
    monkeypatch.setattr(embedded, "START_SECONDS", 3)
    bob._launch()  # what `start` does when nobody answers
    waking.join()
    assert answers(data_dir) == [(1,)]
    assert postmaster(data_dir).pid == slow.pid
    alice.release()


def test_a_server_that_cannot_start_says_so_and_can_be_started_once_it_is_mended(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "START_SECONDS", 0)
    alice = EmbeddedPostgres(data_dir)
    settings = data_dir / "postgres" / "postgresql.auto.conf"
    before = settings.read_bytes()
    settings.write_bytes(b"no_such_setting = 1\n")
    with pytest.raises(DatabaseError, match=r"did not start.*server\.log"):
        alice.start()
    settings.write_bytes(before)
    alice.start()
    assert answers(data_dir) == [(1,)]
    alice.release()
    assert not servers(data_dir)
