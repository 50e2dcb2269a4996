"""Finds what stands on a PDF page's switched-off layers, which readers don't show and pdfium gives out all the same."""

import ctypes
from collections.abc import Sequence
from typing import Any

import pypdfium2 as pdfium
from pypdfium2 import raw

_LAYER = "OC"  # the mark that puts what it encloses on a layer
_LONGEST_NAME = 512
_Object = Any  # a handle of pdfium's
_SCALE = 0.5  # enough to see whether anything is drawn at all


def take_out_hidden_layers(page: pdfium.PdfPage) -> None:
    """Make the page forget what is on layers that are off.

    Which ones are can't be asked; but pdfium draws none of them, so each is drawn alone and looked at.
    """
    objects = [raw.FPDFPage_GetObject(page.raw, place) for place in range(raw.FPDFPage_CountObjects(page.raw))]
    layers: dict[str, list[_Object]] = {}
    for one in objects:
        if name := _layer_of(one):
            layers.setdefault(name, []).append(one)
    if not layers:
        return
    _switch(objects, on=False)
    hidden = [members for members in layers.values() if not _draws_anything(page, members)]
    _switch(objects, on=True)
    for members in hidden:
        _switch(members, on=False)


def _draws_anything(page: pdfium.PdfPage, members: Sequence[_Object]) -> bool:
    _switch(members, on=True)
    bitmap = page.render(scale=_SCALE, grayscale=True)
    _switch(members, on=False)
    drawn = bytes(bitmap.buffer)
    bitmap.close()
    return drawn.count(b"\xff") < len(drawn)


def _switch(objects: Sequence[_Object], *, on: bool) -> None:
    for one in objects:
        raw.FPDFPageObj_SetIsActive(one, on)


def _layer_of(one: _Object) -> str:
    """Return the names of the layers that an object is on, one in another; empty if it is on none."""
    names = []
    for place in range(raw.FPDFPageObj_CountMarks(one)):
        mark = raw.FPDFPageObj_GetMark(one, place)
        if _mark_name(mark) == _LAYER:
            names.append(_layer_name(mark) or "unnamed")
    return "\0".join(names)


def _mark_name(mark: _Object) -> str:
    buffer, length = ctypes.create_string_buffer(2 * _LONGEST_NAME), ctypes.c_ulong()
    raw.FPDFPageObjMark_GetName(mark, _wide(buffer), len(buffer), ctypes.byref(length))
    return _decoded(buffer, length)


def _layer_name(mark: _Object) -> str:
    buffer, length = ctypes.create_string_buffer(2 * _LONGEST_NAME), ctypes.c_ulong()
    raw.FPDFPageObjMark_GetParamStringValue(mark, b"Name", _wide(buffer), len(buffer), ctypes.byref(length))
    return _decoded(buffer, length)


def _wide(buffer: "ctypes.Array[ctypes.c_char]") -> Any:
    return ctypes.cast(buffer, ctypes.POINTER(raw.FPDF_WCHAR))


def _decoded(buffer: "ctypes.Array[ctypes.c_char]", length: ctypes.c_ulong) -> str:
    return buffer.raw[: min(length.value, len(buffer))].decode("utf-16-le", "replace").strip("\0")
