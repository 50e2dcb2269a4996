"""The noun phrases of a question, found by its small words: as much grammar as a follow-up needs."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from apps.rag.understanding.phrases import WORD, Phrases
from apps.rag.words import content_words

_TOKEN = re.compile(rf"{WORD.pattern}|[^\w\s]")
_SUBJECTS = frozenset({"i", "you", "we", "they", "ich", "wir", "man", "je", "tu", "nous", "on", "yo", "eu"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Chunk:
    """A determiner and the words that say something after it: "the pottery course"; places are those in the text."""

    text: str
    start: int
    end: int
    determined: bool
    preposition: str = ""
    start_with_preposition: int = 0
    end_with_joined: int = 0  # with "of …" after it
    end_with_all: int = 0  # with every preposition after it
    start_with_owner: int = 0  # with "… of" before it, in a language that puts the owner first

    def start_of(self, new: str, phrases: Phrases) -> int:
        """Return from where a new phrase takes this one's place: what it has in common with the old one is its head."""
        if phrases.language == "ar":  # the head comes first
            first = re.escape(new.split(maxsplit=1)[0])
            return self.start + max(match.start() if (match := re.search(first, self.text)) else 0, 0)
        return self.start_with_owner if phrases.language == "hi" else self.start


def chunks_of(question: str, phrases: Phrases) -> list[Chunk]:
    """Return the noun phrases of a question in order."""
    tokens = list(_TOKEN.finditer(question))
    chunks: list[Chunk] = []
    place = 0
    while place < len(tokens):
        end = _end_of_phrase(tokens, place, phrases)
        if end is None:
            place += 1
            continue
        chunks.append(_chunk(question, tokens, place, end, phrases))
        place = end
    return _linked(chunks, question, phrases)


def subject_of(question: str, phrases: Phrases) -> str:
    """Return what a question is about, "" when it names nothing."""
    chunks = chunks_of(question, phrases)
    first = next((chunk for chunk in chunks if chunk.determined), chunks[0] if chunks else None)
    return question[first.start : first.end_with_all] if first else ""


def _word(token: re.Match[str]) -> str:
    return token.group().casefold().replace("’", "'")


def _says(tokens: Sequence[re.Match[str]], place: int, phrases: Phrases) -> bool:
    """Tell whether a token is part of a name for something: no small word, no verb that asks."""
    word = _word(tokens[place])
    if not word[0].isalnum() or word in phrases.follow.verbs | phrases.question_words | phrases.auxiliaries:
        return False
    if place and _word(tokens[place - 1]) in _SUBJECTS and tokens[place].group().islower():
        return False
    return bool(content_words(word, phrases.language)) or word.isdecimal()


def _end_of_phrase(tokens: Sequence[re.Match[str]], place: int, phrases: Phrases) -> int | None:
    """Return where the phrase that begins at a token ends; None where none begins."""
    start = place + 1 if _word(tokens[place]) in phrases.follow.determiners else place
    end = start
    while end < len(tokens) and _says(tokens, end, phrases):
        end += 1
    if phrases.language == "de":  # nouns have capitals; an adverb after the noun has none
        capitals = [one for one in range(start, end) if tokens[one].group()[0].isupper()]
        end = capitals[-1] + 1 if capitals else end
    return end if end > start else None


def _chunk(question: str, tokens: Sequence[re.Match[str]], place: int, end: int, phrases: Phrases) -> Chunk:
    before = _word(tokens[place - 1]) if place else ""
    is_preposition = before in phrases.follow.prepositions | phrases.follow.joiners
    start, stop = tokens[place].start(), tokens[end - 1].end()
    return Chunk(
        text=question[start:stop],
        start=start,
        end=stop,
        determined=_word(tokens[place]) in phrases.follow.determiners,
        preposition=before if is_preposition else "",
        start_with_preposition=tokens[place - 1].start() if is_preposition else start,
    )


def _linked(chunks: Sequence[Chunk], question: str, phrases: Phrases) -> list[Chunk]:
    """Return the chunks with the ends of what hangs on each: "the warranty | of the X100 | in Spain"."""
    linked: list[Chunk] = []
    owner = 0
    for place, chunk in enumerate(chunks):
        joined = everything = chunk.end
        is_owned = place and chunks[place - 1].end + 1 == chunk.start_with_preposition != chunk.start
        owner = owner if is_owned else chunk.start
        for other in chunks[place + 1 :]:
            if not other.preposition or question[everything : other.start_with_preposition].strip():
                break
            everything = other.end
            if other.preposition in phrases.follow.joiners and joined == other.start_with_preposition - 1:
                joined = other.end
        linked.append(
            Chunk(
                text=chunk.text,
                start=chunk.start,
                end=chunk.end,
                determined=chunk.determined,
                preposition=chunk.preposition,
                start_with_preposition=chunk.start_with_preposition,
                end_with_joined=joined,
                end_with_all=everything,
                start_with_owner=owner,
            )
        )
    return linked
