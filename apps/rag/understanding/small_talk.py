"""Answers what isn't a question: a greeting, thanks, "are you a bot?", an insult, the wish for a person.

A message is small talk when its words are all from the small vocabulary of one kind and say what makes that kind; one
word more and it is a question. Typing mistakes, accents left out, smileys and looong letters don't matter.

Such an answer counts as answered: it isn't a gap in the sources that an owner should look into. The wish for a person
or for help at once is one, and doesn't; then the chat offers the contact form where there is one.
"""

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from apps.rag.understanding.edits import is_one_edit
from apps.rag.understanding.phrases import LANGUAGES, Kind, Line, Phrases, phrases_of, words_of

_EXCLAIMED = frozenset({"insult", "bye"})  # "What a useless bot!", "¡Que tenga un buen día!"
LONGEST = 160  # characters
MOST_WORDS = 24
LONGEST_INTRODUCTION = 7  # words: "My name is Sandra Miller."
OPENING = 10  # words in which an open line must have shown itself
MOST_TYPOS = 2  # mistyped words of a message
CACHED_WORDS = 20_000
LEAST_WITH_TYPO, LEAST_ALONE = 4, 5  # letters
UNANSWERED = frozenset({"person", "urgent"})
# These are statements: with a question mark, or a question word in front, the message is a question.
_STATED = frozenset({"urgent", "complaint", "insult", "bye", "thanks", "ok", "letter"})
_PARTED = re.compile(r"[.!?…。！？؟।,，、،;；\n]+|[^\w\s'’\-.!?,\u0900-\u0963\u064b-\u065f]+")
_REPEATED = re.compile(r"(\w)\1{2,}")
_DOUBLE_END = re.compile(r"(\w)\1$")
_UMLAUT = re.compile(r"([aou])e")


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """A reply of our own, without any source, and whether it gave what was asked for."""

    kind: str
    text: str = field(repr=False)
    answered: bool


def small_talk(message: str, languages: Sequence[str] = ()) -> Reply | None:
    """Return the reply to a message that asks nothing of the documents, None for any other.

    `languages` are tried first: "ok" is a word of many. Never raises.
    """
    if not message.strip() or len(message) > LONGEST:
        return None
    order = [*dict.fromkeys(one for one in (*languages, *LANGUAGES) if one in LANGUAGES)]
    if not any(map(str.isalnum, message)):
        return _reply("confused" if re.search("[?？؟]", message) else "ok", phrases_of(order[0]))
    for typos in (False, True):
        for phrases in map(phrases_of, order):
            if kind := kind_of(message, phrases, typos=typos) or _kind_of_parts(message, phrases, typos=typos):
                return _reply(kind, phrases)
    return None


def _reply(kind: str, phrases: Phrases) -> Reply:
    text = next(one.reply for one in phrases.kinds if one.name == kind)
    return Reply(kind=kind, text=text, answered=kind not in UNANSWERED)


def _kind_of_parts(message: str, phrases: Phrases, *, typos: bool) -> str | None:
    """Return the kind that matters most of a message whose every part is small talk: "Hi! Are you a bot?"."""
    parts = parts_of(message)
    kinds = [kind_of(part, phrases, typos=typos) for part in parts]
    if len(parts) < 2 or not all(kinds):
        return None
    return next(kind.name for kind in phrases.kinds if kind.name in kinds)


def parts_of(message: str) -> list[str]:
    """Return what stands between the signs of a message; a part keeps its question mark."""
    parts, start = [], 0
    for sign in _PARTED.finditer(message):
        parts.append(message[start : sign.end()])
        start = sign.end()
    return [part.strip() for part in (*parts, message[start:]) if any(map(str.isalnum, part))]


def kind_of(text: str, phrases: Phrases, *, typos: bool = False, kinds: Iterable[str] = ()) -> str | None:
    """Return which kind of small talk a text is, among `kinds` if there are any."""
    words = words_of(text)
    if not words or (len(words) > MOST_WORDS and phrases.is_spaced):
        return None
    if not phrases.is_spaced:
        run = "".join(words)
        return next((one.name for one in _wanted(phrases, kinds) if _is_run_of(one, run, text)), None)
    core = [word for word in words if word not in phrases.fillers]
    if opened := next((one.name for one in _wanted(phrases, kinds) if _opens_like(one, words, core, phrases)), None):
        return opened
    meant = {word: _spelled(word, phrases.language) for word in words}
    if unknown := [word for word in meant if not meant[word]]:
        if not typos or len(unknown) > MOST_TYPOS:
            return None
        meant |= {word: _mistyped(word, phrases.language, alone=len(core) < 2) for word in unknown}
    for kind in _wanted(phrases, kinds):
        if not (kind.name in _STATED and _asks(text, core, kind, phrases)) and _is_of(
            kind, words, core, phrases, meant
        ):
            return kind.name
    return None


def _wanted(phrases: Phrases, kinds: Iterable[str]) -> Iterable[Kind]:
    names = frozenset(kinds)
    return (kind for kind in phrases.kinds if not names or kind.name in names)


def _asks(text: str, core: Sequence[str], kind: Kind, phrases: Phrases) -> bool:
    if len(core) < 2:
        return False
    return bool(re.search("[?？؟]", text)) or (kind.name not in _EXCLAIMED and core[0] in phrases.question_words)


def _is_of(
    kind: Kind, words: Sequence[str], core: Sequence[str], phrases: Phrases, meant: Mapping[str, frozenset[str]]
) -> bool:
    present = [min(meant[word] & kind.vocabulary, default=None) for word in words]
    if None in present:
        return False
    return any(not line.is_open and _says(line, present, phrases) for line in kind.lines)


def _says(line: Line, present: Sequence[str | None], phrases: Phrases) -> bool:
    if line.is_alone and not frozenset(present) - phrases.fillers <= line.words:
        return False
    if not all(group.intersection(present) for group in line.groups):
        return False
    # "What can you tell me?" but not "Can you tell me what …": a question word comes first.
    first, *others = line.groups
    if not others or phrases.language == "hi" or not first <= phrases.question_words:
        return True
    return present.index(next(word for word in present if word in first)) < max(
        place for place, word in enumerate(present) if word in others[0]
    )


def _opens_like(kind: Kind, words: Sequence[str], core: Sequence[str], phrases: Phrases) -> bool:
    """Tell whether a message begins with an open line, whatever follows; an introduction must be short."""
    lines = [line for line in kind.lines if line.is_open]
    if not lines or not core or core[0] in phrases.question_words | phrases.auxiliaries:
        return False
    if kind.name == "letter" and len(words) > LONGEST_INTRODUCTION:
        return False
    opening = frozenset(words[:OPENING])
    return any(all(group & opening for group in line.groups) for line in lines)


@functools.lru_cache(maxsize=CACHED_WORDS)
def _spelled(word: str, language: str) -> frozenset[str]:
    """Return the words of a language's small talk that a word is, but for accents and looong letters."""
    vocabulary = phrases_of(language).vocabulary
    if word in vocabulary:
        return frozenset({word})
    single, double = _REPEATED.sub(r"\1", word), _REPEATED.sub(r"\1\1", word)
    return vocabulary & {single, double, _DOUBLE_END.sub(r"\1", single), _UMLAUT.sub(r"\1", word)}


@functools.lru_cache(maxsize=CACHED_WORDS)
def _mistyped(word: str, language: str, *, alone: bool) -> frozenset[str]:
    """Return the words of a language's small talk that a word may be with a typing mistake."""
    if len(word) < LEAST_WITH_TYPO or not word.isalpha():
        return frozenset()
    vocabulary = phrases_of(language).vocabulary
    return frozenset(one for one in vocabulary if len(one) >= LEAST_WITH_TYPO and _is_typo(word, one, alone=alone))


def _is_typo(word: str, meant: str, *, alone: bool) -> bool:
    """Tell whether a word is another one mistyped; a word that stands alone may well be one of its own: "tanks"."""
    if not is_one_edit(word, meant):
        return False
    if sorted(word) == sorted(meant):
        return True
    if alone:
        return len(word) >= LEAST_ALONE and word[:2] == meant[:2] and word[-1] == meant[-1]
    return word[0] == meant[0] and f"{meant}s" != word


def _is_run_of(kind: Kind, run: str, text: str) -> bool:
    """The same for a language without spaces: the run can be cut into words of the kind."""
    if kind.name in _STATED and re.search("[?？]", text):
        return False
    if any(line.is_open and _opens(line, run) for line in kind.lines):
        return True
    if not _can_be_cut(run, kind.vocabulary):
        return False
    return any(not line.is_open and _run_says(line, run) for line in kind.lines)


def _opens(line: Line, run: str) -> bool:
    return all(any(word in run[: 2 * OPENING] for word in group) for group in line.groups)


def _run_says(line: Line, run: str) -> bool:
    if line.is_alone and not _can_be_cut(run, line.words):
        return False
    return all(any(word in run for word in group) for group in line.groups)


def _can_be_cut(run: str, vocabulary: frozenset[str]) -> bool:
    ends = {0}
    for place in range(len(run)):
        if place in ends:
            ends |= {place + len(word) for word in vocabulary if run.startswith(word, place)}
    return len(run) in ends
