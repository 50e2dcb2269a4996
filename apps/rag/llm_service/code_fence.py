"""Takes the code fence off an answer that is one whole code block, so that its sentences are not taken for code.

A block of code at the beginning of an answer stays one: only what reads like prose, is Markdown by its label or is an
answer as JSON loses its fence.
"""

import re

from apps.rag.llm_service.json_answer import opens_answer

_OPENING = re.compile(r"\s*(`{3,}|~{3,})[ \t]*([\w.+-]*)[ \t]*\n")
_MAY_OPEN = re.compile(r"\s{0,99}(?:`{0,2}|~{0,2}|(?:`{3,}|~{3,})[ \t]*[\w.+-]{0,20}[ \t]*)")
_MARKDOWN = frozenset({"markdown", "md"})
_PLAIN = frozenset({"", "text", "txt", "plain", "plaintext", "json"})
_UNDECIDED = 600  # characters without the end of a sentence: no prose, or none worth waiting for

# From the beginning of a line to the first citation or end of a sentence, without a sign that only code has.
_SENTENCE = re.compile(
    r"(?:(?:[-*+•]|\d{1,2}[.)])[ \t]+)?\**[^\W_][^\n{}<>;=|$`\\]*?"
    r"(?:(?<=[\s.!?。])\[\d{1,3}\]|(?P<full>[。！？।])|(?:(?<=[^\W\d_]{2})|(?<=[)”’]))[.!?…:؟](?=\s))"
)
_FEWEST_WORDS = 3
_LINES = re.compile(r"[^\n]*\n|[^\n]+")


class FenceUnwrapper:
    """Holds back the beginning until it is clear whether a fence opens round the whole answer."""

    def __init__(self) -> None:
        self._held = ""
        self._decided = False
        self._mark = ""  # what closes the fence that is taken off, while it is open
        self._in_block = False  # whether a block of code inside it is open
        self._line = ""
        self._passed = 0  # characters of the line that were passed on

    def feed(self, text: str) -> str:
        """Return what of the text belongs to the answer."""
        if self._decided:
            return self._unwrapped(text) if self._mark else text
        self._held += text
        if (opening := _OPENING.match(self._held)) is None:
            return "" if _MAY_OPEN.fullmatch(self._held) else self._release()
        wraps = _wraps_answer(opening[2].lower(), self._held[opening.end() :])
        if wraps is None:
            return ""
        if wraps:
            self._mark, self._held = opening[1], self._held[opening.end() :]
        return self._release()

    def flush(self) -> str:
        """Return what was held back, without the fence's end."""
        if not self._decided:
            return self._release()
        rest, self._line = self._line[self._passed :], ""
        if self._mark and not self._in_block and rest.rstrip().endswith(self._mark):
            return rest.rstrip().removesuffix(self._mark).rstrip()
        return rest

    def _release(self) -> str:
        self._decided = True
        held, self._held = self._held, ""
        return self._unwrapped(held) if self._mark else held

    def _unwrapped(self, text: str) -> str:
        return "".join(self._read(piece) if self._mark else piece for piece in _LINES.findall(text))

    def _read(self, piece: str) -> str:
        """Return what of a line is sure to be no fence, once a piece of it came."""
        self._line += piece
        if piece.endswith("\n"):
            line, passed = self._line, self._passed
            self._line, self._passed = "", 0
            return line[passed:] if self._keeps(line) else self._without_end(line[passed:])
        start, self._passed = self._passed, max(self._passed, len(self._line.rstrip("`~ \t")))
        if self._line.lstrip().startswith(self._mark[0]):
            self._passed = start
        return self._line[start : self._passed]

    def _keeps(self, line: str) -> bool:
        """Tell whether a whole line is part of the answer, and not the end of the fence round it."""
        stripped = line.strip()
        if stripped.count(self._mark) % 2 == 0:
            return True
        if self._in_block:
            self._in_block = stripped != self._mark
            return True
        self._in_block = stripped.startswith(self._mark) and stripped.strip("`~") != ""
        return self._in_block or not stripped.endswith(self._mark)

    def _without_end(self, line: str) -> str:
        mark, self._mark = self._mark, ""
        text = line.rstrip().removesuffix(mark).rstrip()
        return f"{text}\n" if text else ""


def _wraps_answer(label: str, inside: str) -> bool | None:
    """Tell whether a fence stands round an answer; None as long as more has to be read for that."""
    if label in _MARKDOWN:
        return True
    if label not in _PLAIN:
        return False
    if opens_answer(inside):
        return True
    text = inside.lstrip()
    sentence = _SENTENCE.match(text)
    if sentence is not None:
        return bool(sentence["full"]) or len(sentence.group().split()) >= _FEWEST_WORDS
    may_be = text.startswith("{") or "\n" not in text
    return None if may_be and len(text) < _UNDECIDED else False
