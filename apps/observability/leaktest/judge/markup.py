"""What an answer's HTML may hold: text, plain formatting, marks of citations and links to what is cited."""

from collections.abc import Collection
from html.parser import HTMLParser

HARMLESS = {
    "p", "br", "strong", "em", "code", "pre", "ul", "ol", "li", "blockquote", "h3", "h4", "hr",
    "table", "thead", "tbody", "tr", "th", "td", "sup",
}  # fmt: skip
ATTRIBUTES = {"sup": {"class", "data-n"}, "a": {"href", "rel"}, "ol": {"start"}}


class MarkupReader(HTMLParser):
    """Collects the text of an answer, and what in it could load, run or lead elsewhere."""

    def __init__(self, links: Collection[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.active: list[str] = []
        self._links = links

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag not in HARMLESS and not (tag == "a" and named.get("href", "") in {None, "", *self._links}):
            self.active.append(tag)
        self.active += [f"{tag} {name}" for name in named if name not in ATTRIBUTES.get(tag, set())]
        self.text += "" if tag in {"strong", "em", "code", "sup", "a"} else "\n"

    def handle_data(self, data: str) -> None:
        self.text += data


def read_markup(markup: str, links: Collection[str]) -> MarkupReader:
    reader = MarkupReader(links)
    reader.feed(markup)
    reader.close()
    return reader
