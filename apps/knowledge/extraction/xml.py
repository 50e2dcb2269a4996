"""Parses XML from strangers: no entities, no network, no trees beyond what a document needs."""

from collections.abc import Iterator
from typing import IO

from lxml import etree

from apps.core.error_handling import DamagedDocumentError


def parse(data: bytes) -> etree._Element:
    """Return the root of an XML document; parts that are not well-formed are mended as far as possible."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True)
    root = etree.fromstring(data, parser)
    if root is None:
        raise DamagedDocumentError
    return root


def attributes(element: etree._Element) -> dict[str, str]:
    """Return the element's attributes by their names without namespaces."""
    return {str(etree.QName(name).localname): str(text) for name, text in element.items()}


def iterate(stream: IO[bytes], *tags: str) -> Iterator[etree._Element]:
    """Yield the elements with one of the tags as they end, and forget them again."""
    events = etree.iterparse(
        stream, events=("end",), tag=tags, resolve_entities=False, no_network=True, load_dtd=False, recover=True
    )
    for _, element in events:
        yield element
        element.clear(keep_tail=False)
        while element.getprevious() is not None:
            del element.getparent()[0]


def local_name(element: etree._Element) -> str:
    """Return the element's tag without its namespace; empty for comments and processing instructions."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""
