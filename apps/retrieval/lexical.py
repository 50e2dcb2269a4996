"""Words for keyword search: what of a text is indexed, and how BM25 weighs it.

    BM25(query, passage) = Σ over the query's terms of  query weight · idf(term) · term weight in the passage

so a passage is a sparse vector of term weights, a query one of idf-weighted counts, and BM25 their inner product.
"""

import functools
import hashlib
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

from py_rust_stemmers import SnowballStemmer

from apps.retrieval.languages import UNDETERMINED, detect_language
from apps.retrieval.question_words import without_question_words
from apps.retrieval.stop_words import STOP_WORDS

__all__ = ["UNDETERMINED", "analyze", "detect_language", "idf", "query_terms", "term_id", "term_weights", "word_terms"]

# The highest index that pgvector's sparsevec can hold.
_HIGHEST_TERM_ID = 1_000_000_000
K1 = 1.2
B = 0.75
_LONGEST_TOKEN = 64
_CACHED_WORDS = 100_000

_STEMMERS = {
    code: SnowballStemmer(name)
    for code, name in {
        "ar": "arabic", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish",
        "fi": "finnish", "fr": "french", "hu": "hungarian", "it": "italian", "nl": "dutch", "no": "norwegian",
        "pt": "portuguese", "ro": "romanian", "ru": "russian", "sv": "swedish", "ta": "tamil", "tr": "turkish",
        # A text too short to tell is English more often than anything else; to others this stemmer does little.
        UNDETERMINED: "english",
    }.items()
}  # fmt: skip

# Scripts that put no space between words (Korean does, but joins particles to them): their runs become bigrams.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff"
    "\u3131-\u318e\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff"
)
# Combining marks that belong to a word although `\w` leaves them out.
_MARKS = "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0900-\u0963\u0966-\u0dff"
_RUN = rf"[^\W_{_UNSPACED}](?:[^\W_{_UNSPACED}]|[{_MARKS}])*"
# A run in an unspaced script, or a word with single signs inside: user_id, RX-200, 3.5, node.js, l'eau, C++.
_WORD = re.compile(rf"[{_UNSPACED}]+|{_RUN}(?:(?:[-_.']|(?<=\d),(?=\d)){_RUN})*(?:\+\+|#)?")
_ASCII_WORD = re.compile(r"[A-Za-z0-9]+(?:(?:[-_.']|(?<=[0-9]),(?=[0-9]))[A-Za-z0-9]+)*(?:\+\+|#)?")
_UNSPACED_RUN = re.compile(rf"[{_UNSPACED}]+")
_SIGN = re.compile(r"[-_.,'+#]+")
# Where a word without signs has a joint: letter next to digit, or small next to capital as in maxRetries.
_JOINT = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=\d)(?=[^\W\d_])|(?<=[^\W\d_])(?=\d)")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_ENGLISH_ENDINGS = frozenset({"s", "ll", "re", "ve", "d", "m"})
_ELIDED = frozenset(
    {"l", "d", "j", "m", "t", "s", "c", "n", "qu", "un", "all", "dall", "dell", "nell", "sull", "jusqu"}
)
_ELIDING_LANGUAGES = frozenset({"fr", "it", "ca"})
# What people type when they have no umlauts: Strasse is done by casefold, fuer and Geraet here.
_GERMAN_DIGRAPH = re.compile(r"ae|oe|(?<![aeiouyq])ue")
_ANY_DIGRAPH = re.compile(r"[aoAO]e|(?<![aeiouyqAEIOUYQ])[uU]e")
_WITHOUT_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})
_ARABIC_ARTICLE = re.compile(r"^(?:[وفبك]?ال|لل)(?=...)")
# In Cyrillic й is a letter of its own; only ё is left out by habit.
_CYRILLIC = re.compile("[\u0400-\u052f]")
# Richly inflected languages without a stemmer here: the beginning of a word serves as its stem.
_INFLECTED = frozenset({"bg", "cs", "et", "hr", "lt", "lv", "pl", "sk", "sl", "sr", "uk"})
_PREFIX = 6
# Signs that are invisible or have an everyday twin.
_CLEAN = str.maketrans({"\u00ad": "", "\u200b": "", "\u200c": "", "\u200d": "", "\u2010": "-", "\u2011": "-", "’": "'"})
# Accents that are often left out; marks of Indic and Thai words carry vowels and stay.
_ACCENTS = dict.fromkeys([*range(0x300, 0x370), *range(0x591, 0x5C8), *range(0x64B, 0x660), 0x670, 0x640])
_BASE_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "ð": "d", "þ": "th", "ё": "е"}
)


def analyze(text: str, language: str | None = None) -> list[str]:
    """The terms of a text in its language, in order and with repetitions; index and query must both come from here."""
    code = language or UNDETERMINED
    if text.isascii():
        words = _ASCII_WORD.findall(text)
    else:
        words = _WORD.findall(unicodedata.normalize("NFKC", text).translate(_CLEAN))
    return [token for word in words for token in _tokens(word, code)]


def query_terms(text: str, languages: Iterable[str]) -> dict[int, float]:
    """Term id → how often the question has it, analysed in every language that the chatbot's passages are in.

    A few words don't tell their language reliably. A stem that only another language makes matches next to nothing.
    "Groessmann" and "Größmann" find each other, and what only asks in Chinese and Japanese has no terms.
    """
    asked = without_question_words(text)
    spellings = {asked, asked.translate(_WITHOUT_UMLAUTS), _with_umlauts(asked)}
    counts: Counter[str] = Counter()
    for language in set(languages) or {UNDETERMINED}:
        for spelling in spellings:
            counts |= Counter(analyze(spelling, language))
    return {term_id(token): float(count) for token, count in counts.items()}


def word_terms(word: str, languages: Iterable[str]) -> set[int]:
    """The term ids of one word in each language. For words that hardly anybody types: nothing of it is cached."""
    tokens = {token for language in languages for token in _tokens.__wrapped__(word, language)}
    return {term_id.__wrapped__(token) for token in tokens}


def _with_umlauts(text: str) -> str:
    return _ANY_DIGRAPH.sub(lambda digraph: "äöüÄÖÜ"["aouAOU".index(digraph[0][0])], text)


def term_weights(tokens: Sequence[str], *, average_length: float) -> dict[int, float]:
    """Term id → its BM25 weight in this passage: grows with its count and levels off, sooner in a short passage."""
    norm = K1 * (1 - B + B * len(tokens) / max(average_length, 1.0))
    return {term_id(token): count * (K1 + 1) / (count + norm) for token, count in Counter(tokens).items()}


def idf(document_frequency: float, document_count: float) -> float:
    """How much a term tells: high for a rare one, just above 0 for one that is everywhere."""
    return math.log(1 + (document_count - document_frequency + 0.5) / (document_frequency + 0.5))


@functools.lru_cache(maxsize=_CACHED_WORDS)
def term_id(token: str) -> int:
    """The same number on every machine and in every process, in 1..1,000,000,000."""
    digest = hashlib.blake2b(token.encode(errors="replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big") % _HIGHEST_TERM_ID + 1


@functools.lru_cache(maxsize=_CACHED_WORDS)
def _tokens(word: str, language: str) -> tuple[str, ...]:
    """The terms of one word; cached, because texts repeat their words and stemming is the costly part."""
    if _UNSPACED_RUN.match(word):
        return _bigrams(word)
    if word.isalpha() and word[1:] == word[1:].lower():
        return _stemmed(word, language)
    if "'" in word:
        return _with_apostrophe(word, language)
    return _compound(word, language)


def _stemmed(word: str, language: str) -> tuple[str, ...]:
    """The stem without accents; nothing for a stop word.

    Stemmers need the accents and people leave them out, so a word with accents also gives the stem it has without.
    """
    lowered = word.casefold()
    if language == "de":
        lowered = _GERMAN_DIGRAPH.sub(lambda digraph: "äöü"["aou".index(digraph[0][0])], lowered)
    elif language == "ar":
        lowered = _ARABIC_ARTICLE.sub("", lowered)
    if lowered in STOP_WORDS.get(language, ()):
        return ()
    stem = _folded(_stem(lowered, language))
    bare = stem if lowered.isascii() else _folded(_stem(_folded(lowered), language))
    return tuple(term for term in dict.fromkeys((stem, bare)) if term)


def _stem(word: str, language: str) -> str:
    if stemmer := _STEMMERS.get(language):
        return str(stemmer.stem_word(word))
    return word[:_PREFIX] if language in _INFLECTED else word


def _folded(word: str) -> str:
    """Without accents, and not too long for an index."""
    if not word.isascii():
        word = word.casefold()
        if not _CYRILLIC.match(word):
            word = unicodedata.normalize("NFC", unicodedata.normalize("NFD", word).translate(_ACCENTS))
        word = word.translate(_BASE_LETTERS)
    return word[:_LONGEST_TOKEN]


def _bigrams(run: str) -> tuple[str, ...]:
    return tuple(run[place : place + 2] for place in range(max(len(run) - 1, 1)))


def _with_apostrophe(word: str, language: str) -> tuple[str, ...]:
    """company's → company, l'eau → eau, Ankara'da → Ankara, don't → dont, O'Brien → obrien and its parts."""
    head, _, tail = word.rpartition("'")
    if language == "tr" or (language not in _ELIDING_LANGUAGES and tail.lower() in _ENGLISH_ENDINGS):
        return _tokens(head, language)
    if language in _ELIDING_LANGUAGES and head.lower() in _ELIDED:
        return _tokens(tail, language)
    if len(tail) == 1:
        return _stemmed(word.replace("'", ""), language)
    return _compound(word, language)


def _compound(word: str, language: str) -> tuple[str, ...]:
    """A word with signs or joints inside: as a whole, so that RX-200, rx200 and RX_200 are one, and its parts."""
    parts = [part for piece in _SIGN.split(word) if piece for part in _JOINT.split(piece)]
    if word[-1] in "+#":
        return (word.lower(),)
    if all(map(str.isdecimal, parts)):
        return _number(word, parts)
    joined = _SIGN.sub("", word)
    whole = _stemmed(joined, language) if joined.isalpha() else (_folded(joined.casefold()),)
    if len(parts) == 1:
        return whole
    return (*whole, *(token for part in parts for token in _stemmed(part, language)))


def _number(word: str, parts: list[str]) -> tuple[str, ...]:
    """1,000 → 1000, 3.5 stays whole, 2024-05-01 and 555-1234 give their parts too."""
    if _THOUSANDS.fullmatch(word):
        return (word.replace(",", ""),)
    return (word, *parts) if "-" in word or len(parts) > 2 else (word,)
