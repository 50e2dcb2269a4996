"""Makes text from any parser safe to store and pleasant to read."""

import re
import unicodedata

# What PostgreSQL refuses (NUL, lone surrogates), what nobody sees (controls, zero-width marks, direction
# overrides, tag characters that can hide a message) and noncharacters.
_UNWANTED = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069"
    "\ud800-\udfff\ufdd0-\ufdef\ufeff\ufff9-\ufffc\ufffe\uffff\U000e0000-\U000e007f]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_BLANKS = re.compile("[\t\u00a0\u1680\u2000-\u200a\u202f\u205f]")
# Ligatures and Arabic presentation forms stand for plain letters, but no search would find them.
_PRESENTATION = re.compile("[\ufb00-\ufdcf\ufdf0-\ufdff\ufe70-\ufefe]+")
_PRIVATE_BULLET = re.compile("[\uf020-\uf0ff]")
_SYMBOL_FONT = {"\uf0b7": "•", "\uf0a7": "•", "\uf0d8": "•", "\uf0fc": "✓", "\uf0e0": "→", "\uf0b0": "°", "\uf0b1": "±"}
_SPACES = re.compile(" {2,}")


def clean_text(text: str) -> str:
    """Return the text without characters that can't be stored or seen, with `\\n` as its only line break."""
    text = _LINE_ENDS.sub("\n", text)
    if _SURROGATE.search(text):
        # Two halves of one letter, written apart, are a letter.
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "ignore")
    text = _UNWANTED.sub("", text)
    if text.isascii():
        return text.replace("\t", " ")
    text = _BLANKS.sub(" ", text)
    text = _PRESENTATION.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)
    text = _PRIVATE_BULLET.sub(lambda match: _SYMBOL_FONT.get(match[0], " "), text)
    return unicodedata.normalize("NFC", text)


def one_line(text: str) -> str:
    """Return the clean text on a single line."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    return " ".join(clean_text(text).split())


def paragraph(text: str) -> str:
    """Return the clean text with its line breaks, each line trimmed, without empty lines."""
    lines = (_SPACES.sub(" ", line).strip() for line in clean_text(text).split("\n"))
    return "\n".join(line for line in lines if line)


def code(text: str) -> str:
    """Return the clean text with its indentation, tabs as four spaces, without empty lines round it."""
    lines = [line.rstrip() for line in clean_text(text.replace("\t", "    ")).split("\n")]
    while lines and not lines[0]:
        lines.pop(0)
    while lines and not lines[-1]:
        lines.pop()
    return "\n".join(lines)
