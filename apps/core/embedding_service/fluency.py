"""How well a WordPiece model trained on English knows the language of a text, told by how its tokenizer cuts it."""

from tokenizers import Tokenizer

from apps.core.embedding_service.text_input import encodable

# Letters a token, measured on questions: English 2.5 to 5.5, German 2.0 to 3.3, Vietnamese, Turkish and Romanian 2,
# Chinese, Russian, Arabic and Greek 1. Below the first figure the vectors tell nothing, above the second they can be
# trusted.
_STRANGE = 1.5
_FAMILIAR = 3.0


def wordpiece_fluency(tokenizer: Tokenizer, text: str) -> float:
    """0 for a text that falls into single letters or unknown words, 1 for one that is made of the model's words."""
    tokens = tokenizer.encode(encodable(text), add_special_tokens=False).tokens
    letters = sum(len(token.removeprefix("##")) for token in tokens if token != "[UNK]")  # noqa: S105 - not a password
    ratio = letters / max(len(tokens), 1)
    return min(max((ratio - _STRANGE) / (_FAMILIAR - _STRANGE), 0.0), 1.0)
