"""Tells the content of a web page from what surrounds it: menus, footers, advertisements, lists of links."""

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

import trafilatura
from lxml import etree
from selectolax.lexbor import LexborHTMLParser, LexborNode

from apps.core.chunking.blocks import Block, BlockKind
from apps.knowledge.extraction.link_targets import without_targets
from apps.knowledge.extraction.markup import markup_blocks
from apps.knowledge.extraction.markup_links import write_out_links
from apps.knowledge.extraction.page_cards import card_places, names_price
from apps.knowledge.extraction.page_footer import footer_facts, footers, with_facts

_SURROUNDINGS = (
    "nav, aside, dialog, [role=navigation], [role=banner], [role=search], "
    "[role=complementary], [role=dialog], [role=alertdialog], [role=menu], [role=menubar], [role=tablist]"
)
_SURROUNDING_NAMES = re.compile(
    r"(?:^|[\s_-])(?:cookies?|consent|gdpr|breadcrumbs?|skip-?link|skip-?to|site-?nav\w*|navbar|main-?menu|"
    r"share-?bar|social-?(?:share|links|media)|sharing|newsletter|advert\w*|ad-slot|sponsored|popup|modal)(?:[\s_-]|$)",
    re.IGNORECASE,
)
_LINK_LIST = 0.8
_PIECE = 10
_HELD = 0.6
_WORTH_TRUSTING = 1_000
_SHORT_PAGE = 800
_SHORT_LINE = 40
_CELL_ENDS = re.compile(r"[:;] | ?\| ?")
_LARGEST_ARTICLE = 4_000_000
# What trafilatura and the parser below it raise over odd pages; the page can be read without them.
_TROUBLE = (ValueError, TypeError, AttributeError, LookupError, RecursionError, etree.LxmlError)
_WORDLESS = re.compile(r"[\W_]+")


def content_blocks(html: str, tree: LexborHTMLParser, *, title: str) -> list[Block]:
    """Return the blocks of the page's content and the facts in its footer."""
    if tree.body is None:
        return []
    everything = markup_blocks(tree.body)
    _remove_surroundings(tree)
    links = {_bare(link.text()) for link in tree.css("a, a :is(h1, h2, h3, h4, h5, h6)")}
    write_out_links(tree.body)
    facts = footer_facts(tree)
    for footer in footers(tree):
        footer.decompose()
    candidates = markup_blocks(_main_part(tree, tree.body))
    content = _article(html, candidates, links)
    return with_facts(content, facts, title=title) or everything


def _article(html: str, candidates: list[Block], links: Collection[str]) -> list[Block]:
    """Return the article where the page has one, else all but the surroundings."""
    # The article is found by its words, which know nothing of the targets that stand behind links here.
    plain = [replace(block, text=without_targets(block.text)) for block in candidates]
    if _size(plain) < _SHORT_PAGE:
        return candidates
    places = select_article(plain, _article_text(html), links)
    found = is_article([plain[place] for place in places], plain)
    return [candidates[place] for place in places] if found else candidates


def is_article(article: Sequence[Block], candidates: Sequence[Block]) -> bool:
    """Tell whether the article that was found is what the page is about, not one of many small parts."""
    found, all_there = _size(article), _size(candidates)
    return found >= 0.6 * all_there or (found > _WORTH_TRUSTING and found >= 0.25 * all_there)


def select_article(blocks: Sequence[Block], article: str, links: Collection[str] = ()) -> list[int]:
    """Return the places of the article's blocks, first to last, without links and short lines that it doesn't hold."""
    matcher = _Matcher(article)
    held = [matcher.holds(block) for block in blocks]
    if True not in held:
        return []
    first, last = held.index(True), len(held) - 1 - held[::-1].index(True)
    if first and blocks[first - 1].kind is BlockKind.HEADING:
        first -= 1
    # What is but a link between parts of the article is a teaser.
    linked = {place for place, block in enumerate(blocks) if _bare(block.text) in links}
    within = range(first, last + 1)
    cards = card_places(blocks, linked, within)
    return [
        place
        for place, block in enumerate(blocks)
        if place in cards or (place in within and (held[place] or (place not in linked and _belongs(block))))
    ]


def _belongs(block: Block) -> bool:
    """Tell whether a block between parts of the article is part of it."""
    return block.kind is not BlockKind.PARAGRAPH or len(block.text) >= _SHORT_LINE or names_price(block.text)


class _Matcher:
    """Knows an article by its lines and by all its short pieces, without white space and punctuation."""

    def __init__(self, article: str) -> None:
        text = _bare(article)
        self._lines = {_bare(line) for line in article.splitlines()}
        self._cells = {_bare(cell) for line in article.splitlines() for cell in _CELL_ENDS.split(line)}
        self._pieces = {text[start : start + _PIECE] for start in range(len(text))}

    def holds(self, block: Block) -> bool:
        """Tell whether nearly all of a long block, or a short one as a line of its own, is in the article."""
        if block.kind is BlockKind.TABLE_ROW:
            return all(self._holds_text(_bare(part), self._cells) for part in _CELL_ENDS.split(block.text))
        return self._holds_text(_bare(block.text), self._lines)

    def _holds_text(self, text: str, whole: set[str]) -> bool:
        if len(text) < 3 * _PIECE:
            return bool(text) and text in whole
        starts = range(len(text) - _PIECE + 1)
        return sum(text[start : start + _PIECE] in self._pieces for start in starts) > _HELD * len(starts)


def _size(blocks: Sequence[Block]) -> int:
    return sum(len(block.text) for block in blocks)


def _bare(text: str) -> str:
    return _WORDLESS.sub("", text).lower()


def _article_text(html: str) -> str:
    if len(html) > _LARGEST_ARTICLE:
        return ""  # no article is as long; a listing is all content
    try:
        return trafilatura.extract(html, include_comments=False, favor_recall=True) or ""
    except _TROUBLE:
        return ""


def _remove_surroundings(tree: LexborHTMLParser) -> None:
    for node in tree.css(_SURROUNDINGS):
        node.decompose()
    for node in tree.css("div, section, ul, header"):
        names = f"{node.attributes.get('class') or ''} {node.attributes.get('id') or ''}"
        if (node.tag == "ul" and _is_link_list(node)) or _SURROUNDING_NAMES.search(names):
            node.decompose()


def _main_part(tree: LexborHTMLParser, body: LexborNode) -> LexborNode:
    mains = tree.css("main, [role=main]")
    if len(mains) == 1 and len(mains[0].text(strip=True)) > 0.4 * len(body.text(strip=True)):
        return mains[0]
    return body


def _is_link_list(node: LexborNode) -> bool:
    text = len(node.text(strip=True))
    return len(node.css("li")) > 2 and sum(len(link.text(strip=True)) for link in node.css("a")) > _LINK_LIST * text
