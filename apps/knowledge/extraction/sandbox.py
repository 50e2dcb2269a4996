"""Reads files in child processes with limits, so that no file can stall or kill a worker.

    parent ── the file, an empty file for the result, the limits ──► server ── fork ──► child reads the file
    parent ◄─ how the child ended ─────────────────────────────────── server ◄── ends ── child wrote the result

The server has the parsers loaded and does nothing but fork: a child is there in milliseconds, has nothing of the
files before it, and can't reach the worker's memory, environment or connections. It ends when it is idle.
"""

import atexit
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from dataclasses import asdict
from pathlib import Path
from typing import IO

from apps.core.error_handling import DocumentTooLargeError, ExtractionCrashError, ExtractionTimeoutError
from apps.knowledge.extraction.limits import MIB, ExtractionLimits
from apps.knowledge.extraction.results import ExtractedFile
from apps.knowledge.extraction.sandbox_child import TOO_MUCH_OUTPUT
from apps.knowledge.extraction.transfer import read_file

READER = "apps.knowledge.extraction.reading:read_stream"
_SERVER = "apps.knowledge.extraction.sandbox_server"
_ROOT = Path(__file__).resolve().parents[3]
_IDLE_SECONDS = 20
_GRACE_SECONDS = 20
_ATTEMPTS = 2
_LONGEST_NAME = 1_000
_STOP_SECONDS = 5


class Sandbox:
    """Starts the server when it is needed; safe to use from several threads at once.

    `reader` names the function that the children call: it gets the open file, `file_name` and `limits`.
    """

    def __init__(self, reader: str = READER, *, idle_seconds: float = _IDLE_SECONDS) -> None:
        self._reader = reader
        self._idle_seconds = idle_seconds
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._owner = 0

    def extract(self, path: Path, *, file_name: str, limits: ExtractionLimits) -> ExtractedFile:
        """Return what the file holds, or raise the `DocumentError` that says why nothing could be read."""
        if path.stat().st_size > limits.file_bytes:
            raise DocumentTooLargeError(
                f"The file is larger than {limits.file_bytes // MIB} MB, the most that this server accepts. "
                "Split it and upload the parts."
            )
        request: dict[str, object] = {"file_name": file_name[:_LONGEST_NAME], "limits": asdict(limits)}
        with path.open("rb") as document:
            for _ in range(_ATTEMPTS):
                # A file of its own for each attempt: a child of a lost server may still write to the first.
                with tempfile.TemporaryFile() as result:
                    status = self._attempt(document, result, request, limits.wall_seconds)
                    if status is not None:
                        _check(status)
                        result.seek(0)
                        return read_file(result)
        raise ExtractionCrashError

    def close(self) -> None:
        """End the server and whatever its children are doing."""
        with self._lock:
            self._stop()

    def _attempt(
        self, document: IO[bytes], result: IO[bytes], request: dict[str, object], seconds: float
    ) -> int | None:
        """Have a child read the file; return how it ended, None if the server was lost."""
        reply, theirs = socket.socketpair()
        with reply, theirs:
            reply.sendall(json.dumps(request).encode() + b"\n")
            document.seek(0)
            control = self._pass([theirs.fileno(), document.fileno(), result.fileno()])
            theirs.close()
            # The child's own alarm comes first; if it can't, closing our end tells the server to kill the child.
            reply.settimeout(seconds + _GRACE_SECONDS)
            try:
                answer = reply.recv(64)
            except TimeoutError:
                raise ExtractionTimeoutError from None
            except OSError:
                answer = b""
        if answer:
            return int(answer)
        self._lose(control)
        return None

    def _pass(self, descriptors: list[int]) -> socket.socket:
        """Hand the descriptors to the server, starting one if there is none; return its control socket."""
        with self._lock:
            control = self._control
            is_running = self._process is not None and self._process.poll() is None and self._owner == os.getpid()
            if control is None or not is_running:
                control = self._start()
            # A server that has just ended gives an error here or no answer later; both mean that it is lost.
            with contextlib.suppress(OSError):
                socket.send_fds(control, [b"j"], descriptors)
            return control

    def _lose(self, control: socket.socket) -> None:
        """Let go of a server that was lost, unless another thread has seen to it."""
        with self._lock:
            if self._control is control:
                self._stop()

    def _start(self) -> socket.socket:
        self._stop()
        ours, theirs = socket.socketpair()
        with theirs:
            # An environment of its own: what reads strangers' files has no business with keys and passwords.
            environment = {"PYTHONPATH": str(_ROOT), "PYTHONUTF8": "1", "LANG": "C.UTF-8"}
            self._process = subprocess.Popen(
                [sys.executable, "-m", _SERVER, str(theirs.fileno()), self._reader, str(self._idle_seconds)],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=environment,
                cwd="/",
                start_new_session=True,
            )
        self._control, self._owner = ours, os.getpid()
        return ours

    def _stop(self) -> None:
        """Let go of the server; a process that was forked off the server's owner leaves it alone."""
        process, self._process = self._process, None
        control, self._control = self._control, None
        if control is not None:
            control.close()
        if process is not None and self._owner == os.getpid():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=_STOP_SECONDS)
                return
            process.kill()
            process.wait()


def _check(status: int) -> None:
    """Raise if the child did not end well."""
    if status in (-signal.SIGALRM, -signal.SIGXCPU):
        raise ExtractionTimeoutError
    if status == TOO_MUCH_OUTPUT:
        raise DocumentTooLargeError("The file holds more text than this server accepts. Split it and upload the parts.")
    if status != 0:
        raise ExtractionCrashError


_sandbox = Sandbox()
atexit.register(_sandbox.close)


def extract_safely(path: Path, *, file_name: str, limits: ExtractionLimits) -> ExtractedFile:
    """Do what `extract` does, in a child process that can't stall, crash or fill up this one."""
    return _sandbox.extract(path, file_name=file_name, limits=limits)
