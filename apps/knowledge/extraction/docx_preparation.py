"""Makes a DOCX ready for mammoth: writes out numbers and formulas, takes out what nobody is meant to read."""

import zipfile
from collections.abc import Mapping
from io import BytesIO
from posixpath import dirname, join

from lxml import etree

from apps.knowledge.extraction.docx_numbering import Numbering, value
from apps.knowledge.extraction.xml import attributes, parse

_OFF = {"0", "false", "off"}
_DOCUMENT = "word/document.xml"
_DEEPEST_STYLE = 10
_NOTES = ("footnotes.xml", "endnotes.xml")


def prepare(archive: zipfile.ZipFile) -> BytesIO:
    """Return the document with its main part and its notes rewritten; all other parts stay as they are."""
    names = set(archive.namelist())
    part = main_part(archive)
    folder = dirname(part)
    root = parse(archive.read(part))
    lists = [parse(archive.read(name)) if name in names else None for name in _beside(folder)]
    hiding = _hiding_styles(lists[1])
    _take_out(root, hiding)
    _write_out(root)
    numbering = Numbering(*lists)
    for paragraph in root.iter("{*}p"):
        label = numbering.label(paragraph) if paragraph.find("{*}pPr") is not None else ""
        if label and any(piece.text for piece in paragraph.iter("{*}t")):
            _put_first(paragraph, label + " ")
    changed = {part: root}
    for name in names.intersection(join(folder, one) for one in _NOTES):
        changed[name] = parse(archive.read(name))
        _take_out(changed[name], hiding)
    return _repack(archive, changed)


def main_part(archive: zipfile.ZipFile) -> str:
    """Return the name of the part that holds the text, as the package's relationships say."""
    names = set(archive.namelist())
    if "_rels/.rels" in names:
        for relation in parse(archive.read("_rels/.rels")).iterfind("{*}Relationship"):
            target = (relation.get("Target") or "").lstrip("/")
            if (relation.get("Type") or "").endswith("/officeDocument") and target in names:
                return target
    return _DOCUMENT


def _beside(folder: str) -> tuple[str, str]:
    return join(folder, "numbering.xml"), join(folder, "styles.xml")


def _hiding_styles(styles: etree._Element | None) -> set[str]:
    """Return the ids of the styles that hide their text, those based on one too."""
    if styles is None:
        return set()
    hiding: set[str] = set()
    known = list(styles.iter("{*}style"))
    for _ in range(_DEEPEST_STYLE):
        for style in known:
            own, base = style.find("{*}rPr/{*}vanish"), style.find("{*}basedOn")
            inherits = own is None and base is not None and value(base) in hiding
            if _is_on(own) or inherits:
                hiding.add(attributes(style).get("styleId", ""))
    return hiding - {""}


def _has_style(element: etree._Element, path: str, styles: set[str]) -> bool:
    style = element.find(path)
    return style is not None and value(style) in styles


def _take_out(root: etree._Element, hiding: set[str]) -> None:
    """Remove tracked deletions, hidden text and the prompts of empty fields."""
    unwanted = [*root.iter("{*}del", "{*}moveFrom")]
    unwanted += [row for row in root.iter("{*}tr") if row.find("{*}trPr/{*}del") is not None]
    for run in root.iter("{*}r"):
        own = run.find("{*}rPr/{*}vanish")
        if _is_on(own) or (own is None and _has_style(run, "{*}rPr/{*}rStyle", hiding)):
            unwanted.append(run)
    unwanted += [
        run
        for paragraph in root.iter("{*}p")
        if _has_style(paragraph, "{*}pPr/{*}pStyle", hiding)
        for run in paragraph.iter("{*}r")
        if run.find("{*}rPr/{*}vanish") is None
    ]
    unwanted += [box for box in root.iter("{*}sdt") if _is_on(box.find("{*}sdtPr/{*}showingPlcHdr"))]
    for element in unwanted:
        parent = element.getparent()
        # A deletion mark among a row's or paragraph's properties is handled with the row or paragraph.
        if parent is not None and etree.QName(parent).localname not in {"trPr", "rPr", "numPr"}:
            parent.remove(element)


def _write_out(root: etree._Element) -> None:
    """Replace words with a reading aid by the words, and formulas by their letters and signs."""
    for ruby in list(root.iter("{*}ruby")):
        base = ruby.find("{*}rubyBase")
        run = ruby.getparent()
        if base is not None and run is not None and run.getparent() is not None:
            for inner in list(base):
                run.addprevious(inner)
            run.remove(ruby)
    for formula in list(root.iter("{*}oMath")):
        text = "".join(piece.text or "" for piece in formula.iter("{*}t"))
        paragraph = next(formula.iterancestors("{*}p"), None)
        if paragraph is not None and text:
            outermost = _ancestor_below(formula, paragraph)
            outermost.addprevious(_run(paragraph, text))


def _ancestor_below(element: etree._Element, above: etree._Element) -> etree._Element:
    while element.getparent() is not above:
        parent = element.getparent()
        if parent is None:
            break
        element = parent
    return element


def _put_first(paragraph: etree._Element, text: str) -> None:
    properties = paragraph.find("{*}pPr")
    run = _run(paragraph, text)
    if properties is None:
        paragraph.insert(0, run)
    else:
        properties.addnext(run)


def _run(paragraph: etree._Element, text: str) -> etree._Element:
    namespace = etree.QName(paragraph).namespace
    run = etree.Element(f"{{{namespace}}}r")
    piece = etree.SubElement(run, f"{{{namespace}}}t")
    piece.text = text
    piece.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    return run


def _is_on(element: etree._Element | None) -> bool:
    return element is not None and value(element).lower() not in _OFF


def _repack(archive: zipfile.ZipFile, changed: Mapping[str, etree._Element]) -> BytesIO:
    parts = {name: etree.tostring(root, encoding="UTF-8", xml_declaration=True) for name, root in changed.items()}
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as target:
        for name in dict.fromkeys(archive.namelist()):
            if not name.startswith(("word/media/", "word/embeddings/")) and not name.endswith("/"):
                target.writestr(name, parts[name] if name in parts else archive.read(name))
    packed.seek(0)
    return packed
