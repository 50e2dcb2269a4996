"""What happens in the child process of the sandbox: take on limits, read one file, write the result, end."""

import ctypes
import errno
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from apps.core.error_handling import DocumentError
from apps.knowledge.extraction.limits import MIB, ExtractionLimits
from apps.knowledge.extraction.results import ExtractedFile
from apps.knowledge.extraction.transfer import write_error, write_file

FAILED = 1
TOO_MUCH_OUTPUT = 3
_HARD_STOP_SECONDS = 5
_OPEN_FILES = 64
_PR_SET_PDEATHSIG = 1
_OTHER_SYSTEMS = 1_024 * MIB

StreamReader = Callable[..., ExtractedFile]


def run_child(read: StreamReader, request: dict[str, Any], document: int, result: int) -> int:
    """Read the open file `document` and write to the open file `result`; return the status to end with."""
    limits = ExtractionLimits(**request["limits"])
    take_limits(limits)
    try:
        with os.fdopen(document, "rb") as source, os.fdopen(result, "wb") as target:
            try:
                found = read(source, file_name=request["file_name"], limits=limits)
            except DocumentError as error:
                write_error(target, error)
            else:
                write_file(target, found)
    except OSError as error:
        return TOO_MUCH_OUTPUT if error.errno == errno.EFBIG else FAILED
    return 0


def take_limits(limits: ExtractionLimits) -> None:
    """Have the kernel enforce the limits; signals that end the process can't be caught by a parser."""
    _die_with_parent()
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, limits.wall_seconds)
    _limit(resource.RLIMIT_CPU, limits.cpu_seconds, limits.cpu_seconds + _HARD_STOP_SECONDS)
    _limit(resource.RLIMIT_AS, _address_space() + limits.memory_bytes)
    _limit(resource.RLIMIT_FSIZE, limits.output_bytes)
    _limit(resource.RLIMIT_NOFILE, _OPEN_FILES)
    _limit(resource.RLIMIT_CORE, 0)


def _die_with_parent() -> None:
    """Have the kernel end this process when the server is killed; other systems leave it to the alarm."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _limit(kind: int, soft: int, hard: int | None = None) -> None:
    """Set a limit as far as the system's own limit allows."""
    _, highest = resource.getrlimit(kind)
    wanted = (soft, soft if hard is None else hard)
    if highest != resource.RLIM_INFINITY:
        wanted = (min(wanted[0], highest), min(wanted[1], highest))
    resource.setrlimit(kind, wanted)


def _address_space() -> int:
    """Return how much address space the process has taken before it reads anything."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return _OTHER_SYSTEMS
    return pages * resource.getpagesize()
