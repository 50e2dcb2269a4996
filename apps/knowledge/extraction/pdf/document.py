"""Makes blocks of all pages together: headings by the size of their type, paragraphs across pages joined."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from apps.core.chunking.blocks import Block, BlockKind
from apps.knowledge.extraction import cleaning
from apps.knowledge.extraction.pdf.contents import without_contents
from apps.knowledge.extraction.pdf.figure_labels import with_joined_labels
from apps.knowledge.extraction.pdf.paragraphs import SENTENCE_END, Paragraph, code_text, item_text
from apps.knowledge.extraction.tables import is_amount, table_blocks

_LARGER = 1.12
_LONGEST_HEADING = 160
_LONGEST_BOLD_HEADING = 100
_MOST_HEADING_LINES = 3
_MOST_LEVELS = 4
_FEWEST_CAPITALS = 6
_MOST_NOTES = 6
_MOST_CARRIED_LINES = 6
_INNER_END = re.compile(r"[.!?]['\"”’)]*(?=\s+[A-ZÀ-ÝА-Я])")
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
    return with_joined_labels(without_contents(blocks))


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
    if paragraph.kind is BlockKind.CODE or paragraph.aside or not _could_be_heading(paragraph, text):
        return 0
    marked = outline.get((paragraph.page, bare(text)), 0)
    if marked:
        return marked
    if paragraph.size in setting.headings:
        return _numbered_level(text) or 1 + min(_MOST_LEVELS, setting.headings.index(paragraph.size))
    is_set_off = paragraph.bold and paragraph.size > 0.95 * setting.body and len(text) <= _LONGEST_BOLD_HEADING
    leads = follower is not None and not (follower.bold and follower.size >= paragraph.size)
    is_set_off = is_set_off or (
        _is_capitals(paragraph, text) and not (follower and _is_capitals(follower, follower.text()))
    )
    if is_set_off and leads and not text.endswith((".", ",", ";")) and "\n" not in text:
        return _numbered_level(text) or min(6, 1 + len(setting.headings[:_MOST_LEVELS]))
    return 0


def _is_capitals(paragraph: Paragraph, text: str) -> bool:
    """Tell whether a paragraph is a short line in capitals."""
    letters = sum(map(str.isalpha, text))
    return len(paragraph.lines) == 1 and letters >= _FEWEST_CAPITALS and text.isupper() and letters > 0.7 * len(text)


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
        if not paragraph.aside and paragraph.size >= _LARGER * body and len(paragraph.lines) <= _MOST_HEADING_LINES
    }
    return _Type(body=body, headings=sorted(large, reverse=True))


def _common_size(letters: Counter[float]) -> float:
    """Return the commonest size; sizes that differ by a hair are one."""
    rounded: Counter[float] = Counter()
    for size, count in letters.items():
        rounded[round(2 * size) / 2] += count
    return rounded.most_common(1)[0][0]


def _known_words(paragraphs: Sequence[Paragraph]) -> set[str]:
    """Return the words that stand whole in some line: they tell whether a hyphen is part of a word."""
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
        begun = _begun(joined, paragraph)
        if begun is None:
            joined.append(paragraph)
            continue
        rest = _split_off(paragraph) if paragraph.page > begun.page else None
        begun.lines += paragraph.lines
        begun.open = paragraph.open and rest is None
        if rest is not None:
            joined.append(rest)
    return joined


def _split_off(paragraph: Paragraph) -> Paragraph | None:
    """Leave a paragraph what ends the sentence of the page before, and return what belongs to its own page."""
    for number, line in enumerate(paragraph.lines[:_MOST_CARRIED_LINES]):
        end, below = _INNER_END.search(line.text), paragraph.lines[number + 1 :]
        if end is not None:
            first, second = (
                replace(line, text=line.text[: end.end()]),
                replace(line, text=line.text[end.end() :].strip()),
            )
            paragraph.lines = [*paragraph.lines[:number], first]
            return replace(paragraph, lines=[second, *below])
        if below and SENTENCE_END.search(line.text) and not below[0].text[:1].islower():
            paragraph.lines = paragraph.lines[: number + 1]
            return replace(paragraph, lines=below)
    return None


def _begun(joined: Sequence[Paragraph], rest: Paragraph) -> Paragraph | None:
    """Return the paragraph that goes on with this one; footnotes in smaller type may stand between them."""
    for paragraph in reversed(joined[-_MOST_NOTES:]):
        if _is_rest(paragraph, rest):
            return paragraph
        is_note = paragraph.rows is None and paragraph.page == rest.page - 1 and paragraph.size < 0.93 * rest.size
        if not is_note:
            return None
    return None


def _is_rest(last: Paragraph, paragraph: Paragraph) -> bool:
    kinds = last.kind in {BlockKind.PARAGRAPH, BlockKind.LIST_ITEM} and paragraph.kind is BlockKind.PARAGRAPH
    if not kinds or not last.open or not last.lines or not paragraph.lines:
        return False
    same_type = (
        abs(last.size - paragraph.size) <= 0.05 * last.size
        and last.lines[-1].ends_bold == paragraph.lines[0].begins_bold
    )
    return same_type and paragraph.page - last.page <= 1 and paragraph.lines[0].text[:1].islower()
