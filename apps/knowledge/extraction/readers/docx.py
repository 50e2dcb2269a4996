"""Reads DOCX: headings, lists and tables; comments, tracked deletions and descriptions of pictures stay unpublished."""

import re
from itertools import count

import mammoth

from apps.core.error_handling import ScannedDocumentError
from apps.knowledge.extraction.containers import open_container
from apps.knowledge.extraction.docx_preparation import prepare
from apps.knowledge.extraction.markup_fragment import read_fragment
from apps.knowledge.extraction.results import ExtractedDocument, ExtractedFile
from apps.knowledge.extraction.source import SourceFile
from apps.knowledge.extraction.titles import declared_title, document_title

_STYLES = """
p[style-name='Title'] => h1:fresh
p[style-name='Subtitle'] => p:fresh
p.Title => h1:fresh
p[style-name^='Code'] => pre:separator('\\n')
p[style-name='HTML Preformatted'] => pre:separator('\\n')
p[style-name='List Bullet 2'] => ul|ol > li > ul > li:fresh
p[style-name='List Number 2'] => ul|ol > li > ol > li:fresh
p[style-name='List Bullet 3'] => ul|ol > li > ul|ol > li > ul > li:fresh
p[style-name='List Number 3'] => ul|ol > li > ul|ol > li > ol > li:fresh
p[style-name='List Continue'] => ul|ol > li > p:fresh
p[style-name='List Continue 2'] => ul|ol > li > ul|ol > li > p:fresh
p[style-name^='TOC'] => !
p[style-name^='toc'] => !
p[style-name='table of contents'] => !
"""
_BACK_LINK = re.compile(r"<a href=\"#(?:foot|end)note-ref-[^\"]*\">[^<]*</a>")
_NOTE_MARK = re.compile(r"<sup><a href=\"#(?:foot|end)note-[^\"]*\"[^>]*>(\[[^<]*\])</a></sup>")
_NOTE = re.compile(r"<li id=\"(?:foot|end)note-[^\"]*\">\s*(?:<p>)?")


def read(source: SourceFile) -> ExtractedFile:
    """Return the text as one document."""
    with open_container(source.data, source.limits) as archive:
        prepared = prepare(archive)
        has_pictures = any("/media/" in name for name in archive.namelist())
        declared = declared_title(archive)
    result = mammoth.convert_to_html(
        prepared, style_map=_STYLES, convert_image=mammoth.images.img_element(lambda image: {})
    )
    # Numbers are in the text already, as Word shows them.
    blocks = read_fragment(_with_notes(result.value), numbered=False)
    if not blocks and has_pictures:
        raise ScannedDocumentError
    title = document_title(blocks, declared=declared, otherwise=source.stem)
    return ExtractedFile(documents=(ExtractedDocument(title=title, blocks=tuple(blocks)),))


def _with_notes(html: str) -> str:
    """Number footnotes at the end as their marks in the text, without the arrows that lead back."""
    numbers = count(1)
    html = _BACK_LINK.sub("", _NOTE_MARK.sub(r" \1", html))
    return _NOTE.sub(lambda match: f"{match[0]}[{next(numbers)}] ", html)
