"""What a question asks for, as far as it can be told by its form: things by their names and codes, contact details."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from apps.rag.privacy_filter.figures import NUMBER_WORDS
from apps.rag.privacy_filter.names import fold, folded_words, names
from apps.rag.words import content_words

# Two capitals in a row are a name where every noun has one, too: "für die Apple Watch".
_PAIR = re.compile(r"(?<=\w )([^\W\d_a-zß-ÿ]\w+) ([^\W\d_a-zß-ÿ]\w+)")
MOST_WORDS_FOR_CONTACT = 3  # content words
_TOKEN = re.compile(r"[^\W_]+(?:[._'’&/-][^\W_]+)*")


class Sought(StrEnum):
    """A kind of answer that can be told by its signs."""

    EMAIL = "email"
    PHONE = "phone"
    LINK = "link"
    NUMBER = "number"


_ADDRESS = re.compile(r"\S@\S")
_DIALLED = re.compile(r"\+?\d[\d ()/.\u00a0-]{4,}\d")
_WEB_ADDRESS = re.compile(r"https?://|www\.|\b[\w-]+\.[a-z]{2,}\b")
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
    Sought.LINK: re.compile(
        r"\b(?:link|url|web ?site|webseite|internetadresse|site web|sitio web|lien|enlace)\b", re.IGNORECASE
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

    `codes` are names of letters and digits (RX-2207-D, E18), `numbers` have digits only, `named` are all other names.
    """

    words: frozenset[str] = field(repr=False)
    codes: tuple[str, ...] = field(default=(), repr=False)
    numbers: tuple[str, ...] = field(default=(), repr=False)
    named: tuple[str, ...] = field(default=(), repr=False)
    sought: frozenset[Sought] = frozenset()
    spelled: Mapping[str, str] = field(default_factory=dict, repr=False)  # each stem as the question has it


def asked_in(question: str, language: str) -> Asked:
    """Return what a question asks for. Contact details are sought by short questions; others only mention them."""
    tokens = _TOKEN.findall(question)
    codes = [token for token in tokens if any(map(str.isdigit, token)) and any(map(str.isalpha, token))]
    found = (*names(question, language), *(fold(word) for pair in _PAIR.findall(question) for word in pair))
    words = content_words(question, language)
    kinds = {kind for kind, pattern in _ASKING.items() if pattern.search(question)}
    return Asked(
        words=frozenset(words),
        codes=tuple(codes),
        numbers=tuple(token for token in tokens if token.isdecimal() and len(token) > 1),
        named=tuple(dict.fromkeys(name for name in found if name not in map(fold, codes))),
        sought=frozenset(kinds if len(words) <= MOST_WORDS_FOR_CONTACT else kinds & {Sought.NUMBER}),
        spelled={stem: token for token in reversed(tokens) for stem in content_words(token, language)},
    )


def missing_from(things: Iterable[str], text: str) -> list[str]:
    """Return the codes and names that a text doesn't have, however their signs and capitals are written."""
    known = folded_words(text)
    bare = "".join(filter(str.isalnum, text.casefold()))
    return [thing for thing in things if fold(thing) not in known and _bare(thing) not in bare]


def holds(sought: Sought, text: str) -> bool:
    """Tell whether a text has a sign of the kind of answer that is sought."""
    if sought is Sought.NUMBER:
        return any(map(str.isdigit, text)) or not NUMBER_WORDS.keys().isdisjoint(text.casefold().split())
    sign = {Sought.EMAIL: _ADDRESS, Sought.PHONE: _DIALLED, Sought.LINK: _WEB_ADDRESS}[sought]
    return sign.search(text) is not None


def _bare(thing: str) -> str:
    return "".join(filter(str.isalnum, thing.casefold()))
