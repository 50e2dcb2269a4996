"""Spells out a question that leans on the one before it, without a model.

A pronoun gives way to what it points to ("What does it cost?" → "What does the pottery course cost?"), and what stands
for itself replaces its like in the question before ("And to Karle?" → "What does the ferry to Karle cost?"). Only
the visitor's own words are carried over, and a question that stands for itself takes none.
"""

import re
from collections.abc import Sequence

from apps.rag.privacy_filter.figures import NUMBER_WORDS
from apps.rag.understanding.edits import swapped
from apps.rag.understanding.noun_phrases import Chunk, chunks_of, subject_of
from apps.rag.understanding.phrases import LANGUAGES, SHORTEST_MISTYPED, WORD, Following, Phrases, phrases_of
from apps.rag.understanding.unspaced import is_unspaced_follow_up, spelled_out_unspaced
from apps.rag.words import content_words
from apps.retrieval.lexical import analyze

DEEPEST = 4  # how many questions are traced back
MOST_IN_NAME = 2  # content words of "the price?"; a longer name is a new subject
ENOUGH = 3  # content words of a question that says what it is about
MOST_IN_FRAGMENT = 7  # words; a longer one says what it is about
LEAST_SHARED = 4  # letters by which one word is part of another: "einphasig", "Phasen"
LONGEST_CARRIED = 200  # characters of the question before
_CLAUSE = re.compile(r"[,;:.?!]\s|\b(?:and|if|when|und|wenn|et|si|quand|y|cuando|e|se|quando)\b", re.IGNORECASE)
_OWNERS = frozenset({"its", "their", "his", "her", "dessen", "deren"})
_CODED = re.compile(r"\w*[^\W\d_]-?\d\w*")  # a model or part: X100, LX-40
_END = re.compile(r"[\s?.!¿？。؟]+$")


def is_follow_up(question: str, language: str) -> bool:
    """Tell whether a question can't be understood without the one before it."""
    phrases = _phrases(language)
    if not phrases.is_spaced:
        return is_unspaced_follow_up(question, phrases)
    core = _without_opening(question, phrases.follow)
    content = content_words(core, language)
    if not content or points_back(_like_typed(core, question), language) or _corrects(question, phrases):
        return True
    if core != question.strip():
        return _is_fragment(core, phrases) or len(content) < 2
    if not _is_fragment(core, phrases) or len(content) > MOST_IN_NAME:
        return False
    return _words(core)[0] in phrases.follow.prepositions | phrases.follow.definite


def with_small_words_fixed(question: str, language: str) -> str:
    """Return a question with the letters in place of those small words by which a follow-up is known ("tehy")."""
    follow = _phrases(language).follow

    def fixed(match: re.Match[str]) -> str:
        word = match.group().casefold()
        if len(word) < SHORTEST_MISTYPED or word in follow.telling or word in NUMBER_WORDS:
            return match.group()
        return next((meant for meant in swapped(word) if meant in follow.telling), match.group())

    return WORD.sub(fixed, question)


def standalone(question: str, earlier: Sequence[str], language: str) -> str:
    """Return a question as it would be asked without the ones before it, which are given oldest first."""
    before = ""
    for one in (*earlier[-DEEPEST:], question):
        before = _spelled_out(one, before[:LONGEST_CARRIED], language)
    return before


def points_back(question: str, language: str) -> bool:
    """Tell whether a question has a pronoun for something that it doesn't name itself."""
    phrases = _phrases(language)
    if not phrases.is_spaced:
        return any(word in question for word in phrases.follow.pronouns)
    return bool(_pointers(question, phrases))


def _spelled_out(question: str, before: str, language: str) -> str:
    phrases = _phrases(language)
    leans = is_follow_up(question, language)
    if not before:
        return question
    if not leans:
        return _like_typed(_without_opening(question, phrases.follow), question) if phrases.is_spaced else question
    if not phrases.is_spaced:
        return spelled_out_unspaced(question, before, phrases)
    core = _without_opening(question, phrases.follow)
    core = _without_opening(core, phrases.follow, corrections=True) or core
    if _is_fragment(core, phrases):
        return _in_place(core, before, phrases)
    return _with_names(_like_typed(core, question), before, phrases)


def _like_typed(core: str, question: str) -> str:
    """Return the rest of a question with a capital if that began with one."""
    return _sentence(core) if question.strip()[:1].isupper() else core


def _phrases(language: str) -> Phrases:
    return phrases_of(language if language in LANGUAGES else "en")


def _corrects(question: str, phrases: Phrases) -> bool:
    """Tell whether something says what was meant before: "I meant for the loan"."""
    core = _without_opening(question, phrases.follow)
    return bool(phrases.follow.corrections.match(core)) and _is_fragment(
        _without_opening(core, phrases.follow, corrections=True), phrases
    )


def _words(text: str) -> list[str]:
    return [word.casefold().replace("’", "'") for word in WORD.findall(text)]


def _without_opening(question: str, follow: Following, *, corrections: bool = False) -> str:
    """Return a question without "And", "What about" or, if so wanted, "I meant"."""
    core = question.strip()
    for pattern in (follow.openings, follow.corrections) if corrections else (follow.openings, follow.openings):
        if match := pattern.match(core):
            core = core[match.end() :] or core
    return core


def _is_fragment(core: str, phrases: Phrases) -> bool:
    """Tell whether something is no sentence: it doesn't ask, and is short."""
    words = _words(core)
    asking = phrases.question_words | phrases.auxiliaries
    return len(words) <= MOST_IN_FRAGMENT and not any(word in asking for word in words)


def _pointers(question: str, phrases: Phrases) -> list[re.Match[str]]:
    """Return the pronouns of a question for what no clause before them names."""
    follow, language = phrases.follow, phrases.language
    empty = [match.span() for match in follow.expletives.finditer(question)]
    found = [word for word in WORD.finditer(question) if not any(a <= word.start() < b for a, b in empty)]
    pointers = []
    for place, word in enumerate(found):
        text = word.group().casefold()
        is_pronoun = text in follow.pronouns or (
            text in follow.ambiguous and _stands_alone(found, place, question, language)
        )
        if is_pronoun and not _is_named_before(question, word, phrases):
            pointers.append(word)
    return pointers


def _is_named_before(question: str, pronoun: re.Match[str], phrases: Phrases) -> bool:
    """Tell whether what a pronoun points to is in its own question: in a clause before, or well before it."""
    ahead = question[: pronoun.start()]
    clauses = [match.start() for match in _CLAUSE.finditer(ahead)]
    if clauses and content_words(ahead[: clauses[-1]], phrases.language):
        return True
    if pronoun.group().casefold() in _OWNERS:
        return bool(chunks_of(ahead, phrases))
    if pronoun.group().casefold() in phrases.follow.comparing:
        return len(content_words(question, phrases.language)) >= ENOUGH
    return len(content_words(ahead, phrases.language)) >= ENOUGH


def _stands_alone(found: Sequence[re.Match[str]], place: int, question: str, language: str) -> bool:
    """Tell whether a word that may be an article or a conjunction is a pronoun here: no noun follows."""
    word = found[place]
    is_polite = language == "de" and place > 0 and word.group()[0] in "SI"  # Sie, Ihr
    if is_polite or question[: word.start()].rstrip().endswith(","):
        return False
    following = question[word.end() :].split()
    says = bool(following) and bool(content_words(following[0], language) or following[0][0].isdigit())
    if language == "de" and word.group() in {"das", "dies"} and says and not following[0][0].isupper():
        return any(map(str.isupper, question))  # who writes capitals gives nouns one, and this has none
    if language == "en" and word.group().casefold() == "that" and place and following:
        return not content_words(found[place - 1].group(), language)
    return not says


def _in_place(core: str, before: str, phrases: Phrases) -> str:
    """Return the question before with a fragment in place of what it differs in."""
    text, end = _END.sub("", core), _END.search(before)
    asked = before[: end.start()] if end else before
    words = _words(text)
    if not content_words(text, phrases.language) or _pointers(text, phrases):
        return _sentence(f"{asked}, {text}?")
    chunks = chunks_of(asked, phrases)
    if words[0] in phrases.follow.prepositions - phrases.follow.joiners:
        replaced = next((chunk for chunk in chunks if chunk.preposition == words[0]), None)
        coded = next((chunk for chunk in chunks if _CODED.search(chunk.text)), None)
        if replaced is None and coded and _CODED.search(text):  # "of the X100 … and for the X200?"
            named = text.partition(" ")[2]
            return _sentence(f"{asked[: coded.start_of(named, phrases)]}{named}{asked[coded.end :]}?")
        start = replaced.start_with_preposition if replaced else len(asked)
        return _sentence(f"{asked[:start].rstrip()} {text}{asked[replaced.end :] if replaced else ''}?")
    replaced = _like(text, chunks, phrases)
    if replaced is None:
        return _sentence(f"{asked}, {text}?")
    end_of_it = replaced.end_with_joined if set(words) & phrases.follow.joiners else replaced.end
    return _sentence(f"{asked[: replaced.start_of(text, phrases)]}{text}{asked[end_of_it:]}?")


def _like(text: str, chunks: Sequence[Chunk], phrases: Phrases) -> Chunk | None:
    """Return which noun phrase of the question before a new one takes the place of."""
    shared = next((chunk for chunk in chunks if _share_a_word(text, chunk.text, phrases.language)), None)
    if shared:
        return shared
    classes = (re.compile(r"\d"), *(() if phrases.language == "de" else (re.compile(r"(?<=.)\b[A-Z]"),)))
    for name in classes:
        if name.search(f" {text}") and (named := [chunk for chunk in chunks if name.search(f" {chunk.text}")]):
            return named[-1]
    if _words(text)[0] not in phrases.follow.determiners and not re.search(r"[A-Z\d]", text):
        return None
    return next((chunk for chunk in chunks if chunk.determined), chunks[0] if chunks else None)


def _share_a_word(text: str, other: str, language: str) -> bool:
    ours, theirs = content_words(text, language), content_words(other, language)
    return any(
        one == two or (min(len(one), len(two)) >= LEAST_SHARED and (one in two or two in one))
        for one in ours
        for two in theirs
    )


def _with_names(core: str, before: str, phrases: Phrases) -> str:
    """Return a question with what its pronoun points to; where that is unclear, with the words of the one before."""
    subject, comparing = subject_of(before, phrases), phrases.follow.comparing
    pointers = [word for word in _pointers(core, phrases) if word.group().casefold() not in comparing]
    if pointers and subject:
        word = pointers[0]
        is_owner = word.group().casefold() in _OWNERS and word.end() < len(_END.sub("", core))
        named = f"{subject}'s" if is_owner and phrases.language == "en" else subject
        return _sentence(f"{core[: word.start()]}{named}{core[word.end() :]}")
    if not content_words(core, phrases.language):
        return f"{_sentence(core)} {before}"
    if not pointers and len(content_words(core, phrases.language)) >= ENOUGH:
        return core
    present = set(analyze(core, phrases.language))
    missing = [
        word
        for word in WORD.findall(before)
        if (content_words(word, phrases.language) or word.isdecimal())
        and not present & set(analyze(word, phrases.language))
    ]
    return _sentence(f"{core} {' '.join(missing)}".strip())


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
