"""Numbers in one form however they are written: 1.234,56 and 1,234.56, forty-two and 42, one seven four."""

import re
from collections.abc import Container, Iterable, Iterator, Sequence

from apps.rag.privacy_filter.figures import NUMBER_WORDS, readings, units

# A pattern that begins with a digit is found faster than one that begins by looking back.
_SPACED = re.compile(r"\d(?<![\d.,].)\d{0,2}(?:[ \u00a0\u2009\u202f]\d{3})+(?!\d)(?:[.,]\d+)?")
_PLAIN = re.compile(r"\d+(?:[.,'’:/]\d+)*")
_UNIT_BEFORE = 4  # characters before a number in which its currency may stand ("EUR 17")
_UNIT_AFTER = 16
_WORDS_OF_A_NUMBER = 4  # words in which a number written out goes on, or its unit comes
_EXTRA_WORDS = {"zero": "0", "oh": "0", "null": "0", "one": "1", "eins": "1", "seventeen": "17", "siebzehn": "17"}
_EXTRA_WORDS |= {"eighteen": "18", "achtzehn": "18", "nineteen": "19", "neunzehn": "19", "sechzig": "60"}
_VALUES = {word: int(value) for word, value in {**NUMBER_WORDS, **_EXTRA_WORDS}.items()}
_ANY_VALUE = "|".join(sorted(map(re.escape, _VALUES), key=len, reverse=True))
_IN_WORDS = re.compile(
    rf"\b(?:{_ANY_VALUE})\b(?:[\s-]+(?:(?:and|und|y|e|et|point|dot|comma|komma|virgule|coma|virgula)\s+)?(?:{_ANY_VALUE})\b)*"
)
_SEPARATORS = str.maketrans("", "", ".,'’:/ \u00a0\u2009\u202f")
_DIGIT = re.compile(r"\d")
_WORD = re.compile(r"[^\W\d_]+")
_ONE_BY_ONE = re.compile(r"\d(?<!\d.)[ ,;-]{1,2}(?:\d[ ,;-]{1,2})+\d(?!\d)")
_POINTS = frozenset({"point", "dot", "comma", "komma", "virgule", "coma", "virgula"})
_TIME = frozenset({"second", "minute", "hour", "day", "week", "month", "year"})
_USUAL_TIMES = frozenset({0, 90, 100, 120, 180, 365, *range(1, 61)})
_USUAL_SHARES = frozenset({0, 1, 5, 10, 15, 20, 25, 30, 50, 75, 90, 99, 100})
_USUAL = frozenset({360, 365, 366, 404, 500, 911, 999, 1024})
_YEARS = range(1900, 2101)


def signature(number: str) -> str:
    """Return a number's digits from the first to the last that isn't zero, which all ways of writing it share."""
    return number.translate(_SEPARATORS).strip("0")


def numbers_in(folded: str, signatures: Container[str] | None = None) -> frozenset[str]:
    """Return every number of a folded text in every way to read it, by itself and with its unit: "17.4", "17.4 €".

    With `signatures`, those of other numbers are passed over, which is much faster.
    """
    found: set[str] = set()
    text = "\n".join((folded, *(re.sub(r"\D", "", run) for run in _ONE_BY_ONE.findall(folded))))
    for match in (*_SPACED.finditer(text), *_PLAIN.finditer(text)):
        if signatures is not None and signature(match.group()) not in signatures:
            continue
        values = readings(match.group())
        found |= values
        beside = text[max(0, match.start() - _UNIT_BEFORE) : match.end() + _UNIT_AFTER]
        found |= {f"{value} {unit}" for value in values for unit in _units(beside, match.group())}
    return frozenset(found)


def distinctive(numbers: Iterable[str]) -> frozenset[str]:
    """Return those of the numbers that give something away: no year, no round or everyday one."""
    return frozenset(number for number in numbers if _tells(number))


def _tells(number: str) -> bool:
    value, _, unit = number.partition(" ")
    try:
        size = float(value)
    except ValueError:  # "24/7", a time or a date: their parts are numbers of their own
        return False
    if unit in _TIME:
        return size not in _USUAL_TIMES
    if unit:
        return size not in _USUAL_SHARES
    digits = value.replace(".", "").strip("0")
    return len(digits) >= 3 and size not in _USUAL and not (size in _YEARS and "." not in value)


def has_digit(folded: str) -> bool:
    return _DIGIT.search(folded) is not None


def written_out(words: Sequence[str]) -> str:
    """Return the numbers that a text has in words, with digits and with the words that follow them."""
    if _VALUES.keys().isdisjoint(words):
        return ""
    places = [place for place, word in enumerate(words) if word in _VALUES]
    rows: list[list[str]] = []
    end = 0
    for place in places:
        if not rows or place > end:
            rows.append(list(words[place : place + _WORDS_OF_A_NUMBER]))
        elif place + _WORDS_OF_A_NUMBER > end:
            rows[-1] += words[end : place + _WORDS_OF_A_NUMBER]
        end = place + _WORDS_OF_A_NUMBER
    return "\n".join(line for row in rows for line in _read_all(" ".join(row)))


def _read_all(text: str) -> Iterator[str]:
    for match in _IN_WORDS.finditer(text):
        for value in _read(match.group()):
            yield f"{value} {text[match.end() : match.end() + _UNIT_AFTER]}"


def _units(beside: str, number: str) -> frozenset[str]:
    """Return the unit of one number, from the few characters round it."""
    before, _, after = beside.partition(number)
    spelled = re.search(r"([^\W\d_]{2,4}|[€$£¥₹])\s?$", before)
    return units(f"{number}{after}") | (units(f"{number} {spelled[1]}") if spelled else frozenset())


def _read(words: str) -> Iterable[str]:
    """Yield what a row of number words may mean: one number, or its digits said one by one."""
    said = _WORD.findall(words)
    place = next((place for place, word in enumerate(said) if word in _POINTS), None)
    values = [_VALUES[word] for word in said[:place] if word in _VALUES]
    is_spelled = len(values) > (2 if place is None else 1) and all(value < 10 for value in values)
    whole = "".join(map(str, values)) if is_spelled else str(_sum(values))
    if place is None:
        yield whole
    else:
        yield f"{whole}.{''.join(str(_VALUES[word]) for word in said[place:] if word in _VALUES)}"


def _sum(values: Sequence[int]) -> int:
    """Return what number words make together: a hundred multiplies what stands before it, and so do thousands."""
    total = group = 0
    for value in values:
        if value == 100:
            group = (group or 1) * 100
        elif value > 100:
            total += (group or 1) * value
            group = 0
        else:
            group += value
    return total + group
