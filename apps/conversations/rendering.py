"""Answers as sanitised HTML: Markdown in, and out only what can do no harm."""

import re
from collections.abc import Collection, MutableMapping, Sequence
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.token import Token

# No raw HTML, no images, no references, since `[1]` is a mark. And nothing that would change what is quoted word for
# word: `__init__`, `*star*`, `C:\\new` and `&amp;` are shown as they are.
_markdown = (
    MarkdownIt("commonmark", {"html": False, "breaks": True})
    .enable("table")
    .disable(["image", "reference", "emphasis", "escape", "entity", "heading", "lheading", "code"])
)
TAGS = {
    "p", "br", "strong", "em", "code", "pre", "ul", "ol", "li", "blockquote", "h3", "h4", "hr",
    "table", "thead", "tbody", "tr", "th", "td", "a", "sup",
}  # fmt: skip
ATTRIBUTES = {"a": {"href"}, "sup": {"class", "data-n"}}
MARKER = re.compile(r"\[(\d{1,3})\]")
ADDRESS = re.compile(r"https?://[^\s<>\"'`）]+")
_ADDRESS_ENDS = ".,;:!?"


def to_html(text: str, numbers: Collection[int], links: Collection[str] = ()) -> str:
    """Return an answer as HTML; `[n]` becomes a mark for each cited number, and only `links` may be linked."""
    allowed = set(links)
    html = _markdown.render(text, {"numbers": numbers, "links": allowed})

    def keep(tag: str, attribute: str, value: str) -> str | None:
        if tag == "a" and attribute == "href":
            return value if value in allowed else None
        return value

    return nh3.clean(
        html, tags=TAGS, attributes=ATTRIBUTES, url_schemes={"http", "https"}, attribute_filter=keep,
        link_rel="noopener noreferrer nofollow",
    ).strip()  # fmt: skip


def addresses_in(text: str) -> list[str]:
    """Return the web addresses that a text has in it, without the signs of the sentence round them."""
    return [_address(match.group()) for match in ADDRESS.finditer(text)]


def text_with_marks(
    _renderer: Any, tokens: Sequence[Token], place: int, _options: Any, env: MutableMapping[str, Any]
) -> str:
    """Render plain text with its marks and links; in code and in addresses `[n]` is no mark and stays as it is."""
    text, html, end = tokens[place].content, "", 0
    for found in ADDRESS.finditer(text):
        address = _address(found.group())
        if address in env["links"]:
            html += _marked(text[end : found.start()], env["numbers"])
            html += f'<a href="{escapeHtml(address)}">{escapeHtml(address)}</a>'
            end = found.start() + len(address)
    return html + _marked(text[end:], env["numbers"])


_markdown.add_render_rule("text", text_with_marks)


def _marked(text: str, numbers: Collection[int]) -> str:
    return MARKER.sub(lambda match: _mark(match, numbers), escapeHtml(text))


def _mark(match: re.Match[str], numbers: Collection[int]) -> str:
    """A number that is no citation belongs to the text: `a[0]`."""
    number = int(match[1])
    return f'<sup class="citation" data-n="{number}">{number}</sup>' if number in numbers else match.group()


def _address(found: str) -> str:
    """An address in round brackets or at the end of a sentence ends before those signs."""
    address = found.rstrip(_ADDRESS_ENDS)
    while address.endswith(")") and address.count(")") > address.count("("):
        address = address[:-1].rstrip(_ADDRESS_ENDS)
    return address
