"""Tells texts that name or point and say nothing: captions, cover lines, tables of contents, labels of a drawing."""

import re

FEWEST_WORDS = 4  # of a line without an end; fewer are a title or a label
FEWEST_UNSPACED = 8  # characters, in scripts that put no space between words
LONGEST_CAPITALS = 6  # words; more in capitals are a warning that somebody wrote in capitals
FEWEST_ENTRIES = 2
_CAPTION = re.compile(
    r"[\d\s;]*(?:Figure|Fig\.?|Table|Abbildung|Abb\.?|Tabelle|Tab\.?|Figura|Tableau|Tabla|Tabela|Schéma|图|圖|図|表)"
    r"\s?\d+(?:[.\-–]\d+)*\s?(?:[:.：—–-].*)?",
    re.IGNORECASE,
)
_ENTRY = re.compile(r"(?:\d{1,3}(?:\.\d{1,3}){0,3}\.? )?[^\n]{2,120}?(?:: ?|\.{3,} ?|…+ ?|\t)\d{1,4}")
_DEEP_ENTRY = re.compile(
    r"^[ \t]*\d{1,2}\.\d{1,2}(?:\.\d{1,2})? [^\n]{2,120}(?:: ?|\.{3,} ?|…+ ?|\t)\d{1,4}[ \t]*$", re.MULTILINE
)
_ENDS = (".", "!", "?", "。", "！", "？", "…", "؟", "।", ":", "：")


def is_contents(passage: str) -> bool:
    """Tell whether a passage has a table of contents: lines like "3.1 Finding a good place: 6"."""
    return len(_DEEP_ENTRY.findall(passage)) >= FEWEST_ENTRIES


def is_contents_entry(text: str) -> bool:
    """Tell whether a line of such a passage is an entry: a title and the page it stands on."""
    return _ENTRY.fullmatch(" ".join(text.split())) is not None


def is_label(text: str) -> bool:
    """Tell whether a text outside of tables and lists is a caption, a bare number, a cover line or a label."""
    if not any(map(str.isalpha, text)):
        return True
    if text.endswith(_ENDS):
        return False
    return _CAPTION.fullmatch(text) is not None or _is_in_capitals(text) or _is_fragment(text)


def _is_in_capitals(text: str) -> bool:
    return text.isupper() and len(text.split()) <= LONGEST_CAPITALS


def _is_fragment(text: str) -> bool:
    if any(map(str.isdigit, text)) or "@" in text or "://" in text or ": " in text:
        return False  # "Open until 18:00" and an address are answers
    unspaced = not text.isascii() and " " not in text
    return len(text) < FEWEST_UNSPACED if unspaced else len(text.split()) < FEWEST_WORDS
