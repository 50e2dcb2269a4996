"""Watches over `tacit up`: keeps PostgreSQL, web and worker alive, and ends them together.

It runs without Django, so that watching costs little memory.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from apps.core.database.embedded import EmbeddedPostgres
from apps.core.error_handling import DatabaseError

LOOK_SECONDS = 0.5
STOP_SECONDS = 15
SHORTEST_REST, LONGEST_REST = 0.5, 30.0


@dataclass(slots=True)
class Part:
    """A process that belongs to `up`, started again after a rest that grows while it keeps dying."""

    name: str
    arguments: list[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    rest: float = field(default=SHORTEST_REST)

    def keep_alive(self) -> None:
        now = time.monotonic()
        if self.process is not None:
            if self.process.poll() is None:
                return
            if now - self.started > 2 * LONGEST_REST:
                self.rest = SHORTEST_REST
            if now - self.started < self.rest:
                return
            print(f"The {self.name} process ended unexpectedly; starting it again.", file=sys.stderr, flush=True)
            self.rest = min(2 * self.rest, LONGEST_REST)
        self.process = subprocess.Popen([sys.executable, "-m", "apps.cli.main", *self.arguments])
        self.started = now

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def wait(self, deadline: float) -> None:
        if self.process is None:
            return
        try:
            self.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@dataclass(slots=True)
class Database:
    """The embedded PostgreSQL, tried again after a rest that grows while it will not start."""

    postgres: EmbeddedPostgres
    rest: float = SHORTEST_REST
    next_try: float = 0.0

    def keep_alive(self) -> bool:
        """Return whether it lives."""
        if time.monotonic() < self.next_try:
            return False
        try:
            self.postgres.keep_alive()
        except DatabaseError as error:
            # After a kill -9 the old server's children hold its memory for a moment, which is nothing to tell.
            if self.rest > 4 * SHORTEST_REST:
                print(f"tacit: {error}", file=sys.stderr, flush=True)
            self.next_try = time.monotonic() + self.rest
            self.rest = min(2 * self.rest, LONGEST_REST)
            return False
        self.rest = SHORTEST_REST
        return True


def watch(configuration: dict[str, Any]) -> None:
    """Keep everything alive until SIGINT or SIGTERM, then end it."""
    host, port = configuration["host"], configuration["port"]
    postgres = EmbeddedPostgres(Path(configuration["data_dir"])) if configuration["embedded_database"] else None
    if postgres:
        postgres.start()
    parts = [
        Part("web", ["web", "--host", host, "--port", str(port), "--child"]),
        Part("worker", ["worker", "--child"]),
    ]
    database = Database(postgres) if postgres else None
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    told = False
    while not stopping.is_set():
        look_after(database, parts)
        if not told and answers(host, port):
            told = True
            print(configuration["told_when_ready"], flush=True)
        stopping.wait(LOOK_SECONDS if told else 0.1)
    end(parts)


def look_after(database: Database | None, parts: list[Part]) -> None:
    """Start again what died; without a database nothing else would last."""
    if database is None or database.keep_alive():
        for part in parts:
            part.keep_alive()


def end(parts: list[Part]) -> None:
    """Ask all parts to end, and make those end that don't."""
    for part in parts:
        part.stop()
    deadline = time.monotonic() + STOP_SECONDS
    for part in parts:
        part.wait(deadline)


def answers(host: str, port: int) -> bool:
    """Return whether the web process takes connections."""
    target = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # compared, not bound
    try:
        socket.create_connection((target, port), timeout=1).close()
    except OSError:
        return False
    return True


if __name__ == "__main__":
    with os.fdopen(int(sys.argv[1])) as pipe:
        given = json.load(pipe)
    watch(given)
