"""Dates in a text, so that "7 February 2016", "2016-02-07" and "7.2.2016" are the same day."""

import re
from collections.abc import Iterable
from typing import NamedTuple

_MONTH_NAMES = (
    "january jan januar janvier enero janeiro", "february feb februar février febrero fevereiro",
    "march mar märz mars marzo março", "april apr avril abril", "may mai mayo maio", "june jun juni juin junio junho",
    "july jul juli juillet julio julho", "august aug août agosto", "september sep sept septembre septiembre setembro",
    "october oct oktober okt octobre octubre outubro", "november nov novembre noviembre novembro",
    "december dec dezember dez décembre diciembre dezembro",
)  # fmt: skip
_MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, 1) for name in names.split()}
_NAME = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DAY = r"(?P<d>\d{1,2})(?:st|nd|rd|th|er|º|\.)?"
_YEAR = r"(?P<y>\d{4})"
# "may" and "mar" are words too: a month's name counts only beside a day or a year.
_IN_FIGURES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?<!\d){_YEAR}-(?P<m>\d\d)-(?P<d>\d\d)(?!\d)",
        r"(?P<y>\d{4})年(?:(?P<m>\d{1,2})月)?(?:(?P<d>\d{1,2})日)?",
        r"(?<!\d)(?P<m>\d{1,2})月(?P<d>\d{1,2})日",
    )
)
_BY_NAME = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?<!\d){_DAY}\s*(?:de |of )?(?P<n>{_NAME})\b\.?,?(?:\s*(?:de |of )?{_YEAR}\b)?",
        rf"\b(?P<n>{_NAME})\b\.?\s+{_DAY}(?!\d)(?:\s?,?\s+{_YEAR}\b)?",
        rf"\b(?P<n>{_NAME})\b\.?,?\s*(?:de |of )?{_YEAR}\b",
    )
)
_NUMERIC = re.compile(r"(?<![\d./])(\d{1,2})([./])(\d{1,2})\2(\d{4}|\d\d)(?!\d)")


class Day(NamedTuple):
    """A date as far as the text tells it."""

    year: int | None
    month: int | None
    day: int | None


class Mention(NamedTuple):
    """Where a date stands in the text, and what it may mean: "3/4/2020" is one of two days."""

    start: int
    end: int
    days: tuple[Day, ...]


def dates(text: str) -> list[Mention]:
    """Return the dates in a normalised text, the longer of two that overlap."""
    folded = text.casefold()
    patterns = (*_IN_FIGURES, *_BY_NAME) if any(name in folded for name in _MONTHS) else _IN_FIGURES
    found = [_named(match) for pattern in patterns for match in pattern.finditer(text)]
    found += [_numeric(match) for match in _NUMERIC.finditer(text)]
    kept: list[Mention] = []
    for mention in sorted(found, key=lambda mention: mention.start - mention.end):
        if mention.days and all(mention.end <= other.start or other.end <= mention.start for other in kept):
            kept.append(mention)
    return kept


def is_told(mention: Mention, known: Iterable[Mention]) -> bool:
    """Tell whether one of the known dates says all that `mention` says."""
    return any(_says(other, day) for day in mention.days for known_one in known for other in known_one.days)


def _says(known: Day, day: Day) -> bool:
    return all(asked is None or told == asked for told, asked in zip(known, day, strict=True))


def _named(match: re.Match[str]) -> Mention:
    parts = match.groupdict()
    name = parts.get("n")
    month = _MONTHS[name.casefold()] if name else _number(parts.get("m"))
    day = Day(_number(parts.get("y")), month, _number(parts.get("d")))
    return Mention(match.start(), match.end(), (day,) if _is_possible(day) else ())


def _numeric(match: re.Match[str]) -> Mention:
    first, second, year = int(match[1]), int(match[3]), int(match[4])
    year += 2000 if year < 50 else 1900 if year < 100 else 0
    orders = {Day(year, second, first), *({Day(year, first, second)} if match[2] == "/" else set())}
    return Mention(match.start(), match.end(), tuple(sorted(day for day in orders if _is_possible(day))))


def _is_possible(day: Day) -> bool:
    return (day.month is None or 1 <= day.month <= 12) and (day.day is None or 1 <= day.day <= 31)


def _number(digits: str | None) -> int | None:
    return int(digits) if digits else None
