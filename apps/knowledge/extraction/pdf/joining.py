"""Joins the lines of a paragraph, mending words that were parted at the end of a line."""

import re
from collections.abc import Collection, Sequence

SOFT_HYPHEN = "\x02"
_PARTED = re.compile(r"(?P<head>[^\W\d_]{2,})[-‐\u00ad\x02]$")
_HYPHENED = re.compile(r"\w[-‐]$")
_TAIL = re.compile(r"[^\W\d_]+")
_UNSPACED = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\u0e00-\u0e7f]")


def join_lines(lines: Sequence[str], known: Collection[str] = ()) -> str:
    """Return one line; `known` are the words of the document, which tell a compound from a parted word."""
    text = ""
    for line in filter(None, (line.strip() for line in lines)):
        text = _join(text, line, known) if text else line
    return text.replace(SOFT_HYPHEN, "-")


def _join(text: str, line: str, known: Collection[str]) -> str:
    parted = _PARTED.search(text)
    if parted is None and _HYPHENED.search(text):
        return text + line
    if parted is None:
        # Chinese, Japanese and Thai put no space between words.
        unspaced = _UNSPACED.match(text[-1]) and _UNSPACED.match(line[0])
        return text + line if unspaced else f"{text} {line}"
    tail = _TAIL.match(line)
    if tail is None:
        return f"{text[:-1]}-{line}"
    head = parted["head"]
    is_word, is_compound = f"{head}{tail[0]}".lower() in known, f"{head}-{tail[0]}".lower() in known
    # Unless the document says otherwise, what goes on in small letters was one word.
    joined = is_word and not is_compound if is_word != is_compound else tail[0][0].islower()
    return text[:-1] + line if joined else f"{text[:-1]}-{line}"
