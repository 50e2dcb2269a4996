"""The negative gate: lets text pass as long as nothing forbidden can be read in all that has passed, in any view."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile

from apps.rag.privacy_filter.negative.screening import Finding, Screen
from apps.rag.privacy_filter.negative.views import Read, views_of
from apps.rag.privacy_filter.splitter import visible

LONGEST_HELD = 400  # raw characters without white space that are held back; the longest word or link is far below
AT_ONCE = 32_000  # raw characters that are looked at together
_WORDS = re.compile(r"\S+\s*|\s+")
_TO_LAST_SPACE = re.compile(r".*\s", re.DOTALL)


@dataclass(frozen=True, kw_only=True, slots=True)
class Hit:
    """What stopped a text, for the owner: a rule, a hash, the view and how many characters had passed. No text."""

    rule: str
    digest: str
    view: str
    position: int


class NegativeGate:
    """Guards one answer. What the visitor said is exempt, so that nobody can find out a secret by guessing it.

    `earlier` are the answers of the conversation so far: a secret may come in parts. `admits` judges a text that is
    given out at once or not at all, as a sentence is, and `admitted` several; `feed` and `flush` pass on a stream, each
    word when it is whole, and nothing after the first hit. What passes holds no invisible characters.
    """

    def __init__(self, screen: Screen, *, visitor_text: str = "", earlier: Iterable[str] = ()) -> None:
        self.hits: list[Hit] = []
        self.is_closed = False
        self._screen = screen
        self._held = ""
        self._read = Read()
        asked = self._look(visitor_text, Read()) if visitor_text else None
        self._exempt = frozenset((found.rule, found.digest) for found in asked[0]) if asked else frozenset()
        for answer in earlier:
            if (looked := self._look(f"{answer}\n", self._read)) is not None:
                self._read = looked[1]

    def admits(self, text: str) -> bool:
        """Tell whether a text may follow what has passed; if so, it counts as passed."""
        if self.is_closed:
            return False
        looked = self._look(text, self._read)
        if looked is None:
            return False
        found = self._unasked(looked[0])
        self.hits += [
            Hit(rule=rule, digest=digest, view=view, position=self._read.length) for rule, digest, view in sorted(found)
        ]
        if not found:
            self._read = looked[1]
        return not found

    def admitted(self, texts: Sequence[str]) -> int:
        """Return how many of some texts in a row, from the first, may follow what has passed; these count as passed.

        They are looked at together, which costs less; one by one only when something is found in them.
        """
        if len(texts) > 1 and not self.is_closed:
            looked = self._look("".join(texts), self._read)
            if looked is not None and not self._unasked(looked[0]):
                self._read = looked[1]
                return len(texts)
        return sum(1 for _ in takewhile(self.admits, texts))

    def feed(self, text: str) -> str:
        """Take in a part of a stream; return what of it may go out."""
        self._held += visible(text)
        ready = ""
        while not self.is_closed:
            last = _TO_LAST_SPACE.match(self._held, 0, AT_ONCE)
            end = last.end() if last else AT_ONCE if len(self._held) > LONGEST_HELD else 0
            if not end:
                break
            part, self._held = self._held[:end], self._held[end:]
            ready += self._passing(part)
        return ready

    def flush(self) -> str:
        """Return the rest that was held back, if it may go out."""
        rest, self._held = self._held, ""
        return self._passing(rest) if rest and not self.is_closed else ""

    def _passing(self, text: str) -> str:
        """Return as many whole words of a text as may pass; what a stream was cut into makes no difference."""
        if self.admits(text):
            return text
        words = _WORDS.findall(text)
        if len(words) < 2 or self.is_closed:
            self.is_closed = True
            return ""
        half = sum(map(len, words[: len(words) // 2]))
        first = self._passing(text[:half])
        return first if self.is_closed else first + self._passing(text[half:])

    def _unasked(self, findings: Iterable[Finding]) -> set[Finding]:
        """Return what was found, without what the visitor said himself."""
        return {one for one in findings if (one.rule, one.digest) not in self._exempt}

    def _look(self, text: str, before: Read) -> tuple[frozenset[Finding], Read] | None:
        """Return what is forbidden in a text and what to remember of it; None, and the gate closes, if that fails."""
        try:
            views = views_of(text, before)
            return self._screen.findings(views), views.after
        except Exception:  # noqa: BLE001  # whatever it is that the gate can't read must not pass, nor what follows it
            self.is_closed = True
            self.hits.append(Hit(rule="failure", digest="", view="", position=before.length))
            return None
