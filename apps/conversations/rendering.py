"""Answers as sanitised HTML: Markdown in, and out only what can do no harm."""

import re
from collections.abc import Collection, MutableMapping, Sequence
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.token import Token

# No raw HTML, no images, no automatic links: what a model writes is inert. Without references, since `[1]` is a mark.
_markdown = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("table").disable(["image", "reference"])
TAGS = {
    "p", "br", "strong", "em", "code", "pre", "ul", "ol", "li", "blockquote", "h3", "h4", "hr",
    "table", "thead", "tbody", "tr", "th", "td", "a", "sup",
}  # fmt: skip
ATTRIBUTES = {"a": {"href"}, "sup": {"class", "data-n"}}
MARKER = re.compile(r"\[(\d{1,3})\]")


def to_html(text: str, numbers: Collection[int], links: Collection[str] = ()) -> str:
    """Return an answer as HTML; `[n]` becomes a mark for each cited number, and only `links` may be linked."""
    html = _markdown.render(text, {"numbers": numbers})
    allowed = set(links)

    def keep(tag: str, attribute: str, value: str) -> str | None:
        if tag == "a" and attribute == "href":
            return value if value in allowed else None
        return value

    return nh3.clean(
        html, tags=TAGS, attributes=ATTRIBUTES, url_schemes={"http", "https"}, attribute_filter=keep,
        link_rel="noopener noreferrer nofollow",
    ).strip()  # fmt: skip


def text_with_marks(
    _renderer: Any, tokens: Sequence[Token], place: int, _options: Any, env: MutableMapping[str, Any]
) -> str:
    """Render plain text; in code and in addresses `[n]` is no mark and stays as it is."""
    return MARKER.sub(lambda match: mark(match, env["numbers"]), escapeHtml(tokens[place].content))


_markdown.add_render_rule("text", text_with_marks)


def mark(match: re.Match[str], numbers: Collection[int]) -> str:
    number = int(match[1])
    return f'<sup class="citation" data-n="{number}">{number}</sup>' if number in numbers else ""
