"""Corrects words that are in none of a chatbot's citable passages to ones that are.

The index knows its words as hashes only, so every way to mistype a word is undone and looked up. It is asked as the
visitor login, whose term statistics come from citable rows alone: what a learn-only passage says corrects nothing.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from apps.core.database.visitor import visiting
from apps.retrieval.everyday_words import everyday_words, is_small_word
from apps.retrieval.lexical import UNDETERMINED, word_terms
from apps.retrieval.stop_words import STOP_WORDS

SHORTEST = 4  # letters
# Letters from which any single mistake is undone, in English, whose words are known, and in other languages. In a
# shorter word nearly each gives another word; letters that changed places and doubled ones are undone in any.
SHORTEST_FREE, SHORTEST_FREE_ELSEWHERE = 6, 8
SHORTEST_PART = 4  # letters of a part of a compound
MOST_WORDS = 4  # unknown words of one question; who types more of them speaks of something else
LONGEST = 30  # letters
SHORTEST_CAPITALS = 6  # letters of a word in capitals that is no abbreviation
# Letters that may be missing, by script of the word.
_ALPHABETS = (
    (re.compile(r"[a-zà-ɏ]"), "abcdefghijklmnopqrstuvwxyzäöü"),
    (re.compile(r"[\u0600-\u06ff]"), "ابتثجحخدذرزسشصضطظعغفقكلمنهويةىءئؤ"),
    (re.compile(r"[\u0900-\u097f]"), "कखगघचछजझटठडढणतथदधनपफबभमयरलवशषसहािीुूेैोौंँ्"),
    (re.compile(r"[\u0400-\u052f]"), "абвгдежзийклмнопрстуфхцчшщъыьэюя"),
    (re.compile(r"[\u0370-\u03ff]"), "αβγδεζηθικλμνξοπρστυφχψως"),
)
_WORD = re.compile(r"(?<![\w.@/'’])(?:[^\W\d_]|[\u0900-\u0963])+(?![\w@/'’]|\.\w)")
_JOINTS = ("", "s", "es", "n", "en", "e")  # what German puts between the parts of a compound
# In how many citable passages each term stands, and the languages of the chatbot.
_KNOWN = """
SELECT bot.languages, known.term, known.document_frequency
FROM index_statistics AS bot LEFT JOIN term_statistic AS known
  ON known.chatbot_id = bot.chatbot_id AND known.term = ANY(%s::int[]) AND known.document_frequency > 0
WHERE bot.chatbot_id = %s
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Vocabulary:
    """The words of a chatbot, as far as they were asked about."""

    languages: frozenset[str]
    frequencies: dict[int, int]

    def frequency(self, word: str) -> int:
        return max((self.frequencies.get(term, 0) for term in word_terms(word, self.languages)), default=0)


async def correct(chatbot_id: UUID, query: str, language: str = "") -> str:
    """Return the query with its unknown words corrected, the query itself where nothing is to be corrected.

    `language` is that of the query, whose small words are never touched. Raises DatabaseError.
    """
    words = _correctable(query, language)
    if not words:
        return query
    async with visiting(chatbot_id) as connection:

        async def look_up(terms: Iterable[int]) -> Vocabulary:
            rows = await (await connection.execute(_KNOWN, [sorted(terms), chatbot_id])).fetchall()
            languages = frozenset(code for row in rows[:1] for code in row[0]) | {UNDETERMINED}
            return Vocabulary(languages=languages, frequencies={row[1]: row[2] for row in rows if row[1] is not None})

        any_language = {language, *STOP_WORDS, UNDETERMINED}
        known = await look_up({term for word in words for term in word_terms(word, any_language)})
        unknown = [word for word in words if not known.frequency(word)]
        if not unknown or len(unknown) > MOST_WORDS:
            return query
        tried = {form for word in unknown for form in (*_forms(word, language), *_parts(word))}
        known = await look_up({term for form in tried for term in word_terms(form, known.languages)})
    plain = {word for word in _WORD.findall(query) if word.islower() and language == "en"}  # no names
    corrected = {word: better for word in unknown if (better := _better(word, known, language, plain=word in plain))}
    return _WORD.sub(lambda word: _as_typed(corrected.get(word[0].casefold(), ""), word[0]), query)


def _correctable(query: str, language: str) -> list[str]:
    """Return the words that may be mistyped, each once: none that exists anyway, no code, no abbreviation."""
    words = dict.fromkeys(
        word.casefold() for word in _WORD.findall(query) if word[1:].islower() or len(word) >= SHORTEST_CAPITALS
    )
    return [
        word
        for word in words
        if SHORTEST <= len(word) <= LONGEST
        and _alphabet(word)
        and not is_small_word(word, language)
        and word not in everyday_words()
    ]


def _alphabet(word: str) -> str:
    return next((letters for script, letters in _ALPHABETS if script.match(word)), "")


def _forms(word: str, language: str) -> dict[str, int]:
    """Return what a word may have been meant to be, and how far that is: 0 is two letters that changed places."""
    forms = dict.fromkeys(_swapped(word), 0)
    for form in _doubled(word):
        forms.setdefault(form, 1)
    if len(word) >= (SHORTEST_FREE if language == "en" else SHORTEST_FREE_ELSEWHERE):
        for form in _edited(word, _alphabet(word)):
            forms.setdefault(form, 2 if form[:1] == word[0] else 3)
    forms.pop(word, None)
    return forms


def _swapped(word: str) -> Iterator[str]:
    """Yield the word with two letters swapped: neighbours, and in a long word any two."""
    for one in range(len(word)):
        for other in range(one + 1, len(word) if len(word) >= SHORTEST_FREE else min(one + 2, len(word))):
            yield word[:one] + word[other] + word[one + 1 : other] + word[one] + word[other + 1 :]


def _doubled(word: str) -> Iterator[str]:
    """Yield the word with a letter doubled, or a doubled one once."""
    for place, letter in enumerate(word):
        yield word[:place] + letter + word[place:]
        if word[place : place + 2] == letter * 2:
            yield word[:place] + word[place + 1 :]


def _edited(word: str, letters: str) -> Iterator[str]:
    for place in range(len(word) + 1):
        yield word[:place] + word[place + 1 :]
        for letter in letters:
            yield word[:place] + letter + word[place:]
            yield word[:place] + letter + word[place + 1 :]


def _parts(word: str) -> set[str]:
    return {part for pair in _splits(word) for part in pair}


def _splits(word: str) -> Iterator[tuple[str, str]]:
    """Yield the ways to see a word as a compound of two."""
    for place in range(SHORTEST_PART, len(word) - SHORTEST_PART + 1):
        for joint in _JOINTS:
            if word[:place].endswith(joint) and place - len(joint) >= SHORTEST_PART:
                yield word[: place - len(joint)], word[place:]


def _better(word: str, known: Vocabulary, language: str, *, plain: bool) -> str:
    """Return the known word that was most likely meant, "" for none or where the word is made of known ones.

    Several forms may share a stem that is known; of these the one that exists is meant. A plain English word with two
    letters swapped is put right even where the sources don't have it: the models read the question too.
    """
    if any(known.frequency(first) and known.frequency(second) for first, second in _splits(word)):
        return ""
    found = []
    for form, distance in _forms(word, language).items():
        if is_small_word(form, language):
            found.append((False, distance, False, 0, form))
        elif frequency := known.frequency(form):
            found.append((False, distance, form not in everyday_words(), -frequency, form))
        elif plain and distance == 0 and form in everyday_words():
            found.append((True, distance, False, 0, form))
    return min(found, default=(True, 0, False, 0, ""))[-1]


def _as_typed(better: str, word: str) -> str:
    if not better:
        return word
    if word.isupper():
        return better.upper()
    return better.capitalize() if word[0].isupper() else better
