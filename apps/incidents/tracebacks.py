"""What of an exception is kept: its type and the places in our own code; and the number both make, its fingerprint."""

import hashlib
import re
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType

MOST_FRAMES = 8
LONGEST_MESSAGE = 2000  # of what is compared with documented messages
_OURS = re.compile(r"^(?:.*/)?((?:apps|config)/[\w/]+\.py)$")  # wherever the repository lies
_INSTALLED = re.compile(r"/(?:site|dist)-packages/|/lib/python")  # Django has a folder named apps too
_FRAME_LINE = re.compile(r'^\s*File "(?P<file>[^"]+)", line (?P<line>\d+), in (?P<function>\S+)')
_LAST_LINE = re.compile(r"^(?P<type>[A-Za-z_][\w.]*)(?:: (?P<message>.*))?$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """A place in our code, by its path in the repository."""

    file: str
    line: int
    function: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} in {self.function}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Trace:
    """An exception without its locals: `frames` are those of our code, the innermost last."""

    error_type: str
    message: str = field(repr=False)
    frames: tuple[Frame, ...]

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.error_type, self.frames)

    @property
    def text(self) -> str:
        """The last line of a traceback."""
        return f"{self.error_type}: {self.message}" if self.message else self.error_type


def fingerprint(what: str, frames: Sequence[Frame]) -> str:
    """Return the same number for the same error, whatever its message, and wherever its lines have moved meanwhile."""
    parts = [what, *(f"{frame.file}:{frame.function}" for frame in frames)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def trace_of(error: BaseException) -> Trace:
    """Return what can be told of an exception; it never raises, not even for one that can't be written as text."""
    last = traceback.TracebackException(type(error), error, None, lookup_lines=False, capture_locals=False)
    said = "".join(last.format_exception_only()).strip()
    _, _, message = said.partition(": ")
    return Trace(
        error_type=name_of(type(error)),
        message=message[:LONGEST_MESSAGE],
        frames=tuple(our_frames(error.__traceback__))[-MOST_FRAMES:],
    )


def name_of(error: type[BaseException]) -> str:
    """Return a class's name as a traceback prints it."""
    return (
        error.__qualname__
        if error.__module__ in {"builtins", "__main__"}
        else f"{error.__module__}.{error.__qualname__}"
    )


def our_frames(place: TracebackType | None) -> Iterator[Frame]:
    while place is not None:
        code = place.tb_frame.f_code
        if file := our_file(code.co_filename):
            yield Frame(file=file, line=place.tb_lineno, function=code.co_name)
        place = place.tb_next


def our_file(path: str) -> str:
    """Return a file's path in the repository, "" for somebody else's."""
    ours = None if _INSTALLED.search(path) else _OURS.match(path)
    return ours[1] if ours else ""


def read_traceback(text: str) -> Trace | None:
    """Return the last exception of a printed traceback; None when there is none in the text."""
    frames: list[Frame] = []
    last: re.Match[str] | None = None
    for line in text.splitlines():
        if line.startswith("Traceback (most recent call last)"):
            frames, last = [], None
        elif found := _FRAME_LINE.match(line):
            if file := our_file(found["file"]):
                frames.append(Frame(file=file, line=int(found["line"]), function=found["function"]))
        elif last is None and (said := _LAST_LINE.match(line)) and looks_like_an_error(said["type"]):
            last = said
    if last is None:
        return None
    return Trace(error_type=last["type"], message=last["message"] or "", frames=tuple(frames)[-MOST_FRAMES:])


def looks_like_an_error(name: str) -> bool:
    """Return whether a word at the beginning of a line is an exception's class."""
    plain = name.rpartition(".")[2]
    return plain[:1].isupper() and (
        plain.endswith(("Error", "Exception", "Exit", "Interrupt", "Warning")) or "." in name
    )
