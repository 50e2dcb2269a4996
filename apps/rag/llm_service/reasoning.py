"""Takes a model's thinking out of its answer, where a server leaves it in: `<think>…</think>` at the beginning."""

import re

_OPENING = re.compile(r"\s*<(think|thinking|reasoning|thought)>", re.IGNORECASE)
_LONGEST_OPENING = 24  # characters, white space before it included


class ReasoningStripper:
    """Holds back the beginning until it is clear whether it is thinking, and drops it if it is."""

    def __init__(self) -> None:
        self._held = ""
        self._closing = ""  # what ends the thinking, while there is some
        self._decided = False

    def feed(self, text: str) -> str:
        """Return what of the text belongs to the answer."""
        if self._decided:
            return text
        self._held += text
        if not self._closing:
            opening = _OPENING.match(self._held)
            if opening is None:
                return "" if self._may_open() else self._release()
            self._closing = f"</{opening[1].lower()}>"
        place = self._held.lower().find(self._closing)
        if place < 0:
            self._held = self._held[-len(self._closing) :] if len(self._held) > _LONGEST_OPENING else self._held
            return ""
        self._held = self._held[place + len(self._closing) :]
        return self._release()

    def flush(self) -> str:
        """Return what was held back; thinking that never ended is no answer."""
        return "" if self._closing and not self._decided else self._release()

    def _may_open(self) -> bool:
        start = self._held.lstrip()
        return len(self._held) < _LONGEST_OPENING and (not start or start[0] == "<") and ">" not in start

    def _release(self) -> str:
        self._decided = True
        held, self._held = self._held, ""
        return held
