"""Undoes what a text may be dressed up as: encodings, other alphabets, invisible carriers."""

import base64
import binascii
import html
import re
from collections.abc import Callable, Iterator
from urllib.parse import unquote

LETTERS = "abcdefghijklmnopqrstuvwxyz"
SIGNS = (
    ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --.."
    " ----- .---- ..--- ...-- ....- ..... -.... --... ---.. ----."
)
MORSE = dict(zip(SIGNS.split(), f"{LETTERS}0123456789", strict=True))
CALLED = (
    "alfa alpha bravo charlie delta echo foxtrot golf hotel india juliett juliet kilo lima mike november oscar papa"
    " quebec romeo sierra tango uniform victor whiskey whisky x-ray xray yankee zulu"
)
NATO = frozenset(CALLED.split())
COUNTED = "zero one two three four five six seven eight nine"
DIGITS = dict(zip(COUNTED.split(), "0123456789", strict=True))
# The dots of the letters a to z, as offsets into Unicode's block of Braille patterns.
BRAILLE = dict(
    zip(
        (1, 3, 9, 25, 17, 11, 27, 19, 10, 26, 5, 7, 13, 29, 21, 15, 31, 23, 14, 30, 37, 39, 58, 45, 61, 53),
        "abcdefghijklmnopqrstuvwxyz",
        strict=True,
    )
)
LEET = str.maketrans("4301578@$!|", "aeoistbasil")
LEET_WITH_L = str.maketrans("4301578@$!|", "aeolstbasll")
# What looks like a Latin letter, each before the letter it looks like.
PAIRS = (
    "аa вb сc ԁd еe ѕs іi јj ӏl мm нh оo рp ԛq гr тt уy хx ѵv ԝw кk Аa Вb Сc Еe Ѕs Іi Јj Кk Мm Нh Оo Рp Тt Хx Уy ɑa"
    " ᴄc ᴅd ᴇe ϳj ᴋk ᴍm ɴn οo ρp ᴛt υu νv ωw χx γy αa βb εe ιi κk τt Αa Βb Εe Ζz Ηh Ιi Κk Μm Νn Οo Ρp Τt Υy Χx ıi"
    " ɡg ʟl"
)
LOOK_ALIKES = {ord(pair[0]): pair[1] for pair in PAIRS.split()}
Decoder = Callable[[str], Iterator[str]]


def from_base64(text: str) -> Iterator[str]:
    for run in re.findall(r"[A-Za-z0-9+/_-]{12,}", text) + re.findall(r"[A-Za-z0-9+/_-]{12,}", "".join(text.split())):
        for start in range(4):  # the run may have begun before the code
            whole = run[start:].replace("-", "+").replace("_", "/")
            whole = whole[:-1] if len(whole) % 4 == 1 else whole
            yield from readable(base64.b64decode, whole + "=" * (-len(whole) % 4))


def from_base32(text: str) -> Iterator[str]:
    for run in re.findall(r"[A-Za-z2-7]{12,}", "".join(text.split())):
        yield from readable(base64.b32decode, run.upper()[: len(run) // 8 * 8])
        yield from readable(base64.b32decode, run.upper() + "=" * (-len(run) % 8))


def from_base85(text: str) -> Iterator[str]:
    for run in re.findall(r"[!-~]{15,}", text):
        inner = run.removeprefix("<~").removesuffix("~>")
        yield from readable(base64.a85decode, inner)
        yield from readable(base64.b85decode, inner)


def from_hex(text: str) -> Iterator[str]:
    for run in re.findall(r"(?:(?:0x|\\x|%)?[0-9a-fA-F]{2}[\s,:;-]*){6,}", text):
        yield from readable(binascii.unhexlify, re.sub(r"0x|\\x|[^0-9a-fA-F]", "", run))


def from_numbers(text: str) -> Iterator[str]:
    """Code points in decimal, octal, binary and Unicode's own form, and letters by their place in the alphabet."""
    for run in re.findall(r"(?:\d{1,3}[\s,;./-]+){5,}\d{1,3}", text):
        numbers = [int(number) for number in re.findall(r"\d+", run)]
        yield "".join(chr(number) for number in numbers if 31 < number < 256)
        yield "".join(chr(96 + number) for number in numbers if 0 < number < 27)
    for digits, base in ((r"[01]{7,8}", 2), (r"[0-7]{3}", 8)):
        for run in re.findall(rf"(?:{digits}\s*){{5,}}", text):
            yield "".join(chr(int(one, base)) for one in re.findall(digits, run))
    named = re.findall(r"(?:U\+|\\u\{?|\\U|&#x)([0-9a-fA-F]{2,8})", text)
    if named:
        yield "".join(chr(int(one, 16)) for one in named if int(one, 16) < 0x110000)


def from_escapes(text: str) -> Iterator[str]:
    if "%" in text:
        yield unquote(text)
    if "&" in text:
        yield html.unescape(html.unescape(text))


def from_morse(text: str) -> Iterator[str]:
    plain = text.translate(str.maketrans("·•−–—_", "..----"))
    if len(re.findall(r"[.-]{1,5}(?=[\s/|])", plain)) >= 5:
        yield "".join(MORSE.get(sign, "") if sign != "/" else " " for sign in re.findall(r"[.-]+|/", plain))


def from_spelling(text: str) -> Iterator[str]:
    words = re.findall(r"[a-z]+(?:-ray)?", text.casefold())
    spelled = [DIGITS.get(word) or (word[0] if word in NATO else "") for word in words]
    if sum(map(bool, spelled)) >= 4:
        yield "".join(spelled)
        yield " ".join(DIGITS.get(word, word) for word in words)


def from_signs(text: str) -> Iterator[str]:
    """Braille, and letters as regional indicators, squared or circled."""
    if any(0x2800 < ord(one) < 0x2900 for one in text):
        yield "".join(BRAILLE.get(ord(one) - 0x2800, " ") for one in text)
    for first in (0x1F1E6, 0x1F130, 0x1F150, 0x1F170, 0x24D0, 0x24B6):
        letters = "".join(chr(97 + ord(one) - first) for one in text if first <= ord(one) < first + 26)
        if len(letters) >= 4:
            yield letters


def from_invisible(text: str) -> Iterator[str]:
    """Tag characters, variation selectors as bytes, and two zero-width characters as bits."""
    yield "".join(chr(ord(one) - 0xE0000) for one in text if 0xE0020 <= ord(one) < 0xE007F)
    carried = [ord(one) - 0xFE00 for one in text if 0xFE00 <= ord(one) < 0xFE10]
    carried += [ord(one) - 0xE0100 + 16 for one in text if 0xE0100 <= ord(one) < 0xE01F0]
    yield bytes(carried).decode("utf-8", "replace")
    hidden = re.findall("[\u200b\u200c\u200d\u2060\ufeff]", text)
    for zero in set(hidden):
        bits = "".join("0" if one == zero else "1" for one in hidden)
        yield "".join(chr(int(bits[place : place + 8], 2)) for place in range(0, len(bits) - 7, 8))


def from_disguise(text: str) -> Iterator[str]:
    yield text.translate(LOOK_ALIKES)
    yield text.translate(LEET)
    yield text.translate(LEET_WITH_L)


def readable(decode: Callable[[str], bytes], run: str) -> Iterator[str]:
    """Yield what a run decodes to, when that looks like text."""
    try:
        text = decode(run).decode("utf-8", "replace")
    except (ValueError, binascii.Error):
        return
    if text and sum(one.isprintable() or one.isspace() for one in text) >= 0.8 * len(text):
        yield text


DECODERS: tuple[Decoder, ...] = (
    from_base64, from_base32, from_base85, from_hex, from_numbers, from_escapes, from_morse, from_spelling, from_signs,
    from_invisible, from_disguise,
)  # fmt: skip
