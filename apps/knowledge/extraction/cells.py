"""Writes the values of cells as a person would: no binary noise, no midnight on a date, shares as per cent."""

import datetime as dt
import math
from dataclasses import dataclass

from apps.knowledge.extraction.cleaning import one_line

CellValue = int | float | str | bool | dt.time | dt.date | dt.datetime | dt.timedelta
_MOST_DIGITS = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class NumberFormat:
    """How a number is shown: `decimals` is None where the program chooses; `hidden` shows nothing, texts neither."""

    decimals: int | None = None
    percent: bool = False
    prefix: str = ""
    suffix: str = ""
    hidden: bool = False


def cell_text(value: CellValue | None, shown: NumberFormat | None = None) -> str:
    """Return the text of a cell on one line, empty for an empty cell."""
    if value is None or (shown and shown.hidden):
        return ""
    if isinstance(value, str):
        return one_line(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return _shown_number(float(value) if shown and shown.percent else value, shown)
    return _moment(value)


def _shown_number(value: int | float, shown: NumberFormat | None) -> str:
    if shown is None:
        return number_text(value)
    if shown.percent:
        return number_text(value * 100, shown.decimals) + "%"
    money = bool(shown.prefix or shown.suffix)
    text = number_text(abs(value) if money else value, shown.decimals, pad=money)
    sign = "-" if money and value < 0 else ""
    return f"{sign}{shown.prefix}{text}{shown.suffix}"


def number_text(value: int | float, decimals: int | None = None, *, pad: bool = False) -> str:
    """Return a number without exponent and noise, with at most (or, padded, exactly) so many decimals."""
    if isinstance(value, int):
        return str(value)
    if not math.isfinite(value):
        return ""
    whole_digits = len(str(int(abs(value))))
    places = decimals if decimals is not None else max(0, _MOST_DIGITS - whole_digits)
    if decimals is None and 0 < abs(value) < 1e-6:
        return f"{value:.6g}"
    text = f"{value:.{places}f}"
    if "." in text and not pad:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _moment(value: dt.time | dt.date | dt.datetime | dt.timedelta) -> str:
    if isinstance(value, dt.datetime):
        day, time = value.date().isoformat(), _time(value.time())
        return day if time == "00:00" else f"{day} {time}"
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, dt.time):
        return _time(value)
    minutes, seconds = divmod(round(value.total_seconds()), 60)
    return f"{minutes // 60}:{minutes % 60:02}" + (f":{seconds:02}" if seconds else "")


def _time(value: dt.time) -> str:
    return value.strftime("%H:%M:%S" if value.second else "%H:%M")
