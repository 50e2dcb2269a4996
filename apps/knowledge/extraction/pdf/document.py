"""Makes blocks of all pages together: headings by the size of their type, paragraphs across pages joined."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from apps.core.chunking.blocks import Block, BlockKind
from apps.knowledge.extraction import cleaning
from apps.knowledge.extraction.pdf.paragraphs import Paragraph, code_text, item_text
from apps.knowledge.extraction.tables import is_amount, table_blocks

_LARGER = 1.12
_LONGEST_HEADING = 160
_LONGEST_BOLD_HEADING = 100
_MOST_HEADING_LINES = 3
_MOST_LEVELS = 4
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_NUMBERED = re.compile(r"(?:§\s*)?(\d{1,2}(?:\.\d{1,2}){0,4})\.?\s+\S")
_WORDLESS = re.compile(r"[\W_]+")
_LEADER = re.compile(r"(?:\.\s?){4,}")

Outline = Mapping[tuple[int, str], int]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Type:
    """How the document is set: the size of its text, and the sizes of its headings from large to small."""

    body: float
    headings: list[float] = field(default_factory=list)


def document_blocks(paragraphs: Sequence[Paragraph], outline: Outline) -> list[Block]:
    """Return the blocks of a document; `outline` gives the levels of its bookmarks by page and bare text."""
    joined = _join_across(paragraphs)
    known = _known_words(joined)
    setting = _setting(joined)
    blocks: list[Block] = []
    for index, paragraph in enumerate(joined):
        follower = joined[index + 1] if index + 1 < len(joined) else None
        blocks += _blocks(paragraph, follower, setting, known, outline)
    return blocks


def bare(text: str) -> str:
    """Return the letters and digits of a text, which stay the same however it is set."""
    return _WORDLESS.sub("", text).casefold()


def _blocks(
    paragraph: Paragraph, follower: Paragraph | None, setting: _Type, known: Collection[str], outline: Outline
) -> Iterator[Block]:
    if paragraph.rows is not None:
        yield from table_blocks(paragraph.rows, page=paragraph.page)
        return
    if paragraph.kind is BlockKind.CODE:
        text = cleaning.code(code_text(paragraph.lines))
    else:
        text = cleaning.paragraph(paragraph.text(known))
    if not text:
        return
    level = _heading_level(paragraph, follower, text, setting, outline)
    if level:
        yield Block(kind=BlockKind.HEADING, text=" ".join(text.split("\n")), level=level, page=paragraph.page)
    elif paragraph.kind is BlockKind.LIST_ITEM:
        yield Block(kind=BlockKind.LIST_ITEM, text=item_text(text), level=paragraph.level, page=paragraph.page)
    else:
        yield Block(kind=paragraph.kind, text=text, page=paragraph.page)


def _heading_level(
    paragraph: Paragraph, follower: Paragraph | None, text: str, setting: _Type, outline: Outline
) -> int:
    """Return the level of a heading, 0 for what is none."""
    if paragraph.kind is BlockKind.CODE or not _could_be_heading(paragraph, text):
        return 0
    marked = outline.get((paragraph.page, bare(text)), 0)
    if marked:
        return marked
    if paragraph.size in setting.headings:
        return _numbered_level(text) or 1 + min(_MOST_LEVELS, setting.headings.index(paragraph.size))
    is_set_off = paragraph.bold and paragraph.size > 0.95 * setting.body and len(text) <= _LONGEST_BOLD_HEADING
    leads = follower is not None and not (follower.bold and follower.size >= paragraph.size)
    if is_set_off and leads and not text.endswith((".", ",", ";")) and "\n" not in text:
        return _numbered_level(text) or min(6, 1 + len(setting.headings[: _MOST_LEVELS]))
    return 0


def _could_be_heading(paragraph: Paragraph, text: str) -> bool:
    if len(text) > _LONGEST_HEADING or len(paragraph.lines) > _MOST_HEADING_LINES or _LEADER.search(text):
        return False
    if paragraph.kind is BlockKind.LIST_ITEM and not _NUMBERED.match(text):
        return False
    return any(char.isalpha() for char in text) and not is_amount(text) and len(bare(text)) > 1


def _numbered_level(text: str) -> int:
    """Return the depth that a heading's number says ("3.2 Scope" is of level 2), 0 without a number."""
    numbered = _NUMBERED.match(text)
    return numbered[1].count(".") + 1 if numbered else 0


def _setting(paragraphs: Sequence[Paragraph]) -> _Type:
    letters: Counter[float] = Counter()
    for paragraph in paragraphs:
        for line in paragraph.lines:
            letters[line.size] += len(line.text)
    if not letters:
        return _Type(body=10.0)
    body = _common_size(letters)
    large = {
        paragraph.size
        for paragraph in paragraphs
        if paragraph.size >= _LARGER * body and len(paragraph.lines) <= _MOST_HEADING_LINES
    }
    return _Type(body=body, headings=sorted(large, reverse=True))


def _common_size(letters: Counter[float]) -> float:
    """Return the commonest size; sizes that differ by a hair are one."""
    rounded: Counter[float] = Counter()
    for size, count in letters.items():
        rounded[round(2 * size) / 2] += count
    return rounded.most_common(1)[0][0]


def _known_words(paragraphs: Sequence[Paragraph]) -> set[str]:
    """Return the words that stand whole in some line: they tell whether a hyphen at a line's end belongs to the word."""
    known: set[str] = set()
    for paragraph in paragraphs:
        for line in paragraph.lines:
            words = _WORD.findall(line.text.lower())
            known.update(words[:-1] if line.text.endswith(("-", "\x02")) else words)
    return known


def _join_across(paragraphs: Sequence[Paragraph]) -> list[Paragraph]:
    """Join a paragraph that was cut off by the end of a column or page with its rest."""
    joined: list[Paragraph] = []
    for paragraph in paragraphs:
        last = joined[-1] if joined else None
        if last is not None and _is_rest(last, paragraph):
            last.lines += paragraph.lines
            last.open = paragraph.open
        else:
            joined.append(paragraph)
    return joined


def _is_rest(last: Paragraph, paragraph: Paragraph) -> bool:
    kinds = last.kind in {BlockKind.PARAGRAPH, BlockKind.LIST_ITEM} and paragraph.kind is BlockKind.PARAGRAPH
    if not kinds or not last.open or not last.lines or not paragraph.lines:
        return False
    same_type = abs(last.size - paragraph.size) <= 0.05 * last.size and last.bold == paragraph.bold
    return same_type and paragraph.page - last.page <= 1 and paragraph.lines[0].text[:1].islower()
