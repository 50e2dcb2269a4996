"""Texts hidden in encodings of bytes: base64, base32, base85, Ascii85, hex and binary; spaced or in lines too."""

import base64
import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Decoded = tuple[str, str]  # the name of the encoding, and the text

_GAP = r"[\W_]{0,8}"  # whatever may stand between two signs
_NO_BASE64 = re.compile(r"[^A-Za-z0-9+/]+")
_BASE64_WORD = re.compile(r"[A-Za-z0-9+/_-]{8,}")
_BASE32 = re.compile(rf"(?:[A-Z2-7]{_GAP}){{16,}}|\b(?=[a-z]*[2-7])[a-z2-7]{{14,}}\b|\b[a-z]{{28,}}\b")
_HEX_SIGNS = re.compile(r"0[xX]|\\[xX]|\\u00|[uU]\+00")
_HEX = re.compile(rf"(?:[0-9a-fA-F]{_GAP}){{8,}}")
_BINARY = re.compile(rf"(?:[01]{_GAP}){{24,}}")
_BITS = re.compile(r"[01]{7,8}")
_LONG = re.compile(r"\S{8,}")
_SIGN = re.compile(r"[!#$%&()+;<>?@^`{|}~\"'=]")
_SYMBOL = re.compile(r"[#$%&+<>@^`{|}~=]")
_SYMBOLS_TELL = 12  # such signs in a stretch of text: what is written one sign a line could be Ascii85
# What could be text: signs that print, and what UTF-8 makes of others.
_PRINTS = re.compile(
    rb"(?:[\x20-\x7e\t\n\r]|[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|\xf0[\x90-\xbf][\x80-\xbf]{2}){8,}"
)
_WHOLLY_PRINTS = re.compile(rb"[\x20-\x7e]{5,}")
_B85 = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"
_NO_VALUE = 255


def _table(alphabet: bytes) -> NDArray[np.uint8]:
    table = np.full(256, _NO_VALUE, np.uint8)
    table[list(alphabet)] = np.arange(len(alphabet), dtype=np.uint8)
    return table


_ASCII85_VALUES = _table(bytes(range(33, 118)))
_B85_VALUES = _table(_B85)
_BASE32_VALUES = _table(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")


def decoded_bytes(text: str) -> Iterator[Decoded]:
    """Yield every text that a stretch of text could be an encoding of."""
    yield from _base64(text)
    for match in _BASE32.finditer(text):
        letters = "".join(re.findall(r"[A-Za-z2-7]", match.group())).upper()
        yield from _from_bits("base32", _bits_of(_BASE32_VALUES[np.frombuffer(letters.encode(), np.uint8)], 5))
    for match in _HEX.finditer(_HEX_SIGNS.sub("", text)):
        digits = "".join(re.findall(r"[0-9a-fA-F]", match.group()))
        for start in (0, 1):
            even = digits[start : start + (len(digits) - start) // 2 * 2]
            yield from _readable("hex", bytes.fromhex(even))
    for match in _BINARY.finditer(text):
        yield "binary", "".join(chr(int(bits, 2)) for bits in _BITS.findall(match.group()))
        yield from _from_bits("binary", np.array([c == "1" for c in match.group() if c in "01"], np.uint8))
    yield from _base85(text)


def _base64(text: str) -> Iterator[Decoded]:
    for word in _BASE64_WORD.findall(text):
        if word.isalpha() and word[1:].islower():
            continue  # an ordinary word
        raw = base64.urlsafe_b64decode(_padded(word.replace("+", "-").replace("/", "_")))
        if _WHOLLY_PRINTS.fullmatch(raw):
            yield "base64", raw.decode()
    compact = _NO_BASE64.sub("", text.translate(_URL_SAFE))
    for start in range(4):
        yield from _readable("base64", base64.b64decode(_padded(compact[start:])))


_URL_SAFE = str.maketrans("-_", "+/")


def _padded(letters: str) -> str:
    """Return base64 letters with the end that a decoder wants; one letter too many says nothing."""
    if len(letters) % 4 == 1:
        letters = letters[:-1]
    return letters + "=" * (-len(letters) % 4)


def _base85(text: str) -> Iterator[Decoded]:
    parts = [part for part in _LONG.findall(text) if len(_SIGN.findall(part)) > 1]
    if len(_SYMBOL.findall(text)) >= _SYMBOLS_TELL:
        parts.append("".join(text.split()))
    for part in (*parts, "".join(parts) if len(parts) > 1 else ""):
        codes = np.frombuffer(part.removeprefix("<~").removesuffix("~>").encode("ascii", "ignore"), np.uint8)
        for name, table in (("ascii85", _ASCII85_VALUES), ("base85", _B85_VALUES)):
            values = table[codes]
            values = values[values != _NO_VALUE].astype(np.uint64)
            for start in range(min(5, len(values))):
                yield from _readable(name, _from_radix_85(values[start:]))


def _from_radix_85(values: NDArray[np.uint64]) -> bytes:
    """Return the bytes of base-85 digits, five for four bytes; the last group is filled up as the encoders do."""
    missing = -len(values) % 5
    groups = np.concatenate([values, np.full(missing, 84, np.uint64)]).reshape(-1, 5)
    numbers = groups @ np.array([85**4, 85**3, 85**2, 85, 1], np.uint64)
    return (numbers & np.uint64(0xFFFFFFFF)).astype(">u4").tobytes()[: len(groups) * 4 - missing]


def _bits_of(values: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Return the bits of values of `size` bits each, the highest first."""
    places = np.arange(size - 1, -1, -1, dtype=np.uint8)
    return ((values[:, None] >> places) & np.uint8(1)).ravel()


def _from_bits(name: str, bits: NDArray[np.uint8]) -> Iterator[Decoded]:
    """Yield what bits say, wherever the first byte begins."""
    for start in range(8):
        yield from _readable(name, np.packbits(bits[start:]).tobytes())


def _readable(name: str, raw: bytes) -> Iterator[Decoded]:
    """Yield the stretches of bytes that could be text, as one text."""
    # Of UTF-16 and UTF-32, plain letters have NULs between them.
    for text in (raw, raw.replace(b"\0", b"")) if b"\0" in raw else (raw,):
        if found := _PRINTS.findall(text):
            yield name, "\n".join(part.decode("utf-8", "ignore") for part in found)
