"""Reads HTML pages: the article without menus and advertisements, or the whole page where there is no article."""

import quopri
import re

from selectolax.lexbor import LexborHTMLParser

from apps.knowledge.extraction.charsets import decode
from apps.knowledge.extraction.cleaning import one_line
from apps.knowledge.extraction.hidden_markup import remove_hidden, reveal
from apps.knowledge.extraction.page_content import content_blocks
from apps.knowledge.extraction.results import ExtractedDocument, ExtractedFile, ExtractionWarning
from apps.knowledge.extraction.source import SourceFile
from apps.knowledge.extraction.titles import telling_title

_META_CHARSET = re.compile(
    rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]{2,40})|<\?xml[^>]{0,100}?encoding=["']([\w.:-]{2,40})""",
    re.IGNORECASE,
)
_QUOTED_PRINTABLE = re.compile(rb"""\w=3D["'\w#]""")
_PLAIN_ATTRIBUTE = re.compile(rb"""\w=["'\w#](?<!=3)""")
_MOST_OF_TITLE = 0.4
_SITE_SEPARATOR = re.compile(r"\s+[|–—·•»:-]+\s+")
_WORTH_A_WARNING = 80
_SOME_HIDDEN = (
    "Text that the page hides was left out. "
    "If visitors may see it, take its hiding away (such as display:none) and upload the page again."
)
_ALL_HIDDEN = (
    "The page hides all of its text, as pages do that a script shows, so the hidden text was read. "
    "Remove what visitors may not see and upload the page again."
)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?=$|[-_])")


def read(source: SourceFile) -> ExtractedFile:
    """Return the page as one document."""
    html = decode_page(source.data)
    tree = LexborHTMLParser(html)
    hidden = remove_hidden(tree)
    found = _document(html, tree, source)
    warnings: tuple[ExtractionWarning, ...] = ()
    if hidden and not found.blocks:
        # Many pages are hidden as a whole until a script shows them.
        tree = LexborHTMLParser(html)
        reveal(tree)
        found = _document(html, tree, source)
        warnings = (ExtractionWarning(code="hidden_text_included", message=_ALL_HIDDEN),)
    elif hidden >= _WORTH_A_WARNING:
        warnings = (ExtractionWarning(code="hidden_text", message=_SOME_HIDDEN),)
    return ExtractedFile(documents=(found,), warnings=warnings)


def _document(html: str, tree: LexborHTMLParser, source: SourceFile) -> ExtractedDocument:
    title, language = page_title(tree), page_language(tree)
    blocks = content_blocks(html, tree, title=title)
    title = telling_title(title, blocks, otherwise=source.stem) if title else source.stem
    return ExtractedDocument(title=title, blocks=tuple(blocks), language=language)


def decode_page(data: bytes) -> str:
    """Return the page's text, also where it was saved with a mail's transfer encoding."""
    sample = data[:100_000]
    if len(_QUOTED_PRINTABLE.findall(sample)) > 3 * len(_PLAIN_ATTRIBUTE.findall(sample)):
        data = quopri.decodestring(data)
    found = _META_CHARSET.search(data[:4096])
    label = (found[1] or found[2]).decode("ascii") if found else ""
    return decode(data, declared=label)


def page_title(tree: LexborHTMLParser) -> str:
    """Return the page's own name, without the site's name that titles end with."""
    element, heading = tree.css_first("title"), tree.css_first("h1")
    name = tree.css_first("meta[property='og:title']")
    headline = one_line(heading.text(separator=" ")) if heading is not None else ""
    title = one_line(element.text()) if element is not None else ""
    names_page = _SITE_SEPARATOR.split(title)[0].casefold() == headline.casefold()
    if names_page or (headline.casefold() in title.casefold() and len(headline) >= _MOST_OF_TITLE * len(title)):
        return headline or title
    shared = one_line(name.attributes.get("content") or "") if name is not None else ""
    # What the page only declares is not used where it is nothing that a reader sees.
    is_seen = shared.casefold() in f"{title} {headline}".casefold()
    return (shared if is_seen else "") or title or headline


def page_language(tree: LexborHTMLParser) -> str:
    """Return the language that the page declares, as a code of two or three letters."""
    root = tree.css_first("html")
    found = _LANGUAGE.match((root.attributes.get("lang") or "").strip()) if root is not None else None
    return found[0].lower() if found else ""
