"""What people type besides questions and how they open one, per language: read from languages/*.toml.

A section of small talk holds `says`, the lines by which its kind is known, `also`, the words that may stand beside
them, and `reply`. A line is groups of words, and the message must hold one word of each: `are|r you|u bot|robot`. The
order is free, but there must be no word that the kind doesn't list. "=" in front of a line means that nothing else
may stand there; "^" that the message need only begin like this, whatever follows. "[letter]" is what stands around
the question of a letter, "[follow]" how a question points back to the one before.
"""

import functools
import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LANGUAGES = ("en", "de", "fr", "es", "pt", "ar", "hi", "ja", "zh")
SHORTEST_MISTYPED = 4  # letters of a word that is known in spite of a mistake
UNSPACED = frozenset({"ja", "zh"})  # no spaces between words: their messages are runs of characters
# The kinds of small talk; where a message is of two, the one that stands first here gets the reply.
KINDS = (
    "override", "person", "urgent", "complaint", "insult", "maker", "about_me", "identity", "help", "confused", "bye",
    "thanks", "wellbeing", "greeting", "letter", "ok",
)  # fmt: skip
_FOLDER = Path(__file__).parent / "languages"
_EMOTICON = re.compile(r"(?<!\w)[:;=x]['-]?[()dpo3*]+(?!\w)|<3", re.IGNORECASE)
_FOLDED_WORD = re.compile(r"(?:[^\W_]|[\u0900-\u0963])+")
# A word as it was typed; the marks of Hindi are no letters to \w.
WORD = re.compile(r"(?:\w|[\u0900-\u0963])+(?:[-'’.](?:\w|[\u0900-\u0963])+)*")
_MARKS = dict.fromkeys([*range(0x300, 0x370), *range(0x610, 0x61B), *range(0x64B, 0x660), 0x670, 0x640, 0x93C])
_TWINS = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ة": "ه", "ى": "ي", "ँ": "ं", "ß": "ss", "œ": "oe", "æ": "ae"})


def fold(text: str) -> str:
    """Return a text in small letters, without accents and without the difference between everyday twins of letters."""
    lowered = unicodedata.normalize("NFKC", text).casefold()
    bare = unicodedata.normalize("NFD", lowered).translate(_MARKS)
    return unicodedata.normalize("NFC", bare).translate(_TWINS)


def words_of(text: str) -> list[str]:
    """Return the folded words of a message, without its smileys."""
    return _FOLDED_WORD.findall(fold(_EMOTICON.sub(" ", text)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One way to say something: a word of each group."""

    groups: tuple[frozenset[str], ...]
    is_alone: bool
    is_open: bool

    @property
    def words(self) -> frozenset[str]:
        return frozenset().union(*self.groups)


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """A kind of small talk in one language."""

    name: str
    lines: tuple[Line, ...]
    vocabulary: frozenset[str]  # every word that a message of this kind may hold
    reply: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Following:
    """How a question of this language leans on the one before."""

    openings: re.Pattern[str]
    corrections: re.Pattern[str]
    expletives: re.Pattern[str]  # pronouns that point to nothing: "is it possible to"
    pronouns: frozenset[str]
    ambiguous: frozenset[str]  # pronouns that are articles or conjunctions too
    comparing: frozenset[str]  # those of the two that mean another one, or the same: they stay where they stand
    determiners: frozenset[str]
    definite: frozenset[str]  # those of what is known already
    joiners: frozenset[str]  # "of": what holds a noun phrase together
    prepositions: frozenset[str]
    verbs: frozenset[str]  # common verbs of questions, where a noun phrase ends
    telling: frozenset[str]  # the words by which a follow-up is known, where they are long enough to be mistyped


@dataclass(frozen=True, kw_only=True, slots=True)
class Phrases:
    """A language's phrases."""

    language: str
    kinds: tuple[Kind, ...]
    vocabulary: frozenset[str]  # of all kinds
    fillers: frozenset[str]
    question_words: frozenset[str]
    auxiliaries: frozenset[str]
    demonstratives: frozenset[str]  # "this": what they stand for was said before, in the same message or earlier
    generic: frozenset[str]  # "way", "tool": nouns that don't say what for
    wrapper: re.Pattern[str]  # a polite opening; what follows it is the question
    ending: re.Pattern[str]  # a "please" at the end
    follow: Following

    @property
    def is_spaced(self) -> bool:
        return self.language not in UNSPACED


@functools.cache
def phrases_of(language: str) -> Phrases:
    """Return a language's phrases. Raises KeyError for one that has none."""
    if language not in LANGUAGES:
        raise KeyError(language)
    data = tomllib.loads((_FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    fillers = frozenset(words_of(data["fillers"]))
    kinds = tuple(_kind(name, data[name], fillers) for name in KINDS)
    return Phrases(
        language=language,
        kinds=kinds,
        vocabulary=frozenset().union(*(kind.vocabulary for kind in kinds)),
        fillers=fillers,
        question_words=frozenset(words_of(data["question_words"])),
        auxiliaries=frozenset(words_of(data["auxiliaries"])),
        demonstratives=frozenset(words_of(data["demonstratives"])),
        generic=frozenset(words_of(data["generic"])),
        wrapper=_wrapper(data["wrappers"], spaced=language not in UNSPACED),
        ending=re.compile(rf"[\s,、，]*(?:{data['wrappers']['ends']})(?=[\s?？!.。！]*$)", re.IGNORECASE),
        follow=_following(data["follow"], spaced=language not in UNSPACED),
    )


def _kind(name: str, section: Mapping[str, str], fillers: frozenset[str]) -> Kind:
    lines = tuple(map(_line, section["says"].split("\n")))
    lines = tuple(line for line in lines if line.groups)
    vocabulary = fillers.union(words_of(section["also"]), *(line.words for line in lines))
    return Kind(name=name, lines=lines, vocabulary=vocabulary, reply=" ".join(section["reply"].split()))


def _line(text: str) -> Line:
    groups = (frozenset(words_of(group.replace("|", " "))) for group in text.lstrip("=^").split())
    return Line(groups=tuple(groups), is_alone=text.startswith("="), is_open=text.startswith("^"))


def _wrapper(section: Mapping[str, str], *, spaced: bool) -> re.Pattern[str]:
    """Return the pattern of a polite opening in front of a question word, which is `question`."""
    edge, gap = (r"\b", r"\s+") if spaced else ("", r"[\s,，、]*")
    opens, before, dropped = section["opens"].strip(), section["before"], section["dropped"]
    dropping = rf"(?:(?:{dropped}){edge}{gap})?" if dropped else ""
    return re.compile(
        rf"(?:^|(?<=[,;:،]\s)|(?<=[，、])|(?<=\b(?:and|und)\s)|(?<=\bet\s)|(?<=\b[ye]\s))(?:{opens})"
        rf"(?:[,،，]?{gap}(?=(?:{before}){edge}){dropping}|\s*[:：]\s*)(?P<question>.+)$",
        re.IGNORECASE | re.DOTALL,
    )


def _alternatives(text: str, *, spaced: bool) -> re.Pattern[str]:
    """Return the pattern of listed openings; one with a "-" at its end is written together with the next word."""
    listed = sorted((" ".join(one.split()) for one in text.split("|")), key=len, reverse=True)
    edge = r"(?!\w)" if spaced else ""
    escaped = (
        rf"{re.escape(one[:-1])}(?=\w{{3}})" if one.endswith("-") else re.escape(one).replace(r"\ ", r"\s+") + edge
        for one in listed
        if one
    )
    return re.compile(rf"[\s¿¡]*(?:{'|'.join(escaped) or '(?!)'})[\s,，、:]*", re.IGNORECASE)


def _following(section: Mapping[str, Any], *, spaced: bool) -> Following:
    names = ("pronouns", "ambiguous", "comparing", "determiners", "definite", "joiners", "prepositions", "verbs")
    words = {name: frozenset(section[name].split()) for name in names}
    of_openings = frozenset(section["openings"].replace("|", " ").split())
    telling = of_openings | words["pronouns"] | words["ambiguous"]
    return Following(
        openings=_alternatives(section["openings"], spaced=spaced),
        corrections=_alternatives(section["corrections"], spaced=spaced),
        expletives=re.compile(section["expletives"].strip() or "(?!)", re.IGNORECASE),
        telling=frozenset(word for word in telling if len(word) >= SHORTEST_MISTYPED),
        **words,
    )
