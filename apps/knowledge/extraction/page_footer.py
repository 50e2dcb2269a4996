"""Finds the facts in a page's footer: opening hours, an address, a telephone. The rest of a footer is boilerplate."""

import re
from collections.abc import Collection, Iterator, Sequence

from selectolax.lexbor import LexborHTMLParser, LexborNode

from apps.core.chunking.blocks import Block, BlockKind
from apps.knowledge.extraction.markup import markup_blocks

_FOOTERS = "footer, [role=contentinfo]"
_NAMED_FOOTERS = f"{_FOOTERS}, #footer, .footer, .site-footer, .page-footer"
# These belong to a part of the page: who wrote the article, who said the words.
_INNER_FOOTERS = "article footer, blockquote footer, article .footer"
_COPYRIGHT = re.compile(r"©|\(c\) ?\d|copyright|all rights reserved|alle rechte vorbehalten", re.IGNORECASE)
_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]+\.\w{2,}")
_NUMBER = re.compile(r"(?<![\w.,])\+?\(?\d[\d\s()/.–-]{5,}\d")
_DATE_OR_YEARS = re.compile(r"(?:19|20)\d\d\s?[-–./ ]|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}")
_LARGE_NUMBER = re.compile(r"\d(?: \d{3}){2}|\d{1,3}(?:\.\d{3}){2,}")
_HOUR = r"(?:[01]?\d|2[0-4])(?:[:.h]\d\d)?\s*(?:[ap]\.?m\b\.?|uhr|h\b)?"
_HOURS = re.compile(
    rf"(?<!\d)(?<!\d[./:-]){_HOUR}\s*(?:[-–—~～〜]|to|bis|until|till|à|a|al|tot|do|til)\s*{_HOUR}(?![\d./:-])"
    r"|\b\d{1,2}(?:[:.]\d\d)?\s*(?:[ap]\.?m\b|uhr\b)",
    re.IGNORECASE,
)
_NO_YEAR = r"(?!(?:19|20)\d\d\b)"
_NAME = r"[A-ZÀ-ÞŁŚŻŠČŽ][\w'’.-]{1,40}"
_ADDRESS = re.compile(
    rf"\b{_NO_YEAR}\d{{1,5}}[a-zA-Z]?\s+{_NAME}(?:\s{_NAME}){{0,3}}(?=\s*[,\n·|]|\.?$|\.\s)"
    rf"|{_NAME} {_NO_YEAR}\d{{1,4}}[a-z]?(?=\s*[,\n·|]|\s+\d{{4,5}}\b)"
    r"|\b[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}\b"
)
_LONGEST_COPYRIGHT = 160
_FEWEST_DIGITS, _MOST_DIGITS = 7, 15


def footers(tree: LexborHTMLParser) -> list[LexborNode]:
    """Return the page's footers, the inner ones first."""
    return tree.css(_FOOTERS)[::-1]


def footer_facts(tree: LexborHTMLParser) -> list[Block]:
    """Return the blocks of the page's footers that hold a fact, with the heading or the line that announces it."""
    inner = {node.mem_id for node in tree.css(_INNER_FOOTERS)}
    facts: list[Block] = []
    for footer in tree.css(_NAMED_FOOTERS):
        if footer.mem_id in inner:
            continue
        links = [link.text(strip=True) for link in footer.css("a") if not _is_contact(link)]
        blocks = [block for block in markup_blocks(footer) if not _is_boilerplate(block.text, links)]
        for section in _sections(blocks):
            facts += _with_lead_in(section)
    return list(dict.fromkeys(facts))


def with_facts(content: list[Block], facts: Sequence[Block], *, title: str) -> list[Block]:
    """Return the page's content and what its footer adds: that belongs to the whole page, not to its last section."""
    known = {block.text for block in content}
    added = [block for block in facts if block.text not in known or block.kind is BlockKind.HEADING]
    if all(block.kind is BlockKind.HEADING for block in added):
        return content
    headings = [block.text for block in content if block.kind is BlockKind.HEADING]
    if not headings:
        return [*content, *added]
    return [*content, Block(kind=BlockKind.HEADING, text=title or headings[0], level=1), *added]


def _sections(blocks: Sequence[Block]) -> Iterator[list[Block]]:
    section: list[Block] = []
    for block in blocks:
        if block.kind is BlockKind.HEADING and section:
            yield section
            section = []
        section.append(block)
    if section:
        yield section


def _with_lead_in(section: list[Block]) -> list[Block]:
    """Return the section if it has a heading and a fact; without a heading, from the line before the first fact on."""
    facts = [place for place, block in enumerate(section) if _holds_fact(block.text)]
    if not facts or section[0].kind is BlockKind.HEADING:
        return section if facts else []
    end = facts[-1] + 1
    while end < len(section) and section[end].kind in {BlockKind.LIST_ITEM, BlockKind.TABLE_ROW}:
        end += 1
    return section[max(0, facts[0] - 1) : end]


def _is_contact(link: LexborNode) -> bool:
    return (link.attributes.get("href") or "").startswith(("mailto:", "tel:"))


def _is_boilerplate(text: str, links: Collection[str]) -> bool:
    """Tell whether a block only says whose page it is, or is nothing but links to other pages."""
    is_copyright = _COPYRIGHT.search(text) is not None
    if _holds_fact(text):
        return is_copyright and len(text) > _LONGEST_COPYRIGHT
    for words in sorted(filter(None, links), key=len, reverse=True):
        text = text.replace(words, "")
    return not any(map(str.isalnum, text)) or is_copyright


def _holds_fact(text: str) -> bool:
    if _MAIL.search(text) or _HOURS.search(text) or _ADDRESS.search(text):
        return True
    return any(map(_is_telephone, _NUMBER.findall(text)))


def _is_telephone(number: str) -> bool:
    digits = sum(map(str.isdigit, number))
    is_other = _DATE_OR_YEARS.match(number) or _LARGE_NUMBER.fullmatch(number)
    return _FEWEST_DIGITS <= digits <= _MOST_DIGITS and not is_other
