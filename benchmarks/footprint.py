"""How long `tacit up` takes to serve its first page, on an empty data folder and again, and what it holds in memory."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from benchmarks.product import scratch

LONGEST_START = 300


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(data: Path, port: int) -> tuple[subprocess.Popen[bytes], float]:
    """Start `tacit up` and return it with the seconds until a page was served."""
    environment = {**os.environ, "TACIT_DATA_DIR": str(data)}  # noqa: TID251  # handed on, not read
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "apps.cli.main", "up", "--port", str(port)], env=environment, stdout=subprocess.DEVNULL
    )
    while time.perf_counter() - begun < LONGEST_START:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/accounts/login/", timeout=2):
                return process, time.perf_counter() - begun
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    process.kill()
    raise RuntimeError("tacit up served no page in time")


def family(process: subprocess.Popen[bytes], data: Path) -> list[psutil.Process]:
    """Return every process that belongs to a run, PostgreSQL's included."""
    own = psutil.Process(process.pid)
    server = int((data / "postgres" / "postmaster.pid").read_text().split("\n", 1)[0])
    postgres = psutil.Process(server)
    return [own, *own.children(recursive=True), postgres, *postgres.children(recursive=True)]


def memory(processes: list[psutil.Process]) -> dict[str, float]:
    """Return megabytes: RSS added up (shared pages counted for each process) and PSS (shared pages shared out)."""
    infos: list[Any] = [process.memory_full_info() for process in processes if process.is_running()]
    return {"rss": sum(one.rss for one in infos) / 1024**2, "pss": sum(one.pss for one in infos) / 1024**2}


def stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)
    process.wait(30)


def table() -> Iterator[str]:
    """Yield the report's lines."""
    yield "## Start and memory\n"
    data, port = scratch(), free_port()
    process, first = start(data, port)
    time.sleep(45)  # the demo bot is read meanwhile
    idle = memory(family(process, data))
    stop(process)
    process, second = start(data, port)
    stop(process)
    yield "| what | figure |"
    yield "|---|---|"
    yield f"| first start on an empty data folder, until a page is served | {first:.1f} s |"
    yield f"| second start | {second:.1f} s |"
    yield f"| all processes after the demo was read, RSS added up | {idle['rss']:.0f} MB |"
    yield f"| the same as PSS (shared memory counted once) | {idle['pss']:.0f} MB |"
