"""Tells kinds of text apart: e-mail, HTML, JSON Lines, delimited columns, Markdown, plain text."""

import json
import re

from apps.core.error_handling import UnknownFormatError
from apps.knowledge.extraction.charsets import decode, is_wide
from apps.knowledge.extraction.delimiters import find_delimiter
from apps.knowledge.extraction.kinds import FileKind

_SAMPLE_BYTES = 65_536
_CONTROL_BYTES = bytes([*range(9), *range(14, 27), *range(28, 32), 127])
_BINARY_SHARE = 0.06
_BY_NAME = {
    "html": FileKind.HTML,
    "htm": FileKind.HTML,
    "xhtml": FileKind.HTML,
    "md": FileKind.MARKDOWN,
    "markdown": FileKind.MARKDOWN,
    "csv": FileKind.DELIMITED,
    "tsv": FileKind.DELIMITED,
    "tab": FileKind.DELIMITED,
    "jsonl": FileKind.JSON_LINES,
    "ndjson": FileKind.JSON_LINES,
}
_MAIL_FIELD = re.compile(
    r"^(From|To|Cc|Subject|Date|Received|Message-ID|MIME-Version|Return-Path|Delivered-To|Content-Type|Reply-To|"
    r"DKIM-Signature|Content-Transfer-Encoding|Sender|X-[\w-]+|Authentication-Results|ARC-[\w-]+|Thread-Topic)[ \t]*:",
    re.IGNORECASE | re.MULTILINE,
)
_FIRST_FIELD = re.compile(r"(?:>?From \S.*\n)?[A-Za-z][A-Za-z0-9-]*[ \t]*:")
_PROLOGUE = re.compile(r"(?:\s|<\?xml.*?\?>|<!--.*?-->)*", re.DOTALL)
_HTML_ROOT = re.compile(r"<(?:!doctype\s+html|html|head|body|title|meta|script|style)\b", re.IGNORECASE)
_HTML_TAG = re.compile(
    r"</?(?:p|div|h[1-6]|table|t[rdh]|ul|ol|li|br|span|a|b|i|strong|em|font|center)\b[^<>]*>", re.IGNORECASE
)
_MARKDOWN_SIGNS = tuple(
    re.compile(sign, re.MULTILINE)
    for sign in (
        r"^#{1,6} +\S",
        r"^(?:```|~~~)",
        r"\[[^\]\n]+\]\([^)\s]+\)",
        r"^\|?(?: *:?-{3,}:? *\|)+",
        r"\*\*[^*\n]+\*\*",
        r"^[*+-] +\S",
    )
)


def looks_binary(data: bytes) -> bool:
    """Tell whether the bytes are no text in any charset."""
    sample = data[:_SAMPLE_BYTES].rstrip(b"\0")
    controls = len(sample) - len(sample.translate(None, _CONTROL_BYTES))
    return not is_wide(sample) and controls > _BINARY_SHARE * len(sample)


def text_kind(data: bytes, extension: str) -> FileKind:
    """Return the kind of a text; the extension decides only where the content fits several kinds."""
    text = decode(data[:_SAMPLE_BYTES]).lstrip("\ufeff\0 \t\r\n")
    complete = len(data) <= _SAMPLE_BYTES
    named = _BY_NAME.get(extension)
    if _is_mail(text, named_so=extension in {"eml", "mht", "mhtml"}):
        return FileKind.EMAIL
    if _is_html(text, named):
        return FileKind.HTML
    if _is_json_lines(text, named, complete=complete):
        return FileKind.JSON_LINES
    if named in {FileKind.MARKDOWN, FileKind.DELIMITED}:
        return named
    if text.startswith(("<?xml", "<svg")):
        raise UnknownFormatError(
            "Tacit can't read XML of this kind. Save it as HTML, DOCX, PDF or text and upload that."
        )
    if _is_delimited(text if complete else text[: text.rfind("\n") + 1]):
        return FileKind.DELIMITED
    return FileKind.MARKDOWN if _is_markdown(text, plain=bool(extension)) else FileKind.TEXT


def _is_mail(text: str, *, named_so: bool) -> bool:
    head = re.split(r"\r?\n\r?\n", text, maxsplit=1)[0]
    names = {name.lower() for name in _MAIL_FIELD.findall(head)}
    if named_so:
        return bool(names)
    return (
        _FIRST_FIELD.match(text) is not None and len(names) >= 3 and bool(names & {"from", "received", "mime-version"})
    )


def _is_html(text: str, named: FileKind | None) -> bool:
    start = _PROLOGUE.match(text)
    body = text[start.end() if start else 0 :][:20_000]
    if _HTML_ROOT.match(body):
        return True
    if named is FileKind.HTML:
        return "<" in body
    return named is None and body.startswith("<") and len(_HTML_TAG.findall(body)) >= 3


def _is_json_lines(text: str, named: FileKind | None, *, complete: bool) -> bool:
    if named is FileKind.JSON_LINES:
        return True
    lines = [line for line in text.split("\n")[:20] if line.strip()]
    if not text.startswith("{") or named is not None:
        return False
    if len(lines) > 1 and not complete:
        lines = lines[:-1]
    return sum(map(_is_record, lines)) > len(lines) / 2


def _is_record(line: str) -> bool:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        # The first record may be longer than the sample.
        return len(line) > _SAMPLE_BYTES // 2 and '"text"' in line
    return isinstance(record, dict) and ("text" in record or "title" in record)


def _is_delimited(text: str) -> bool:
    """Ask for more regularity than a reader would: lines of prose hold commas too."""
    found = find_delimiter(text)
    if found is None or found.rows < 3 or found.share < 0.95 or found.longest > 400:
        return False
    if found.character in "\t;":
        return True
    loose = text.count(found.character + " ") > 0.3 * text.count(found.character)
    return found.character == "," and found.rows >= 4 and found.columns >= 3 and not loose


def _is_markdown(text: str, *, plain: bool) -> bool:
    """A name that doesn't say Markdown asks for two different signs of it."""
    signs = sum(sign.search(text) is not None for sign in _MARKDOWN_SIGNS)
    return signs >= 2 + plain or (signs >= 2 and _MARKDOWN_SIGNS[0].search(text) is not None)
