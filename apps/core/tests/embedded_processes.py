"""Looks at an embedded server from outside: its processes, and what it answers."""

from pathlib import Path

import psutil
import psycopg

from apps.core.database.urls import embedded_url


def postmaster(data_dir: Path) -> psutil.Process:
    return psutil.Process(int((data_dir / "postgres" / "postmaster.pid").read_text().split("\n", 1)[0]))


def servers(data_dir: Path) -> list[int]:
    """The server's processes, told by their command line and not by what Tacit believes."""
    return [
        process.pid
        for process in psutil.process_iter(["name", "cmdline"])
        if process.info["name"] == "postgres" and str(data_dir / "postgres") in (process.info["cmdline"] or ())
    ]


def answers(data_dir: Path, statement: str = "SELECT 1") -> list[tuple[object, ...]]:
    with psycopg.connect(embedded_url(data_dir, user="tacit"), autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []
