"""What a tokenizer can take: text that has a UTF-8 form."""


def encodable(text: str) -> str:
    """The text with half surrogate pairs, which broken documents and JSON escapes leave behind, as question marks."""
    return text if text.isascii() else text.encode(errors="replace").decode()
