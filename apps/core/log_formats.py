"""How a log line is written: for people or as JSON, with request and job, and never with what an exception quotes."""

import logging
import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import TypeAlias

from pythonjsonlogger.json import JsonFormatter

Raised: TypeAlias = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
)  # as logging hands it over
MOST_CAUSES = 5


def without_words(raised: Raised) -> str:
    """Return an exception with its causes as types and places in the code.

    Its own words are left out: a driver's or parser's may quote a row or a document.
    """
    _, error, _ = raised
    return "\n".join(described(one) for one in chain(error))


def described(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
    return "\n".join([type(error).__name__, *places])


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception and what it was raised from."""
    for _ in range(MOST_CAUSES):
        if error is None:
            return
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


class TextLines(logging.Formatter):
    """Lines for people; request and job stand in brackets where there are any."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s%(during)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        ids = {"request": getattr(record, "request_id", ""), "job": getattr(record, "job_id", "")}
        told = " ".join(f"{name} {number}" for name, number in ids.items() if number)
        record.during = f" [{told}]" if told else ""
        return super().format(record)

    def formatException(self, raised: Raised) -> str:  # noqa: N802  # logging's own name
        return without_words(raised)


class JsonLines(JsonFormatter):
    """One JSON object a line. Only these fields are written: what else hangs on a record may hold content."""

    FIELDS = ("timestamp", "levelname", "name", "message", "request_id", "job_id", "exc_info")

    def __init__(self) -> None:
        super().__init__(
            list(self.FIELDS[1:-1]), timestamp=True, rename_fields={"levelname": "level", "name": "logger"}
        )

    def formatException(self, raised: Raised) -> str:  # noqa: N802  # logging's own name
        return without_words(raised)

    def process_log_record(self, log_data: dict[str, object]) -> dict[str, object]:
        kept = {*self.FIELDS, "level", "logger"}
        return {name: value for name, value in log_data.items() if name in kept and value not in ("", None)}
