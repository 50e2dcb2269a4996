"""Takes the labels off questions and answers: "Q: Can I pay in cash?" and "A: No." are to be quoted without them."""

import re
from collections.abc import Sequence
from dataclasses import replace

from apps.core.chunking.blocks import Block, BlockKind

# One letter serves in every language (Q and A, F and A, P and R); of words, those that label nothing else.
_LABEL = re.compile(
    r"(?:[A-Z]|Question|Answer|Frage|Antwort|Réponse|Pregunta|Respuesta|Domanda|Risposta|[问問答])\s?\d{0,3}\s?[:：]\s*(?=\S)"
)
_LONGEST_QUESTION = 160


def without_faq_labels(blocks: Sequence[Block]) -> list[Block]:
    """Return the blocks with each labelled question as a heading and its answer, both without their labels."""
    result = list(blocks)
    level = 0
    for place, block in enumerate(blocks):
        question = _LABEL.match(block.text) if _may_ask(block) else None
        answer = _LABEL.match(blocks[place + 1].text) if question and place + 1 < len(blocks) else None
        if question and answer and answer[0][0] != question[0][0] and blocks[place + 1].kind is not BlockKind.CODE:
            text = block.text[question.end() :]
            depth = block.level if block.kind is BlockKind.HEADING else min(6, level + 1)
            result[place] = replace(block, kind=BlockKind.HEADING, text=text, level=depth)
            result[place + 1] = replace(blocks[place + 1], text=blocks[place + 1].text[answer.end() :])
        if block.kind is BlockKind.HEADING:
            level = block.level
    return result


def _may_ask(block: Block) -> bool:
    is_line = block.kind in {BlockKind.HEADING, BlockKind.PARAGRAPH} and "\n" not in block.text
    return is_line and len(block.text) <= _LONGEST_QUESTION and block.text.endswith(("?", "？"))
