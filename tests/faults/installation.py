"""A Tacit of its own in tests: a data folder, and real `tacit` processes on it, started as people start them."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg

from apps.core.database.urls import embedded_url

ROOT = Path(__file__).parents[2]
TACIT = [sys.executable, "-m", "apps.cli.main"]
READY_WITHIN = 60


@dataclass(frozen=True, kw_only=True)
class Installation:
    """A data folder and the commands on it; the models are those of the tests, which need not be made again."""

    data_dir: Path
    models_dir: Path
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of the developer's own reaches these processes."""
        return {
            "PATH": os.defpath,
            "LANG": "C.UTF-8",
            "HOME": str(self.data_dir),
            "TACIT_DATA_DIR": str(self.data_dir),
            "TACIT_MODELS_DIR": str(self.models_dir),
        } | self.settings

    def run(self, *arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [*TACIT, *arguments],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a command and leave it to itself."""
        return subprocess.Popen(
            [*TACIT, *arguments],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def json(self, *arguments: str) -> Any:
        """Run a command that must do well, and return what it prints with `--json`."""
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def query(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Ask the database itself; it must be running."""
        with psycopg.connect(embedded_url(self.data_dir, user="tacit")) as connection:
            return connection.execute(statement, parameters).fetchall()

    @contextmanager
    def up(self, port: int = 0) -> Iterator["Running"]:
        """Run `tacit up` while the block runs, and wait until it serves."""
        running = Running.start(self, port or free_port())
        try:
            running.wait_until_it_serves()
            yield running
        finally:
            running.stop()

    def postgres(self) -> psutil.Process | None:
        """The server of this data folder, if it runs."""
        try:
            number = int((self.data_dir / "postgres" / "postmaster.pid").read_text().split("\n", 1)[0])
            process = psutil.Process(number)
            return process if process.name() == "postgres" else None
        except (FileNotFoundError, ValueError, psutil.Error):
            return None

    def processes(self) -> list[psutil.Process]:
        """Everything that runs on this data folder: commands, PostgreSQL, and what they started."""
        mine = []
        for process in psutil.process_iter():
            try:
                belongs = process.environ().get("TACIT_DATA_DIR") == str(self.data_dir)
                if (belongs or str(self.data_dir) in process.cmdline()) and process.status() != psutil.STATUS_ZOMBIE:
                    mine.append(process)
            except psutil.Error:
                continue
        return mine

    def clear(self) -> None:
        """Kill whatever is left, so that a test that failed leaves nothing behind."""
        for process in self.processes():
            with suppress(psutil.Error):
                process.kill()


@dataclass(frozen=True, kw_only=True)
class Running:
    """One `tacit up`, and the processes that belong to it."""

    installation: Installation
    port: int
    process: subprocess.Popen[bytes]
    log: Path

    @classmethod
    def start(cls, installation: Installation, port: int, *command: str) -> "Running":
        """Start `tacit up`, or another command that serves."""
        log = installation.data_dir.with_name(f"{installation.data_dir.name}-{port}.log")
        with log.open("ab") as output:
            process = subprocess.Popen(
                [*TACIT, *(command or ("up", "--no-demo")), "--port", str(port)],
                cwd=ROOT,
                env=installation.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        return cls(installation=installation, port=port, process=process, log=log)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def said(self) -> str:
        return self.log.read_text()

    def answers(self) -> bool:
        try:
            return httpx.get(f"{self.address}/api/v1/openapi.json", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def wait_until_it_serves(self) -> float:
        """Return the seconds that it took."""
        begun = time.monotonic()
        wait_until(lambda: self.process.poll() is not None or self.answers(), READY_WITHIN)
        assert self.process.poll() is None, f"tacit up ended: {self.said}"
        return time.monotonic() - begun

    def part(self, name: str) -> psutil.Process | None:
        """The web or worker process, if it runs."""
        for child in psutil.Process(self.process.pid).children():
            try:
                if name in child.cmdline():
                    return child
            except psutil.Error:
                continue
        return None

    def kill(self, name: str) -> None:
        """Kill a part as hard as can be: `web`, `worker`, `supervisor` or `postgres`."""
        if name == "supervisor":
            self.process.kill()
            self.process.wait()
            return
        process = self.installation.postgres() if name == "postgres" else self.part(name)
        assert process is not None, f"there is no {name} to kill"
        os.kill(process.pid, signal.SIGKILL)

    def stop(self) -> None:
        """Stop as Ctrl-C does; what does not end is killed."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def wait_until(true: Callable[[], bool], seconds: float) -> float:
    """Wait until it is so, and return the seconds that it took."""
    begun = time.monotonic()
    while not true():
        assert time.monotonic() - begun < seconds, f"it did not come about in {seconds:g} seconds"
        time.sleep(0.1)
    return time.monotonic() - begun
