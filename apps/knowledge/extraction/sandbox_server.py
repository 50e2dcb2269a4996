"""The server of the sandbox: a process with the parsers loaded that forks a child for each file.

Run as `python -m apps.knowledge.extraction.sandbox_server CONTROL READER IDLE_SECONDS`. Over the control socket come
three descriptors for each file: a socket with the request, the file, and the file for the result. When the child has
ended, its status goes back over the socket; when the parent closes that socket, the child is killed; when the parent
is gone, so is the server.
"""

import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
from dataclasses import dataclass

from apps.knowledge.extraction.sandbox_child import FAILED, StreamReader, run_child

_NICENESS = 5
_LONGEST_REQUEST = 65_536


@dataclass(slots=True)
class _Job:
    child: int
    reply: socket.socket
    cancelled: bool = False


class Server:
    """Forks children and watches over them; it has one thread, so that forking is safe."""

    def __init__(self, control: socket.socket, read: StreamReader, idle_seconds: float) -> None:
        self._control = control
        self._read = read
        self._idle_seconds = idle_seconds
        self._jobs: dict[int, _Job] = {}
        self._selector = selectors.DefaultSelector()
        self._wakeup, alarm = socket.socketpair()
        for end in (self._wakeup, alarm):
            end.setblocking(False)
        self._alarm = alarm
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(alarm.fileno(), warn_on_full_buffer=False)
        self._selector.register(control, selectors.EVENT_READ)
        self._selector.register(self._wakeup, selectors.EVENT_READ)

    def run(self) -> None:
        """Serve until the parent is gone or nothing has come for a while."""
        while True:
            ready = self._selector.select(None if self._jobs else self._idle_seconds)
            if not ready and not self._jobs:
                return
            for key, _ in ready:
                if key.fileobj is self._control and not self._accept():
                    self._kill_all()
                    return
                if key.fileobj is self._wakeup:
                    self._reap()
                elif key.data is not None:
                    self._cancel(key.data)

    def _accept(self) -> bool:
        """Take the next file; return False when the parent has closed the control socket."""
        try:
            message, descriptors, _, _ = socket.recv_fds(self._control, 1, 3)
        except OSError:
            return False
        if not message:
            return False
        reply = socket.socket(fileno=descriptors[0])
        request = json.loads(reply.recv(_LONGEST_REQUEST))
        child = os.fork()
        if child == 0:
            self._become_child(request, reply, descriptors[1], descriptors[2])
        for descriptor in descriptors[1:]:
            os.close(descriptor)
        job = _Job(child, reply)
        self._jobs[child] = job
        self._selector.register(reply, selectors.EVENT_READ, job)
        return True

    def _become_child(self, request: dict[str, object], reply: socket.socket, document: int, result: int) -> None:
        """Let go of all that is the server's, read the file and end without the server's clean-up."""
        status = FAILED
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            self._selector.close()
            for end in (self._control, self._wakeup, self._alarm, reply, *(job.reply for job in self._jobs.values())):
                end.close()
            status = run_child(self._read, request, document, result)
        finally:
            os._exit(status)

    def _reap(self) -> None:
        """Report the children that have ended."""
        self._wakeup.recv(4096)
        while self._jobs:
            child, status = os.waitpid(-1, os.WNOHANG)
            if child == 0:
                return
            job = self._jobs.pop(child, None)
            if job is not None:
                if not job.cancelled:
                    self._selector.unregister(job.reply)
                with job.reply:
                    self._report(job.reply, os.waitstatus_to_exitcode(status))

    @staticmethod
    def _report(reply: socket.socket, status: int) -> None:
        try:
            reply.send(str(status).encode())
        except OSError:
            # Nobody waits for this file any more.
            return

    def _cancel(self, job: _Job) -> None:
        """Kill a child whose parent has given up; it is reaped like all others."""
        if job.child in self._jobs and not job.cancelled:
            job.cancelled = True
            self._selector.unregister(job.reply)
            os.kill(job.child, signal.SIGKILL)

    def _kill_all(self) -> None:
        for child in self._jobs:
            os.kill(child, signal.SIGKILL)


def main(arguments: list[str]) -> None:
    """Load the parsers and serve."""
    control, reader, idle_seconds = arguments
    module, function = reader.split(":")
    read = getattr(importlib.import_module(module), function)
    os.nice(_NICENESS)
    # What is loaded now stays: children share its memory as long as nobody counts through it.
    gc.collect()
    gc.freeze()
    Server(socket.socket(fileno=int(control)), read, float(idle_seconds)).run()


if __name__ == "__main__":
    main(sys.argv[1:])
