"""Decides which links of a text keep their targets: "our booking page (https://book.example.org/boats)".

An answer quotes the text and not the page, so a reader can follow a link only if its target is in the text.
Where targets would bury the words (lists of links, tag clouds, tracking addresses), the words win.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote

_ADDRESS = r"https?://[^\s()<>\"]+(?:\([^\s()]*\)[^\s()<>\"]*)*"
_PAGE = re.compile(_ADDRESS, re.IGNORECASE)
_SCHEME = re.compile(r"https?://(?:www\.)?|mailto:|tel:", re.IGNORECASE)
_WRITTEN = re.compile(rf" \((?:{_ADDRESS}|[^\s()@]+@[^\s()@]+|\+?\d[\d ./-]{{4,}})\)", re.IGNORECASE)
# More targets than this make a paragraph unreadable: it is an index, and its readers want the names.
_MOST_PAGES = 5
# Longer targets carry a visitor's tracking number or a whole query.
_LONGEST = 200
_MOSTLY_LINKS = 0.8
_DIGITS_OF_NUMBER = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """A link as its author wrote it: the words that can be clicked, and where they lead."""

    words: str = field(repr=False)
    href: str = field(repr=False)


class TargetWriter:
    """Chooses the targets for one document, block by block.

    `own_host` is where the document itself was published: links there lead through its site, as relative ones do.
    """

    def __init__(self, *, own_host: str = "") -> None:
        self._own_host = own_host
        self._alone: set[str] = set()

    def targets(self, links: Sequence[Link], text: str) -> list[str]:
        """Return what to write behind each link of a block, empty for nothing; `text` is the block without targets."""
        found = [self._outward(_readable(link)) for link in links]
        pages = {target for target in found if _PAGE.match(target)}
        if len(pages) > _MOST_PAGES or (len(links) > 1 and _is_link_list(links, text)):
            # An address to write or a number to call is a fact even there.
            found = ["" if target in pages else target for target in found]
        if len(links) == 1 and _is_link_list(links, text):
            found = self._once(found)
        said: set[str] = set()
        for place, (link, target) in enumerate(zip(links, found, strict=True)):
            if target in said or _says(text, target) or _is_number(link, target):
                found[place] = ""
            said.add(target)
        return found

    def _outward(self, target: str) -> str:
        return "" if self._own_host and host(target) == self._own_host else target

    def _once(self, targets: list[str]) -> list[str]:
        """A block that is but a link is often a button, which a page repeats: the first one keeps its target."""
        fresh = [target if target not in self._alone else "" for target in targets]
        self._alone.update(targets)
        return fresh


def host(address: str) -> str:
    """Return the host of a web address without "www.", empty for other addresses."""
    if not _PAGE.match(address):
        return ""
    return re.split(r"[/?#]", address.partition("://")[2].casefold(), maxsplit=1)[0].removeprefix("www.")


def written(target: str) -> str:
    """Return how a target stands behind its words."""
    return f" ({target})" if target else ""


def without_targets(text: str) -> str:
    """Return a text without the targets written into it."""
    return _WRITTEN.sub("", text)


def _readable(link: Link) -> str:
    """Return the target as a person would copy it; empty for relative ones, anchors, scripts and written addresses."""
    href, words = link.href.strip(), link.words.strip()
    scheme, _, rest = href.partition(":")
    if not words or len(href) > _LONGEST or (_PAGE.fullmatch(words) and not words.endswith(("...", "…"))):
        return ""
    if scheme.casefold() == "mailto":
        address = unquote(rest.partition("?")[0]).strip()
        return address if "@" in address and not re.search(r"[\s<>]", address) else ""
    if scheme.casefold() == "tel":
        number = unquote(rest.partition(";")[0]).strip().removeprefix("//")
        return number if re.fullmatch(r"\+?[\d ()./*#-]+", number) else ""
    return href if _PAGE.fullmatch(href) else ""


def _is_link_list(links: Sequence[Link], text: str) -> bool:
    """Tell whether a block is little but its links."""
    return sum(map(_letters, (link.words for link in links))) >= _MOSTLY_LINKS * _letters(text)


def _letters(text: str) -> int:
    return sum(map(str.isalnum, text))


def _says(text: str, target: str) -> bool:
    """Tell whether the text names the target already, with or without what every address begins with."""
    bare = _SCHEME.sub("", target).rstrip("/").lower()
    text = text.lower()
    place = text.find(bare) if bare else -1
    while place >= 0:
        rest = text[place + len(bare) :].removeprefix("/")
        if not rest or not (rest[0].isalnum() or rest[0] in "_/?#-"):
            return True
        place = text.find(bare, place + 1)
    return False


def _is_number(link: Link, target: str) -> bool:
    """Tell whether the words of a link to a telephone are its number, however it is set."""
    is_call = link.href.strip().casefold().startswith("tel:")
    return bool(target) and is_call and sum(map(str.isdigit, link.words)) >= _DIGITS_OF_NUMBER
