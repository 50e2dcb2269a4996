"""Keeps the scattered labels of a drawing together with its caption, and drops those that are but numbers."""

import re
from dataclasses import replace

from apps.core.chunking.blocks import Block, BlockKind

_CAPTION = re.compile(
    r"(?:fig(?:ure|ura|uur|ur)?|abb(?:ildung)?|afb(?:eelding)?|ilustração|ilustración|rys(?:unek)?|рис(?:унок)?|图|図)"
    r"\.?\s*\d{1,3}(?:[.-]\d{1,3})?\s*[:.–—-]\s*\S",
    re.IGNORECASE,
)
_LONGEST_LABEL = 100
_SENTENCE_END = (".", "!", "?", ":", ";", "。")


def with_joined_labels(blocks: list[Block]) -> list[Block]:
    """Return the blocks with each caption and the labels right above it as one."""
    joined: list[Block] = []
    for block in blocks:
        if block.kind is BlockKind.PARAGRAPH and _CAPTION.match(block.text):
            labels = _labels(joined, block)
            del joined[len(joined) - len(labels) :]
            joined.append(_captioned(labels, block))
        else:
            joined.append(block)
    return joined


def _captioned(labels: list[Block], caption: Block) -> Block:
    named = [label.text for label in labels if any(map(str.isalpha, label.text))]
    return replace(caption, text="\n".join([*named, caption.text]))


def _labels(above: list[Block], caption: Block) -> list[Block]:
    """Return the short lines above a caption that are no sentences; a lone one may as well be text."""
    count = 0
    while count < len(above) and _is_label(above[-1 - count], caption):
        count += 1
    return above[len(above) - count :] if count > 1 else []


def _is_label(block: Block, caption: Block) -> bool:
    if block.kind is not BlockKind.PARAGRAPH or block.page != caption.page or _CAPTION.match(block.text):
        return False
    return len(block.text) <= _LONGEST_LABEL and not block.text.endswith(_SENTENCE_END)
