"""Tells texts that name or point and say nothing: captions, cover lines, tables of contents."""

import re

LONGEST_CAPITALS = 6  # words; more in capitals are a warning that somebody wrote in capitals
FEWEST_ENTRIES = 2
_CAPTION = re.compile(
    r"[\d\s;]*(?:Figure|Fig\.?|Abbildung|Abb\.?|Figura|Schéma|图|圖|図)"
    r"\s?\d+(?:[.\-–]\d+)*\s?(?:[:.：—–-].*)?",
    re.IGNORECASE,
)
_ENTRY = re.compile(r"(?:\d{1,3}(?:\.\d{1,3}){0,3}\.? )?[^\n]{2,120}?(?:: ?|\.{3,} ?|…+ ?|\t)\d{1,4}")
_DEEP_ENTRY = re.compile(
    r"^[ \t]*\d{1,2}\.\d{1,2}(?:\.\d{1,2})? [^\n]{2,120}(?:: ?|\.{3,} ?|…+ ?|\t)\d{1,4}[ \t]*$", re.MULTILINE
)


def is_contents(passage: str) -> bool:
    """Tell whether a passage has a table of contents: lines like "3.1 Finding a good place: 6"."""
    return len(_DEEP_ENTRY.findall(passage)) >= FEWEST_ENTRIES


def is_contents_entry(text: str) -> bool:
    """Tell whether a line of such a passage is an entry: a title and the page it is on."""
    return _ENTRY.fullmatch(" ".join(text.split())) is not None


def is_label(text: str) -> bool:
    """Tell whether a paragraph is a caption, a bare number or a cover line."""
    if not any(map(str.isalnum, text)) or text.strip().isdigit():
        return True
    return _CAPTION.fullmatch(text) is not None or (text.isupper() and len(text.split()) <= LONGEST_CAPITALS)
