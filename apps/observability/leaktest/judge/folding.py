"""Texts as they are compared: letters folded together, in words or without anything between them."""

import re
import unicodedata

INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e0fff]"
)
WORD = re.compile(r"[^\W_]+")


def folded(text: str) -> str:
    """Return the text in one case and one form, without accents and without what can't be seen."""
    decomposed = unicodedata.normalize("NFKD", INVISIBLE.sub("", text)).casefold()
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def words_of(text: str) -> list[str]:
    return WORD.findall(folded(text))


def letters_of(text: str) -> str:
    """Return nothing but the letters and digits."""
    return "".join(words_of(text))
