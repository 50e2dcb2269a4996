"""Which of the scored sentences make the answer, and in which order they read well."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from apps.rag.candidates import ABOUT, CandidateUnit, Scored
from apps.rag.context_builder import ContextPassage
from apps.rag.passage_units import Unit, UnitKind, readable
from apps.rag.relevance import Judge

MOST_SENTENCES = 3
CLOSE = 0.1  # rank below the best at which a second sentence joins, half for a third (benchmarks/answering.py)
FURTHER_OWN_SHARE = 0.6  # share that a further sentence's own words must cover, against those of the best
SAME = 0.7  # share of the shorter sentence's words in the other, from which they say the same
HEADING_ASKED = 0.6  # share of the question's words in a heading, from which what stands under it is the answer
OWN_WORDS_IN_SECTION = 0.3  # share of them in a sentence itself, above which it was meant by itself
LONGEST_SECTION = 420  # characters taken from under a heading that asks the question
MOST_ITEMS = 10
_ORDERED = re.compile(r"\s*\(?(\d{1,3})[.)]\s")
# Openings that point to the sentence before.
_POINTS_BACK = re.compile(
    r"(?:it|its|they|their|these|those|this|he|she|his|her|however|therefore|also|in addition|otherwise|"
    r"er|sie|es|diese[rsnm]?|dazu|dies|dadurch|dabei|außerdem|jedoch|il|elle|ils|elles|cela|ce|cette|ces|ello|esto|este|esta|estos|estas|isso|isto|ele|ela)\b",
    re.IGNORECASE,
)
# Openings that answer the question above the sentence, and no other.
_ANSWERS_ITS_OWN = re.compile(
    r"(?:(?:yes|no|ja|nein|doch|oui|non|s[ií]|sim|não|हाँ|नहीं)\s*[,.;:!–—-]|(?:是的|不是|はい|いいえ)[，。、,]|(?:نعم|لا)\s*[،,.])",
    re.IGNORECASE,
)
_ENDS = (".", "!", "?", "…", "。", "！", "？", "؟", "।")
_LEADS_IN = (":", "：")


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A unit in the answer; `mark` is what a list's item begins with."""

    text: str = field(repr=False)
    number: int
    mark: str = ""

    def cited(self) -> str:
        """Return the line as a model would write it; one without an end of its own ends with its line."""
        if self.mark:
            return f"\n{self.mark} {self.text} [{self.number}]"
        return f"{self.text} [{self.number}]{' ' if self.text.endswith(_ENDS) else chr(10)}"


def select(scored: Sequence[Scored], judge: Judge) -> list[Line]:
    """Return the lines of the answer from candidates given best first; none if even the best isn't relevant."""
    if not scored:
        return []
    best = scored[0].candidate
    relevant = judge.is_relevant(
        cosine=scored[0].cosine,
        own=judge.coverage(best.words),
        framed=judge.coverage(best.framed),
        passage=judge.coverage(best.passage_words),
    )
    return (_section(best, judge) or _sentences(scored, judge)) if relevant else []


def _section(best: CandidateUnit, judge: Judge) -> list[Line]:
    """Return what stands under a heading that asks the question: all items of a list, or the first sentences."""
    heading, own = judge.coverage(best.heading_words), judge.coverage(best.words)
    if best.unit.kind is UnitKind.ROW or own > HEADING_ASKED or (own > 0 and heading < HEADING_ASKED):
        return []  # the sentence itself was meant, not what it stands under
    section = [unit for unit in best.units if unit.about == best.unit.about and unit.kind not in ABOUT]
    items = [unit for unit in section if unit.kind is UnitKind.ITEM]
    if best.unit.kind is UnitKind.ITEM and 1 < len(items) <= MOST_ITEMS:
        return _listed(best.passage, items)
    return _opening(best.passage, section) if own <= OWN_WORDS_IN_SECTION else []


def _opening(passage: ContextPassage, section: Sequence[Unit]) -> list[Line]:
    """Return the first sentences of a section, as far as they are one thought and short."""
    chosen: list[Unit] = []
    for unit in section:
        too_long = chosen and unit.end - chosen[0].start > LONGEST_SECTION
        if too_long or len(chosen) == MOST_SENTENCES or (chosen and unit.block != chosen[-1].block):
            break
        chosen.append(unit)
    return [_line(passage, unit) for unit in chosen]


def _sentences(scored: Sequence[Scored], judge: Judge) -> list[Line]:
    """Return the best sentence and those close to it, in the order of their passages."""
    best = scored[0]
    least_own = FURTHER_OWN_SHARE * judge.coverage(best.candidate.words)  # a shared heading alone brings no sentence in
    chosen: list[CandidateUnit] = []
    for one in scored:
        if one.rank < best.rank - CLOSE / max(1, len(chosen)) or len(chosen) == MOST_SENTENCES:
            break
        if chosen and not _may_follow(one, best):
            continue
        alike = any(_say_the_same(one.candidate, other) for other in chosen)
        if not alike and judge.coverage(one.candidate.words) >= least_own:
            chosen.append(one.candidate)
    lines: list[Line] = []
    for number in dict.fromkeys(candidate.passage.number for candidate in chosen):
        of_passage = [candidate for candidate in chosen if candidate.passage.number == number]
        lines += _in_order(sorted(of_passage, key=lambda candidate: candidate.index))
    return lines


def _may_follow(one: Scored, best: Scored) -> bool:
    """Tell whether a candidate may stand beside the best: a row about the subject beside a row, else no fragment.

    Nor may a "yes" to another question.
    """
    unit = one.candidate.unit
    if _ANSWERS_ITS_OWN.match(one.candidate.text) and not _stand_together(one.candidate, best.candidate):
        return False
    if best.candidate.unit.kind is UnitKind.ROW:
        return unit.kind is UnitKind.ROW and one.gain >= best.gain
    return unit.kind is not UnitKind.SENTENCE or one.candidate.text.rstrip("\"'”’»)").endswith((*_ENDS, *_LEADS_IN))


def _stand_together(one: CandidateUnit, other: CandidateUnit) -> bool:
    return one.passage is other.passage and one.unit.about == other.unit.about


def _in_order(chosen: Sequence[CandidateUnit]) -> list[Line]:
    """Return a passage's lines: a sentence that points back follows the one it points to, a lead-in has its list."""
    first = chosen[0]
    wanted: dict[int, None] = {}
    for candidate in chosen:
        before = candidate.index - 1
        if len(chosen) < MOST_SENTENCES and _points_to(candidate, before):
            wanted.setdefault(before)
        wanted.setdefault(candidate.index)
        if candidate.text.endswith(_LEADS_IN):
            wanted.update(dict.fromkeys(_items_after(candidate)))
    units = [first.units[index] for index in wanted]
    if all(unit.kind is UnitKind.ITEM for unit in units) and len(units) > 1:
        return _listed(first.passage, units)
    return [_line(first.passage, unit, after_lead_in=unit.kind is UnitKind.ITEM and len(units) > 1) for unit in units]


def _points_to(candidate: CandidateUnit, before: int) -> bool:
    if before < 0 or not _POINTS_BACK.match(candidate.text):
        return False
    earlier = candidate.units[before]
    return earlier.block == candidate.unit.block and earlier.kind is UnitKind.SENTENCE


def _items_after(candidate: CandidateUnit) -> list[int]:
    following: list[int] = []
    for index in range(candidate.index + 1, len(candidate.units)):
        if candidate.units[index].kind not in {UnitKind.ITEM, UnitKind.ROW} or len(following) == MOST_ITEMS:
            break
        following.append(index)
    return following


def _listed(passage: ContextPassage, units: Sequence[Unit]) -> list[Line]:
    return [_line(passage, unit, after_lead_in=True) for unit in units]


def _line(passage: ContextPassage, unit: Unit, *, after_lead_in: bool = False) -> Line:
    text = passage.text[unit.start : unit.end]
    ordered = _ORDERED.match(text)
    mark = (f"{ordered[1]}." if ordered else "-") if after_lead_in else ""
    return Line(text=readable(text), number=passage.number, mark=mark)


def _say_the_same(one: CandidateUnit, other: CandidateUnit) -> bool:
    smaller = min(len(one.words), len(other.words))
    return bool(smaller) and len(one.words & other.words) / smaller >= SAME and one.unit.kind is not UnitKind.ROW
