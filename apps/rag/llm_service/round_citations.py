"""Turns citations in round brackets, "(1)" or "(1, 2)", into "[1]" and "[1][2]" where they can mean nothing else.

They are taken for citations at the end of a sentence only, with numbers of passages that there are. Not where a
passage itself has "(1)", nor after a number in round brackets within a sentence or before one, nor after a citation in
square brackets, nor in code: who writes those means something else by the round ones.
"""

import re

from apps.rag.context_builder import Context

_INSIDE = r"[ \t]*\d{1,3}(?:[ \t]*[,;][ \t]*\d{1,3})*[ \t]*"
_ROUND = re.compile(rf"[(（]{_INSIDE}[)）](?:[ \t]*[(（]{_INSIDE}[)）])*")
_MAY_BE_ROUND = re.compile(r"[(（][\d\s,;()（）]{0,60}[.!?…。！？]{0,3}$")
_LONGEST_TAIL = 64
_AFTER = re.compile(r"[.!?…]+(?:\s|$)|[。！？]|[ \t]*(?:\n|$)")
_NOT_BESIDE = re.compile(r"[^\s⺀-鿿]$")  # "f(1)" is code; Chinese and Japanese leave no space before a bracket
_SQUARE = re.compile(r"\[\^?\d{1,3}")
_NUMBER = re.compile(r"\d{1,3}")
_WORD = re.compile(r"[^\W\d_]")
_FENCE = "```"
_SENTENCE_END = frozenset(".!?…。！？")


class RoundCitations:
    """Knows the numbers of the passages that an answer is written from."""

    def __init__(self, context: Context) -> None:
        texts = [part for passage in context.passages for part in (passage.text, passage.title, *passage.heading_path)]
        self._numbers = {passage.number for passage in context.passages} - _numbers_in(texts)
        self._read = ""  # what was passed on, as it came
        self._held = ""

    def feed(self, text: str) -> str:
        """Return the text as far as no citation can begin in it."""
        self._held += text
        if not self._numbers:
            return self.flush()
        tail = _MAY_BE_ROUND.search(self._held, max(0, len(self._held) - _LONGEST_TAIL))
        return self._release(tail.start() if tail else len(self._held))

    def flush(self) -> str:
        """Return what was held back."""
        return self._release(len(self._held))

    def _release(self, end: int) -> str:
        place = len(self._read)
        self._read, self._held = self._read + self._held[:end], self._held[end:]
        parts = []
        for found in _ROUND.finditer(self._read, place):
            parts += [self._read[place : found.start()], self._markers(found)]
            place = found.end()
        return "".join([*parts, self._read[place:]])

    def _markers(self, found: re.Match[str]) -> str:
        """Return what stands for these brackets: themselves where they are no citation."""
        cited = [int(number) for number in _NUMBER.findall(found.group())]
        if not self._numbers.issuperset(cited):
            return found.group()
        before = self._read[: found.start()]
        if not _ends_sentence(before, self._read[found.end() :]):
            self._numbers = set()  # from here on, a number in round brackets may be anything
        elif not (_SQUARE.search(before) or before.count(_FENCE) % 2):
            space = " " * (before[-1] in ".!?…")
            return space + "".join(f"[{number}]" for number in cited)
        return found.group()


def _numbers_in(texts: list[str]) -> set[int]:
    return {int(number) for text in texts for found in _ROUND.findall(text) for number in _NUMBER.findall(found)}


def _ends_sentence(before: str, after: str) -> bool:
    """Tell whether brackets between these two end a sentence, or stand right behind its end."""
    line = before[before.rfind("\n") + 1 :].rstrip(" \t")
    if not _WORD.search(line):
        return False
    if line[-1] in _SENTENCE_END:
        return not after.strip() or after[0].isspace()
    return _NOT_BESIDE.search(before) is None and _AFTER.match(after) is not None
