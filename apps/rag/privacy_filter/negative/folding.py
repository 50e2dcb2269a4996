"""Folds text so that what reads alike is alike: case, width, accents, look-alikes, invisible characters, markers."""

import functools
import re
import unicodedata
from collections.abc import Iterable

from confusable_homoglyphs.confusables import confusables_data  # type: ignore[import-untyped]

from apps.rag.privacy_filter.splitter import INVISIBLE, visible

WORD = re.compile(r"[^\W_]+")
# A citation's number between two sentences, or an item's at the beginning of a line, belongs to neither of them.
_CITED = re.compile(r"\[\d{1,3}\]")
_ITEM = re.compile(r"[ \t]*\d{1,3}[.)](?=\s)")
_NO_WORD = bytes(code if chr(code).isascii() and chr(code).isalnum() else ord(" ") for code in range(256))
_USUAL_SIGNS = "–—’‘“”„…«»•·€£"  # in texts of plain letters
_FOREIGN = re.compile(r"[^\x00-\x7f]+")
_JOINERS = re.compile("[\u200c\u200d]")
# Letters that are signs: squared and negative ones, and the halves of flags.
_SIGNS = {
    first + place: letter
    for first in (0x1F110, 0x1F130, 0x1F150, 0x1F170, 0x1F1E6)
    for place, letter in enumerate("abcdefghijklmnopqrstuvwxyz")
}


def fold(text: str) -> str:
    """Return text in its folded form: lower case, plain letters and digits; white space and punctuation stay."""
    if not text.isascii():
        text = _FOREIGN.sub(_folded, text)
    return _CITED.sub("", _without_items(visible(text))).lower()


def _without_items(text: str) -> str:
    """Return text without the numbers at the beginnings of its lines that count them."""
    parts, begin, line = [], 0, 0
    while True:
        if item := _ITEM.match(text, line):
            parts.append(text[begin:line])
            begin = item.end()
        line = text.find("\n", line) + 1
        if not line:
            return "".join((*parts, text[begin:]))


def _folded(match: re.Match[str]) -> str:
    characters = match.group()
    return _plain_sign(characters) if len(characters) == 1 else _plain(characters)


@functools.lru_cache(2048)
def _plain_sign(sign: str) -> str:
    return _plain(sign)


def _plain(characters: str) -> str:
    """Return the folded form of characters beyond ASCII."""
    visible = _JOINERS.sub("", INVISIBLE.sub("", characters))
    text = unicodedata.normalize("NFKC", visible).casefold().translate(_look_alikes())
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return unicodedata.normalize("NFKC", bare.translate(_look_alikes()))


def words_of(folded: str) -> list[str]:
    """Return the words and numbers of a folded text."""
    if not folded.isascii():
        for sign in _USUAL_SIGNS:
            folded = folded.replace(sign, " ")
    if folded.isascii():
        return folded.encode().translate(_NO_WORD).decode().split()
    return WORD.findall(folded)


def spaced(words: Iterable[str]) -> str:
    """Return words with one space on both sides of each, so that a whole word can be looked for."""
    return f" {' '.join(words)} "


@functools.cache
def _look_alikes() -> dict[int, str]:
    """Return for each character that looks like a Latin letter or a digit which one that is."""
    table = dict(_SIGNS)
    table |= {code: str(unicodedata.decimal(chr(code))) for code in range(128, 0x20000) if chr(code).isdecimal()}
    for character, alike in confusables_data.items():
        if len(character) != 1 or character.isascii() or character.isdecimal():
            continue
        latin = [one["c"].strip("\u200e").casefold() for one in alike]
        if plain := next((one for one in latin if len(one) == 1 and one.isascii() and one.isalnum()), ""):
            table[ord(character)] = plain
    return table
