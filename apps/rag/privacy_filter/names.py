"""Proper names and codes in a sentence: what an invented answer gets wrong first."""

import re
import unicodedata

from apps.retrieval.stop_words import STOP_WORDS

_TOKEN = re.compile(r"[^\W_]+(?:['’.&-][^\W_]+)*")
_OPENS = re.compile(r"(?:^|[.!?¿¡:;•“”\"(\[«„–—|/>]|\n|[-*] )\s*$")
_CODE = re.compile(r"(?=.*\d)(?=.*[^\W\d_])[^\W\d_][\w.-]*")
_TITLES = frozenset(["herr", "frau", "dr", "prof", "firma", "familie"])
_KATAKANA = re.compile(r"[\u30a1-\u30fa\u30fc]{3,}")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
# Scripts without capitals, where a word in Latin letters is a name, a code or a unit.
_UNCASED = re.compile(r"[\u0590-\u0dff\u0e00-\u0fff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_WITHOUT_SPACES = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]+")
_PRONOUNS = frozenset({"i", "i'm", "i'll", "i've", "i'd"})


def names(text: str, language: str) -> list[str]:
    """Return the words of a normalised sentence that name somebody or something, folded for comparison.

    Codes such as X100 and words such as USB or iPhone count everywhere; other capitals not where a sentence begins
    and not in German, where they mark every noun.
    """
    found = [fold(run) for run in _KATAKANA.findall(text)]
    uncased = _UNCASED.search(text) is not None
    tokens = list(_TOKEN.finditer(_parted(text) if uncased else text))
    for place, match in enumerate(tokens):
        word = match.group()
        if word.islower() and word.isalpha() and not uncased:
            continue
        opening = _OPENS.search(match.string[max(0, match.start() - 4) : match.start()]) is not None
        if _is_code(word) or (uncased and _LATIN.match(word) and len(word) > 1):
            found.append(fold(word))
        elif word[0].isupper() and not _is_small(word, language):
            following = tokens[place + 1].group() if place + 1 < len(tokens) else ""
            before = tokens[place - 1].group().casefold() if place else ""
            if before in _TITLES or not (language == "de" or (opening and not _is_first_of_name(word, following))):
                found.append(fold(word))
    return found


def fold(word: str) -> str:
    """Return a word without case, accents and a possessive ending."""
    folded = word.casefold().replace("’", "'").removesuffix("'s").rstrip("'")
    if folded.isascii():
        return folded
    return "".join(c for c in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(c))


def folded_words(text: str) -> frozenset[str]:
    """Return every word of a normalised text and the parts of joined ones, folded."""
    if text.isascii():
        words = {word if word.isalnum() else fold(word) for word in _TOKEN.findall(text.lower())}
    else:
        words = {fold(word) for word in _TOKEN.findall(_parted(text))}
    parts = {part for word in words if not word.isalnum() for part in re.split(r"['.&-]", word) if part}
    return frozenset(words | parts | set(_KATAKANA.findall(text)))


def is_named(name: str, known: frozenset[str]) -> bool:
    """Tell whether a name, or each part of a joined one, is among the known words; plurals and possessives too."""
    if name in known or fold(name.removesuffix("s")) in known or f"{name}s" in known:
        return True
    parts = [part for part in name.replace("'", "-").replace(".", "-").replace("&", "-").split("-") if part]
    return len(parts) > 1 and all(part in known for part in parts)


def _parted(text: str) -> str:
    """Put spaces round what isn't written in a script without spaces: 在NFL中 holds the name NFL."""
    return _WITHOUT_SPACES.sub(r" \g<0> ", text)


def _is_code(word: str) -> bool:
    capitals = sum(map(str.isupper, word))
    return _CODE.fullmatch(word) is not None or capitals > 1 or (capitals == 1 and not word[0].isupper())


def _is_first_of_name(word: str, following: str) -> bool:
    return len(word) > 1 and following[:1].isupper() and following.casefold() not in _PRONOUNS


def _is_small(word: str, language: str) -> bool:
    """Tell whether a word only has its capital from where it stands."""
    folded = word.casefold()
    return folded in _PRONOUNS or folded in STOP_WORDS.get(language, ())
