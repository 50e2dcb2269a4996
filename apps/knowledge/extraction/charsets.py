"""Finds out which charset a text really has, whatever it says, and decodes it."""

import codecs
import re

from charset_normalizer import from_bytes

_SAMPLE_BYTES = 32_768
_TOLERATED_DAMAGE = 0.002
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WIDE_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
# What browsers take a label for: the superset that people really mean.
_MEANT = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "latin_1": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "iso8859-8": "cp1255",
    "tis-620": "cp874",
}
_LATIN_SHARE = 0.35
_SHORT_TEXT = 80
_LATIN_SHARE_OF_SHORT = 0.6
_SIGN_AMID_LETTERS = re.compile(r"(?<=[^\W\d_])[“”„‚…«»€£§°•©®™·²³½±×¿¡ªº\u00a0](?=[^\W\d_])")
_PUNCTUATION = "“”‘’„‚–—…«»€£§°•©®™·²³½±×\u00a0"
_WESTERN = "éèêëàâäáãåæçíìîïñóòôöõøœúùûüßýÿÉÈÊÀÂÄÁÅÆÇÍÎÑÓÖÔØÚÜŒ¿¡ªº" + _PUNCTUATION
_CENTRAL = "ąćęłńóśźżáčďéěíňřšťúůýžľôőűăâîţşöüäđĄĆĘŁÓŚŻŹÁČĎÉĚÍŇŘŠŤÚŮÝŽŐŰĂÎŞŢÖÜ" + _PUNCTUATION
_BALTIC = "ąčęėįšųūžāēģīķļņõäöüĄČĖĮŠŲŪŽĀĒĢĪĶĻŅÕÄÖÜ" + _PUNCTUATION
_RARE_LETTERS = "õľôďťĎŤëòùìîœÎÒ"
# In order of preference where the letters don't decide.
_LATIN_LETTERS = {
    "cp1252": _WESTERN,
    "cp1250": _CENTRAL,
    "cp1254": "çğıöşüâîûÇĞİÖŞÜ" + _PUNCTUATION,
    "cp1257": _BALTIC,
    "mac_roman": _WESTERN,
    "cp850": _WESTERN,
    "iso8859_2": _CENTRAL,
    "cp852": _CENTRAL,
}
_HIGH_BYTES = re.compile(rb"[\x80-\xff]")
_MOJIBAKE = {bytes([byte]).decode("cp1252", "replace").replace("�", chr(byte)): byte for byte in range(0x80, 0x100)}
_TAIL = "".join(re.escape(char) for char, byte in _MOJIBAKE.items() if byte < 0xC0) + "".join(
    map(chr, range(0x80, 0xA0))
)
_TWICE_ENCODED = re.compile(f"[Â-ß][{_TAIL}]|[à-ï][{_TAIL}]{{2}}|[ð-ô][{_TAIL}]{{3}}")


def decode(data: bytes, *, declared: str = "") -> str:
    """Return the text of the bytes; `declared` is the charset that the file names, believed only if it fits."""
    for bom, charset in _BOMS:
        if data.startswith(bom):
            return data[len(bom) :].decode(charset, "replace")
    for charset in (_wide(data), "utf-8", known_charset(declared)):
        text = _decode_strictly(data, charset)
        if text is not None:
            return _mend_twice_encoded(text)
    mended = data.decode("utf-8", "replace")
    if mended.count("�") <= _TOLERATED_DAMAGE * len(mended):
        return mended
    return data.decode(_guess(data), "replace")


def is_wide(data: bytes) -> bool:
    """Tell whether the text has two or four bytes for each letter, so that its NULs are no sign of a binary file."""
    return data.startswith(_WIDE_BOMS) or bool(_wide(data))


def known_charset(label: str) -> str:
    """Return the Python codec for a charset label, empty if there is none that decodes text."""
    try:
        info = codecs.lookup(label.strip().strip("\"'"))
    except (LookupError, ValueError):
        return ""
    return _MEANT.get(info.name, info.name) if info._is_text_encoding else ""


def _decode_strictly(data: bytes, charset: str) -> str | None:
    if not charset:
        return None
    try:
        return data.decode(charset)
    except (UnicodeDecodeError, ValueError):
        return None


def _wide(data: bytes) -> str:
    """Recognise UTF-16 and UTF-32 without a byte order mark by where their NULs stand."""
    sample = data[:4096]
    if len(sample) < 4 or 0 not in sample:
        return ""
    zeros = [sample[offset::4].count(0) / max(1, len(sample[offset::4])) for offset in range(4)]
    if min(zeros[1:]) > 0.7 and zeros[0] < 0.1 and zeros[3] > 0.95:
        return "utf-32-le"
    if zeros[0] > 0.95 and zeros[3] < 0.1 and min(zeros[:3]) > 0.7:
        return "utf-32-be"
    even, odd = (zeros[0] + zeros[2]) / 2, (zeros[1] + zeros[3]) / 2
    if odd > 0.25 and even < 0.05:
        return "utf-16-le"
    return "utf-16-be" if even > 0.25 and odd < 0.05 else ""


def _guess(data: bytes) -> str:
    """Tell Latin charsets apart by the letters they would give; leave all other scripts to charset-normalizer."""
    sample = _telling_sample(data)
    letters = sum(map(bytes.isalpha, map(bytes, zip(sample, strict=True)))) or 1
    latin_share = _LATIN_SHARE if len(sample) >= _SHORT_TEXT else _LATIN_SHARE_OF_SHORT
    if len(_HIGH_BYTES.findall(sample)) < latin_share * letters:
        return max(_LATIN_LETTERS, key=lambda charset: _usual_share(sample, charset))
    # Without a single NUL, text is not of two or four bytes a letter, whatever its statistics say.
    unlikely = () if b"\0" in sample else ("utf_16", "utf_32")
    return next((match.encoding for match in from_bytes(sample) if not match.encoding.startswith(unlikely)), "cp1252")


def _usual_share(sample: bytes, charset: str) -> float:
    """Return how many of the characters beyond ASCII are usual in the languages that the charset is for."""
    text = sample.decode(charset, "replace")
    beyond = [char for char in text if char > "\x7f"]
    usual = [char for char in beyond if char in _LATIN_LETTERS[charset]]
    marks, rare = sum(char in _PUNCTUATION for char in usual), sum(char in _RARE_LETTERS for char in usual)
    amid = len(_SIGN_AMID_LETTERS.findall(text))
    preferred = 0.05 if charset == "cp1252" else 0.0
    return (len(usual) - 0.2 * marks - 0.6 * rare - amid) / max(1, len(beyond)) + preferred


def _telling_sample(data: bytes) -> bytes:
    """Return the part that holds the bytes which tell charsets apart."""
    first = _HIGH_BYTES.search(data)
    start = max(0, first.start() - _SAMPLE_BYTES // 2) if first else 0
    return data[start : start + _SAMPLE_BYTES]


def _mend_twice_encoded(text: str) -> str:
    """Undo UTF-8 that was read as Western and written as UTF-8 again ("â€“" for a dash), where that is beyond doubt."""
    if "â€" not in text and "â\x80" not in text:
        return text
    return _TWICE_ENCODED.sub(_once, text)


def _once(match: re.Match[str]) -> str:
    data = bytes(_MOJIBAKE.get(char, ord(char) & 0xFF) for char in match[0])
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return match[0]
