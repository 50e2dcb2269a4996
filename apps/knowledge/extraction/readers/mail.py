"""Reads e-mails: subject, sender, date and text as one document, each attachment that can be read as another."""

import binascii
import email
import email.policy
from collections.abc import Iterator
from email.header import decode_header
from email.message import Message
from email.utils import parsedate_to_datetime

from apps.core.chunking.blocks import Block, BlockKind
from apps.core.error_handling import DocumentError, EncryptedDocumentError
from apps.knowledge.extraction.charsets import decode, known_charset
from apps.knowledge.extraction.cleaning import one_line
from apps.knowledge.extraction.markup_fragment import read_fragment
from apps.knowledge.extraction.plain_text import text_blocks
from apps.knowledge.extraction.results import ExtractedDocument, ExtractedFile, ExtractionWarning
from apps.knowledge.extraction.source import SourceFile

_SEALED = {"application/pkcs7-mime", "application/x-pkcs7-mime", "multipart/encrypted", "application/pgp-encrypted"}
_SIGNATURES = {"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"}
_MOST_PARTS = 500


def read(source: SourceFile) -> ExtractedFile:
    """Return the message and what is attached to it."""
    data = source.data.lstrip(b"\r\n\t \xef\xbb\xbf")
    # The old policy never raises on malformed headers; they are decoded here.
    message = email.message_from_bytes(data, policy=email.policy.compat32)
    subject = _header(message, "Subject")
    body: list[Block] = []
    documents: list[ExtractedDocument] = []
    warnings: list[ExtractionWarning] = []
    sealed = False
    for part in _leaves(message):
        sealed = sealed or part.get_content_type() in _SEALED
        if _is_body(part):
            body += _part_blocks(part)
        elif part.get_content_type() not in _SIGNATURES | _SEALED:
            _attachment(part, source, documents, warnings)
    if (sealed or message.get_content_type() in _SEALED) and not body and not documents:
        raise EncryptedDocumentError(
            "The e-mail is encrypted. Decrypt it in your mail program, save it anew and upload that."
        )
    blocks = (*_opening(message, subject), *body)
    documents.insert(0, ExtractedDocument(title=subject or source.stem, blocks=blocks))
    return ExtractedFile(documents=tuple(documents), warnings=tuple(warnings))


def _opening(message: Message, subject: str) -> Iterator[Block]:
    if subject:
        yield Block(kind=BlockKind.HEADING, text=subject, level=1)
    facts = [f"{name}: {text}" for name in ("From", "To", "Cc", "Date") if (text := _fact(message, name))]
    if facts:
        yield Block(kind=BlockKind.PARAGRAPH, text="\n".join(facts))


def _fact(message: Message, name: str) -> str:
    text = _header(message, name)
    if name != "Date" or not text:
        return text
    try:
        return parsedate_to_datetime(text).strftime("%Y-%m-%d %H:%M")
    except (ValueError, TypeError, OverflowError):
        return text


def _header(message: Message, name: str) -> str:
    """Return a header's text; what is not encoded as it should be is read in the charset that it seems to have."""
    raw = message.get(name)
    if raw is None:
        return ""
    pieces = []
    for piece, charset in decode_header(raw):
        data = piece.encode("utf-8", "surrogateescape") if isinstance(piece, str) else piece
        pieces.append(decode(data, declared=charset or ""))
    return one_line("".join(pieces))


def _leaves(message: Message) -> Iterator[Message]:
    """Yield the parts that hold content: of alternatives the richest that can be read, of messages the message."""
    pending, count = [message], 0
    while pending and count < _MOST_PARTS:
        part, count = pending.pop(), count + 1
        if part.get_content_type() in _SEALED or (part is not message and part.get_content_type() == "message/rfc822"):
            yield part
        elif part.get_content_type() == "multipart/alternative":
            pending.append(_best_alternative(part))
        elif part.is_multipart():
            pending += reversed(_children(part))
        else:
            yield part


def _children(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [child for child in payload if isinstance(child, Message)] if isinstance(payload, list) else []


def _best_alternative(part: Message) -> Message:
    """Prefer HTML for its structure, unless it holds no text; then plain text; then what comes last."""
    choices = _children(part)
    for wanted in ("text/html", "text/plain"):
        for choice in choices:
            inner = [leaf for leaf in choice.walk() if leaf.get_content_type() == wanted]
            if inner and _part_blocks(inner[0]):
                return choice
    return choices[-1] if choices else Message()


def _is_body(part: Message) -> bool:
    is_text = part.get_content_type() in {"text/plain", "text/html", "text/enriched"}
    return is_text and part.get_content_disposition() != "attachment" and not _file_name(part)


def _part_blocks(part: Message) -> list[Block]:
    text = decode(_content(part), declared=known_charset(str(part.get_content_charset() or "")))
    if part.get_content_type() == "text/html" or text.lstrip()[:6].lower() in {"<html>", "<!doct"}:
        return read_fragment(text)
    return text_blocks(text)


def _content(part: Message) -> bytes:
    if part.get_content_type() == "message/rfc822":
        inner = b"\n".join(child.as_bytes() for child in _children(part))
        # Some programs encode an attached message as they encode a file.
        encoded = str(part.get("Content-Transfer-Encoding", "")).strip().lower() == "base64"
        return binascii.a2b_base64(inner) if encoded else inner
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _file_name(part: Message) -> str:
    try:
        name = part.get_filename() or ""
    except (ValueError, TypeError, LookupError):
        name = ""
    pieces = decode_header(name) if name else []
    return one_line(
        "".join(decode(text, declared=label or "") if isinstance(text, bytes) else text for text, label in pieces)
    )


def _attachment(
    part: Message, source: SourceFile, documents: list[ExtractedDocument], warnings: list[ExtractionWarning]
) -> None:
    in_the_text = part.get_content_disposition() != "attachment" or "Content-ID" in part
    if part.get_content_maintype() == "image" and in_the_text:
        return  # such as a logo
    is_message = part.get_content_type() == "message/rfc822"
    name = _file_name(part) or ("attached message.eml" if is_message else "unnamed attachment")
    try:
        inner = source.read_inner(name=name, data=_content(part))
    except (DocumentError, binascii.Error) as error:
        message = f"The attachment “{name}” was left out: {error}"
        warnings.append(ExtractionWarning(code="attachment_left_out", message=message))
    else:
        documents += inner.documents
        warnings += inner.warnings
