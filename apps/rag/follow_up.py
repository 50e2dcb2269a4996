"""Tells a follow-up question from one that stands by itself, and spells out what it leaves unsaid."""

import re
from collections.abc import Sequence

from apps.rag.events import Turn
from apps.rag.words import content_words
from apps.retrieval.lexical import analyze

SHORTEST = 2  # words; "The price?" leaves its subject to the question before
SHORTEST_UNSPACED = 5  # characters
MOST_LEANING = 4  # content words; a question with more says what it is about, however it begins
DEEPEST = 3  # how many follow-ups in a row are traced back
MOST_CARRIED = 8  # content words of the question before
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_OPENINGS = re.compile(
    r"\s*(?:and|what about|how about|or|but|also|then|why|und|wie sieht|was ist mit|aber|oder|auch|warum|et|mais|ou|"
    r"pourquoi|y|pero|o|por qué|e|mas|por quê|और|लेकिन|क्यों|و|ماذا عن|لماذا)\b"
    r"|\s*(?:那|那么|还有|为什么|それで|じゃあ|では|なぜ)",
    re.IGNORECASE,
)
_POINTING = {
    "en": "it its they them their that this those these one ones he she his her him there other others same",
    "de": "es er sie ihn ihm ihr ihre das dies diese dieser dieses davon dafür damit dazu dort andere anderen anderes",
    "fr": "il elle ils elles le la les lui leur ça cela celui celle ceux y en autre autres même",
    "es": "él ella ellos ellas lo la los las le eso esto ese esa este esta allí otro otra otros otras mismo misma",
    "pt": "ele ela eles elas o a os as isso isto esse essa este esta lá outro outra outros outras mesmo mesma",
}
_POINTING_UNSPACED = {
    "zh": ("它", "这个", "那个", "他们", "其他", "另一"),
    "ja": ("それ", "これ", "あれ", "その", "他の", "もう一"),
}
# Pronouns that are articles too point back only in a question that says little else.
_ARTICLES = frozenset(
    [
        "das",
        "sie",
        "le",
        "la",
        "les",
        "lo",
        "los",
        "las",
        "o",
        "a",
        "os",
        "as",
        "en",
        "y",
        "este",
        "esta",
        "the",
        "that",
        "this",
        "there",
    ]
)


def is_follow_up(question: str, language: str) -> bool:
    """Tell whether a question leans on the one before: it opens like one, points back, or hardly says anything."""
    if any(pointer in question for pointer in _POINTING_UNSPACED.get(language, ())):
        return True
    words = [word.casefold() for word in _WORD.findall(question.replace("’", "'"))]
    pointing = set(_POINTING.get(language, "").split())
    content = set(content_words(question, language))
    is_short = len(question) < SHORTEST_UNSPACED if language in _POINTING_UNSPACED else len(words) <= SHORTEST
    if not content or is_short or (_OPENINGS.match(question) and len(content) <= MOST_LEANING):
        return True
    return any(word in pointing and (word not in _ARTICLES or len(content) < MOST_LEANING) for word in words)


def carry_over(question: str, history: Sequence[Turn], language: str) -> str:
    """Return the question with the content words of those it leans on, as far back as they lean themselves."""
    carried: list[str] = []
    present = set(analyze(question, language))
    for turn in reversed(history[-DEEPEST:]):
        carried += [word for word in _content(turn.question, language) if not present & set(analyze(word, language))]
        present |= set(analyze(turn.question, language))
        if not is_follow_up(turn.question, language):
            break
    return f"{question.strip()} {' '.join(carried[:MOST_CARRIED])}".strip()


def _content(question: str, language: str) -> list[str]:
    """Return the words of a question that say something, as they were written."""
    if language in _POINTING_UNSPACED:
        return [question.strip(" ?？。")]
    return [word for word in re.findall(r"[\w-]+", question) if content_words(word, language) or word.isdecimal()]
