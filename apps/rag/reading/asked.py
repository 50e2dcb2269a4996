"""What a question asks for, as far as it can be told by its form: things by their names and codes, contact details."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from apps.rag.privacy_filter.figures import NUMBER_WORDS
from apps.rag.privacy_filter.names import fold, folded_words, is_named, names
from apps.rag.synonyms import widened
from apps.rag.understanding.phrases import LANGUAGES, phrases_of
from apps.rag.words import content_words

# Two capitals in a row are a name where every noun has one, too: "für die Apple Watch".
_PAIR = re.compile(r"(?<=\w )([A-ZÄÖÜ]\w+) ([A-ZÄÖÜ]\w+)")
MOST_WORDS_FOR_NAMES = 6  # of a longer question, a name that the documents don't have is one circumstance of many
_NOUNS_HAVE_CAPITALS = frozenset({"de"})
_TOKEN = re.compile(r"[^\W_]+(?:[._'’&/-][^\W_]+)*")
# Letters of scripts with spaces between words: in 什么是LC-34的测试 the code is LC-34, not all of it.
_CODE_LETTERS = "A-Za-z\u00c0-\u052f"
_CODE = re.compile(rf"[{_CODE_LETTERS}\d]+(?:[._'’&/-][{_CODE_LETTERS}\d]+)*")
_WORD_BY_WORD = re.compile(rf"[{_CODE_LETTERS}\d._'’&/-]+")
MOST_KEYWORDS = 3  # words
MOST_AROUND = 3  # words of "What is the …?"
_LONGEST_ABBREVIATION = 5  # letters that are the first ones of words
_JOINING = re.compile(r"\b(?:of|the|and|for|und|der|des|de|la|du|et)\b ?")  # words that abbreviations leave out
_TAKEN_FOR_EACH_OTHER = str.maketrans("01", "ol")  # when typed, or read from a scan


class Sought(StrEnum):
    """A kind of answer that can be told by its signs."""

    EMAIL = "email"
    PHONE = "phone"
    HOURS = "hours"
    NUMBER = "number"
    STEPS = "steps"


ADDRESSES = frozenset({Sought.EMAIL, Sought.PHONE})  # what holds none of these is no answer
CONTACTS = ADDRESSES | {Sought.HOURS}
# Content words of a question that seeks a contact; a longer one only mentions it.
_MOST_WORDS = {Sought.EMAIL: 5, Sought.PHONE: 4, Sought.HOURS: 3}


_STEP = re.compile(r"^\(?\d{1,2}[.)] ", re.MULTILINE)
_ADDRESS = re.compile(r"\S@\S")
_DIALLED = re.compile(r"\+?\d[\d ()/.\u00a0-]{4,}\d")
_FROM_TO = re.compile(
    r"\d{1,2}(?:[:.h]\d\d)?\s*(?:[ap]\.?m\.?|uhr|h)?\s*(?:[-–—~～]|to|till|until|bis|à|a|às|至|から)\s*\d{1,2}",
    re.IGNORECASE,
)
# In the nine languages of visitors; a question with one of these asks for that kind.
_ASKING: dict[Sought, re.Pattern[str]] = {
    Sought.EMAIL: re.compile(
        r"\b(?:e-?mail(?:[- ]?(?:address|adresse))?|courriel|correo(?: electrónico)?)\b"
        r"|メールアドレス|电子邮[件箱]|邮箱|البريد الإلكتروني|ईमेल",
        re.IGNORECASE,
    ),
    Sought.PHONE: re.compile(
        r"\b(?:(?:tele)?phone(?: number)?|hotline|telefon(?:nummer)?|téléphone|teléfono|telefone)\b"
        r"|電話番号|电话|電話|رقم الهاتف|फ़ोन|फोन",
        re.IGNORECASE,
    ),
    Sought.HOURS: re.compile(
        r"\b(?:open|opening (?:hours|times)|closing time|business hours|geöffnet|öffnungszeiten|offen|horaires|ouverts?"
        r"|horario|abiert[oa]s?|horário|abert[oa]s?)\b|営業時間|营业时间|開いて|开门|ساعات العمل|खुल",
        re.IGNORECASE,
    ),
    Sought.STEPS: re.compile(
        r"\bhow (?:do|can|should|to|does one)\b|\bwie (?:\w+ )?(?:ich|man|wir)\b|\bcomment\b|\bcómo\b|\bcomo\b"
        r"|如何|怎么|怎樣|どうやって|方法|كيف|कैसे",
        re.IGNORECASE,
    ),
    Sought.NUMBER: re.compile(
        r"\bhow (?:much|many|long|old|far|big|large|heavy|tall|high|hot|fast)\b"
        r"|\b(?:what|which) .{0,40}\b(?:costs?|price|fee)\b"
        r"|\bwie ?(?:viele?|lange|alt|weit|groß|schwer|hoch|teuer)\b|\b(?:was|wieviel) kostet\b|\bpreis\b"
        r"|\bcombien\b|\bprix\b|\bcuánt[oa]s?\b|\bprecio\b|\bquant[oa]s?\b|\bpreço\b"
        r"|多少|几个|多久|多长|价格|いくら|いくつ|値段|何[個分時日年人円]|كم|سعر|कितन|क़ीमत|कीमत",
        re.IGNORECASE,
    ),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """A question taken apart: the stems of its words, the things it names, and the kinds of answer it seeks.

    `codes` are names of letters and digits (RX-2207-D, E18), `named` are all other names.
    """

    words: frozenset[str] = field(repr=False)
    codes: tuple[str, ...] = field(default=(), repr=False)
    named: tuple[str, ...] = field(default=(), repr=False)
    sought: frozenset[Sought] = frozenset()
    is_keywords: bool = False  # a few words as typed into a search box, or after "What is the"
    typed: frozenset[str] = field(default=frozenset(), repr=False)  # its numbers and telling words, as in documents
    spelled: Mapping[str, str] = field(default_factory=dict, repr=False)  # each stem as the question has it


def asked_in(question: str, language: str) -> Asked:
    """Return what a question asks for. Contact details are sought by short questions; others only mention them."""
    tokens = _TOKEN.findall(question)
    codes = [code for code in _CODE.findall(question) if any(map(str.isdigit, code)) and any(map(str.isalpha, code))]
    words = content_words(question, language)
    spelled = {stem: token for token in reversed(tokens) for stem in content_words(token, language)}
    kinds = {kind for kind, pattern in _ASKING.items() if pattern.search(question)}
    return Asked(
        words=frozenset(words),
        codes=tuple(codes),
        named=_named(question, codes, language) if len(words) <= MOST_WORDS_FOR_NAMES else (),
        is_keywords=_are_keywords(tokens, frozenset(spelled.values()), language),
        sought=frozenset(kind for kind in kinds if len(words) <= _MOST_WORDS.get(kind, len(words))),
        typed=frozenset(_telling(widened(question, language), language)),
        spelled=spelled,
    )


def _are_keywords(tokens: Sequence[str], telling: frozenset[str], language: str) -> bool:
    """Tell whether a question is nothing but its telling words: "deposit e-bike", "What is the deposit?"."""
    around = [token for token in tokens if token not in telling]
    if not telling or not all(map(_WORD_BY_WORD.fullmatch, tokens)):
        return False
    if not around:
        return len(tokens) <= MOST_KEYWORDS
    asks = language in LANGUAGES and tokens[0].casefold() in phrases_of(language).question_words
    return asks and len(telling) < MOST_KEYWORDS and len(around) <= MOST_AROUND


def _telling(question: str, language: str) -> Iterator[str]:
    for word in re.findall(r"\w+", question.casefold()):
        if word.isdigit() or content_words(word, language):
            yield word


def _named(question: str, codes: Sequence[str], language: str) -> tuple[str, ...]:
    """Return the names in a question, without codes; none where it is written like a title, all in capitals."""
    found = {*names(question, language), *(fold(word) for pair in _PAIR.findall(question) for word in pair)}
    capitals = sum(word[:1].isupper() for word in question.split())
    if language not in _NOUNS_HAVE_CAPITALS and 2 * capitals > len(question.split()):
        return ()
    tokens = dict.fromkeys(token.removesuffix("'s").removesuffix("’s") for token in _TOKEN.findall(question))
    return tuple(token for token in tokens if fold(token) in found and token not in codes)


def missing_from(things: Iterable[str], text: str) -> list[str]:
    """Return the codes and names that a text doesn't have, however the signs and capitals of codes are written.

    An abbreviation may be written out: "United Methodist Church" has UMC. Of a joined name, its capitals must be there.
    """
    known = folded_words(text)
    bare = _bare(text)
    return [
        thing
        for thing in things
        if not is_named(fold(_capitals_of(thing)), known)
        and not (any(map(str.isdigit, thing)) and _bare(thing) in bare)
        and not _is_written_out(thing, text)
    ]


def _capitals_of(thing: str) -> str:
    """Return the parts of a joined name that have capitals, "Huguenot" of "Huguenot-descended"; all of a code."""
    parts = thing.split("-")
    capitals = [part for part in parts if part[:1].isupper()]
    return "-".join(capitals) if capitals and not any(map(str.isdigit, thing)) else thing


def _is_written_out(thing: str, text: str) -> bool:
    """Tell whether a text has words in a row that begin with the letters of an abbreviation."""
    if not (thing.isupper() and thing.isalpha() and 1 < len(thing) <= _LONGEST_ABBREVIATION):
        return False
    letters = r"[\w'’]*[ -]".join(rf"\b{letter}" for letter in thing)
    return re.search(letters, _JOINING.sub("", text)) is not None


def holds(sought: Sought, text: str) -> bool:
    """Tell whether a text has a sign of the kind of answer that is sought."""
    if sought is Sought.NUMBER:
        return any(map(str.isdigit, text)) or not NUMBER_WORDS.keys().isdisjoint(text.casefold().split())
    if sought is Sought.STEPS:
        return len(_STEP.findall(text)) > 1
    sign = {Sought.EMAIL: _ADDRESS, Sought.PHONE: _DIALLED, Sought.HOURS: _FROM_TO}[sought]
    return sign.search(text) is not None


def _bare(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold())).translate(_TAKEN_FOR_EACH_OTHER)
