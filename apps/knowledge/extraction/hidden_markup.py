"""Finds the parts of a web page that it hides from its readers by attributes and inline styles."""

from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

from apps.knowledge.extraction.cleaning import one_line

_HIDING = {("display", "none"), ("visibility", "hidden"), ("visibility", "collapse"), ("mso-hide", "all")}
_MAY_HIDE = "[hidden], [aria-hidden], [style]"
# What names the part of the page that a click on it unfolds, as the questions of an FAQ do.
_UNFOLDING = ("aria-controls", "data-target", "data-bs-target")


def is_hidden(node: LexborNode) -> bool:
    """Tell whether an element is hidden; what the browser's search finds counts as seen."""
    attributes = node.attributes
    if not attributes:
        return False
    if "hidden" in attributes and attributes["hidden"] != "until-found":
        return True
    return attributes.get("aria-hidden") == "true" or _hides(attributes.get("style") or "")


def remove_hidden(tree: LexborHTMLParser) -> int:
    """Take what is hidden out of a page and return how many characters of text that was.

    What a click unfolds stays, and so does the body: where that is hidden, scripts show it.
    """
    unfolded = _unfolded(tree)
    removed = 0
    # From the last to the first, so that no element is looked at after the one round it has gone.
    for node in reversed(tree.css(_MAY_HIDE)):
        if not is_hidden(node) or node.tag in {"html", "body"}:
            continue
        if node.attributes.get("id") in unfolded:
            _show(node)
            continue
        removed += sum(len(one_line(text)) for text in _texts(node))
        node.decompose()
    return removed


def reveal(tree: LexborHTMLParser) -> None:
    """Show all that is hidden on a page."""
    for node in tree.css(_MAY_HIDE):
        if is_hidden(node):
            _show(node)


def _hides(style: str) -> bool:
    """Tell whether the declarations hide an element; of several for one property the last counts."""
    last: dict[str, str] = {}
    for declaration in style.lower().replace("!important", "").split(";"):
        name, _, value = declaration.partition(":")
        last[name.strip()] = value.strip()
    return not _HIDING.isdisjoint(last.items())


def _unfolded(tree: LexborHTMLParser) -> set[str]:
    controls = tree.css(", ".join(f"[{name}]" for name in _UNFOLDING))
    named = (control.attributes.get(name) or "" for control in controls for name in _UNFOLDING)
    return {identity.lstrip("#") for text in named for identity in text.split()}


def _show(node: LexborNode) -> None:
    for name in ("hidden", "aria-hidden", "style"):
        if name in node.attributes:
            del node.attrs[name]


def _texts(node: LexborNode) -> Iterator[str]:
    for inner in node.traverse(include_text=True):
        parent = inner.parent
        if inner.is_text_node and parent is not None and parent.tag not in {"script", "style", "template"}:
            yield inner.text_content or ""
