"""The white space and list marks between the sentences that survive: those of dropped ones pass to the next."""

import re
from typing import NamedTuple

_MARKER = re.compile(r"\[\d+\]")
_FULL_WIDTH_ENDS = ("。", "！", "？", "｡", "」", "』")


class Gap(NamedTuple):
    """What stands before a sentence: how many line breaks, and the mark of a list's item ("- ", "2. ")."""

    breaks: int = 0
    item: str = ""


_State = tuple[Gap, str, bool]


class Layout:
    """Sets sentences one after another."""

    def __init__(self) -> None:
        self._pending = Gap()
        self._before = ""  # the sentence set last, without its markers
        self._after_code = False

    def meet(self, white_space: str, item: str) -> None:
        """Take note of what stands before the next sentence, whether that will be set or not."""
        breaks = white_space.count("\n")
        if breaks:
            self._pending = Gap(max(breaks, self._pending.breaks), item)
        elif item:
            self._pending = self._pending._replace(item=item)

    @property
    def state(self) -> "_State":
        """How things stand, to be gone back to."""
        return self._pending, self._before, self._after_code

    def go_back(self, state: "_State") -> None:
        """Take back what was set since."""
        self._pending, self._before, self._after_code = state

    def forget(self) -> None:
        """Take no notice of what stood before sentences that weren't set: another writer goes on."""
        self._pending = Gap()

    def take(self) -> Gap:
        """Return the gap before the sentence at hand, and start again from none."""
        gap, self._pending = self._pending, Gap()
        return gap

    def give_back(self, gap: Gap) -> None:
        """Hand on the gap of a sentence that won't be set after all."""
        self._pending = Gap(max(gap.breaks, self._pending.breaks), self._pending.item or gap.item)

    def set(self, gap: Gap, sentence: str, *, is_code: bool = False) -> str:
        """Return the sentence with what parts it from the one before."""
        lead = self._lead(gap, is_code=is_code)
        self._before = _without_markers(sentence)
        self._after_code = is_code
        return f"{lead}{'' if is_code else gap.item}{sentence}"

    def _lead(self, gap: Gap, *, is_code: bool) -> str:
        if not self._before:
            return ""
        if is_code or self._after_code:
            return "\n\n"
        if gap.breaks:
            return "\n" if gap.item else "\n\n"
        return "" if self._before.endswith(_FULL_WIDTH_ENDS) else " "


def _without_markers(sentence: str) -> str:
    """Return a sentence without the markers at its end."""
    while sentence.endswith("]") and (marker := _MARKER.fullmatch(sentence, sentence.rfind("["))):
        before = sentence[: marker.start()]
        sentence = before[:-1] if before[-1:].isspace() else before
    return sentence
