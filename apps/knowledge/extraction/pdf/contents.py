"""Leaves out a document's table of contents, which names chapters and answers nothing."""

import re
from collections.abc import Sequence

from apps.core.chunking.blocks import Block, BlockKind

_NAMES = {
    "contents", "table of contents", "inhalt", "inhaltsverzeichnis", "inhaltsübersicht", "sommaire",
    "table des matières", "índice", "contenido", "tabla de contenido", "indice", "sommario", "inhoud",
    "inhoudsopgave", "sumário", "conteúdo", "innehåll", "innehållsförteckning", "indhold", "indholdsfortegnelse",
    "innhold", "sisällys", "sisällysluettelo", "spis treści", "obsah", "tartalom", "tartalomjegyzék", "cuprins",
    "содержание", "оглавление", "зміст", "içindekiler", "περιεχόμενα", "目录", "目次", "目錄", "목차",
}  # fmt: skip
_ENTRY = re.compile(r".*[^\W\d_].*?[\s.…·:;](\d{1,4})", re.DOTALL)
_FEWEST_ENTRIES = 3


def without_contents(blocks: list[Block]) -> list[Block]:
    """Return the blocks without headings that say "Contents" and the entries with page numbers below them."""
    kept: list[Block] = []
    index = 0
    while index < len(blocks):
        entries = _count_entries(blocks[index + 1 :]) if _names_contents(blocks[index]) else 0
        if entries >= _FEWEST_ENTRIES:
            index += 1 + entries
        else:
            kept.append(blocks[index])
            index += 1
    return kept or blocks


def _names_contents(block: Block) -> bool:
    return block.kind in {BlockKind.HEADING, BlockKind.PARAGRAPH} and block.text.strip(" :").casefold() in _NAMES


def _count_entries(blocks: Sequence[Block]) -> int:
    """Return how many blocks at the start end in numbers that never fall, as those of pages do."""
    count, page = 0, 0
    for block in blocks:
        found = [_ENTRY.fullmatch(line.rstrip()) for line in block.text.splitlines()]
        pages = [int(match[1]) for match in found if match]
        if len(pages) < len(found) or [page, *pages] != sorted([page, *pages]):
            break
        count, page = count + 1, pages[-1]
    return count
