"""Whether a sentence says of one thing what its sources say of another.

A figure, a property or a step belongs to the row, item or sentence it is in, and to what that is said of. Each stretch
of a sentence is held against the unit that has most of its words; what is left over may come from another unit, but not
from a rival: another row of the table, a sentence of the same form, a unit about another name, a step of another
procedure. "The ferry to Mosby costs 15 dollars" takes Mosby from one rival and 15 from the other.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from apps.core.chunking import BlockKind
from apps.rag.privacy_filter.courtesies import without_courtesies
from apps.rag.privacy_filter.dates import is_told
from apps.rag.privacy_filter.evidence import PassageText, Text, UnitText, as_tokens, without_dates
from apps.rag.privacy_filter.figures import figures
from apps.rag.privacy_filter.names import is_named

SAME_FORM, SAME_FORM_UNSPACED = (
    0.4,
    0.3,
)  # share of their words, small ones included, that two sentences of the same form have in common
SAME_FORM_IN_SENTENCE = 0.2  # the same for stretches of one sentence, where words are left out
# A stretch is mixed up with a rival that has this share of its words, and of whose words it has this share.
IN_RIVAL, OF_RIVAL = 0.5, 0.4
IN_OTHER_ROW = 0.3
OF_HEAD = 0.5  # share of what an item is said of that must be in the head of a list
FEWEST_NEAR = 2  # words that a unit must share with what a figure is said of
FEWEST_TORN, MOST_TORN = (
    2,
    4,
)  # words of a sentence that one unit must have together, where the sources know all of them
MOST_AT_ONCE = 8  # words of a sentence of several stretches that is also held against the units as a whole
LONGEST_TAKEN_APART = 300  # characters of a unit
_JOINTS = re.compile(
    r"[;；]\s*|[,，、:：]\s+|，|、|(?<=\w{3}[.!?])\s+(?=[A-Z\d])|\s(?:and|or|but|while|whereas|und|oder|aber|während|et|ou|mais|y|o|pero|e|mas)\s",
    re.IGNORECASE,
)
_KEYED = re.compile(r"\W*[^:：–—\n]{1,40}(?:[:：]\s|\s[–—-]\s)")
_ADDRESS = re.compile(r"\w@\w|https?:|www\.")
_WORD = re.compile(r"[^\W_]+(?:[-.'][^\W_]+)*")
_POINTS_BACK = frozenset(
    """it its they their he his she her this these er sie es sein ihr dies diese dieser il elle ils elles son sa él ella
    ellos su sus este esta ele ela seu sua isso""".split()  # noqa: SIM905 (a list of words reads better)
)


@dataclass(eq=False)
class Told:
    """A unit, or a stretch of one, with what it is about.

    `names` are its own, or else those of the sentence before it; `before` is the sentence that its "it" points back to.
    """

    text: Text
    unit: UnitText
    names: frozenset[str] = field(default=frozenset())
    before: "Told | None" = None

    @cached_property
    def tokens(self) -> frozenset[str]:
        return self.text.tokens | (self.before.text.tokens if self.before else frozenset())

    @cached_property
    def all_tokens(self) -> frozenset[str]:
        return self.tokens | self.unit.topic.tokens

    @property
    def is_row(self) -> bool:
        return self.unit.kind is BlockKind.TABLE_ROW or self.is_keyed

    @cached_property
    def is_keyed(self) -> bool:
        """Whether it is an item such as "Monday: 9 to 17"."""
        return self.unit.is_listed and _KEYED.match(self.unit.original) is not None

    def named(self, names: frozenset[str]) -> frozenset[str]:
        """Return which of the names it is about."""
        return frozenset(name for name in names if is_named(name, self.names))

    def is_about(self, names: frozenset[str]) -> bool:
        return bool(self.named(names))


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """A sentence or a part of it: its words and figures but for dates, and the names that only some units have."""

    text: Text
    tokens: frozenset[str]
    names: frozenset[str]


class UnitCheck:
    """The units of all passages of one turn."""

    def __init__(self, sources: Sequence[PassageText], language: str) -> None:
        self._language = language
        self._units = [told for source in sources for told in _told_by(source)]

    def is_under_another(self, sentence: str, lead_in: str) -> bool:
        """Tell whether an item that a source has word for word is said under the lead-in of another list."""
        return self._is_under_another(self._stretch(sentence, frozenset()), Text(lead_in, self._language).words)

    def objection(self, sentence: str, asked: frozenset[str], lead_in: str = "") -> str | None:
        """Return the rule by which a sentence mixes up what its sources keep apart, or None.

        `asked` are the names in the question: a sentence without a name is about them. `lead_in` tells what an item of
        a list is said of.
        """
        about = frozenset(name for name in asked if self._tells(name))
        whole = self._stretch(sentence, about)
        pieces = stretches_of(sentence)
        stretches: list[Stretch] = []
        for piece in pieces if len(pieces) > 1 else ():
            stretches.append(self._stretch(piece, stretches[-1].names if stretches else about))
        if any(self._has_figure_of_another(one, whole) for one in stretches or [whole]):
            return "figure_elsewhere"
        if not stretches and self._is_torn(whole):
            return "mixed_up"
        above = Text(lead_in, self._language).words
        tells_of_several = sum(bool(one.text.proper_names) for one in stretches) > 1
        is_long = bool(stretches) and len(whole.tokens) > MOST_AT_ONCE
        checked = stretches if tells_of_several or is_long else [whole, *stretches]
        if any(self._is_mixed_up(one, whole) for one in checked) or self._is_under_another(whole, above):
            return "mixed_up"
        return None

    def _stretch(self, text: str, names: frozenset[str]) -> Stretch:
        piece = Text(text, self._language)
        own = frozenset(name for name in piece.proper_names if self._tells(name))
        tokens = Text(without_dates(piece.text), self._language).tokens
        return Stretch(text=piece, tokens=tokens, names=own or names)

    def _tells(self, name: str) -> bool:
        return 0 < sum(is_named(name, told.names) for told in self._units) < len(self._units)

    def _has_figure_of_another(self, stretch: Stretch, whole: Stretch) -> bool:
        """Tell whether a figure or date is only in units about something else, while those about this have another."""
        for having, instead, rest in (*self._by_figure(stretch), *self._by_date(stretch)):
            mistaken = [told for told in instead if all(_is_more_about(told, other, rest, stretch) for other in having)]
            if (
                having
                and mistaken
                and not any(_tells_both(whole, told, other) for told in mistaken for other in having)
            ):
                return True
        return False

    def _by_figure(self, stretch: Stretch) -> Iterator[tuple[list[Told], list[Told], frozenset[str]]]:
        """Yield for each figure the units that have it, those that have another instead, and the other words."""
        for figure in figures(without_dates(stretch.text.text)):
            having = [
                told
                for told in self._units
                if not figure.isdisjoint(told.text.readings) and _may_count(told.text.units, stretch.text.units)
            ]
            instead = [told for told in self._units if _has_another(told, figure, having)]
            yield having, instead, stretch.tokens - as_tokens(figure)

    def _by_date(self, stretch: Stretch) -> Iterator[tuple[list[Told], list[Told], frozenset[str]]]:
        for date in stretch.text.dates:
            having = [told for told in self._units if is_told(date, told.text.dates)]
            yield having, [told for told in self._units if told.text.dates and told not in having], stretch.tokens

    def _is_torn(self, whole: Stretch) -> bool:
        """Tell whether a short sentence consists of words of the sources, of which no unit has all."""
        tokens = without_courtesies(whole.tokens, self._language)
        known = frozenset[str]().union(*(told.tokens for told in self._units))
        most = MOST_TORN if whole.text.figures else MOST_TORN - 1
        if not FEWEST_TORN <= len(tokens) <= most or not tokens <= known:
            return False
        return not any(tokens <= told.all_tokens for told in self._units)

    def _closest(self, tokens: frozenset[str]) -> list[Told]:
        best = max((len(tokens & told.all_tokens) for told in self._units), default=0)
        return [told for told in self._units if best and len(tokens & told.all_tokens) == best]

    def _is_under_another(self, whole: Stretch, above: frozenset[str]) -> bool:
        """Tell whether a step or item is from one list or procedure, and what it is said of heads another."""
        most = max((len(whole.tokens & told.text.tokens) for told in self._units), default=0)
        own = [told for told in self._units if most and len(whole.tokens & told.text.tokens) == most]
        if not own or not all(told.unit.is_listed and told.unit.head.words for told in own):
            return False
        heads = {id(told.unit.head): told.unit.head.words for told in self._units if told.unit.is_listed}
        said_of = above | (whole.tokens - frozenset[str]().union(*(told.text.tokens for told in own)))
        mine = frozenset[str]().union(*(heads[id(told.unit.head)] for told in own))
        return any(
            said_of & head > said_of & mine
            and not said_of & mine - head
            and len(said_of & head) >= OF_HEAD * len(said_of)
            for head in heads.values()
        )

    def _is_mixed_up(self, stretch: Stretch, whole: Stretch) -> bool:
        closest = self._closest(stretch.tokens)
        return bool(closest) and all(
            _is_mixed(stretch, told, self._units, whole)
            or _is_mixed(stretch, told, _apart(told, self._language), whole)
            for told in closest
        )


def stretches_of(sentence: str) -> list[str]:
    """Return a sentence cut at its commas and conjunctions."""
    return [piece for piece in _JOINTS.split(sentence) if piece.strip()]


def _told_by(source: PassageText) -> Iterator[Told]:
    before: Told | None = None
    for unit in source.parts:
        names, back = unit.proper_names, None
        if before is not None and before.unit.part == unit.part and not unit.is_listed and not names:
            names = before.names
            first = _WORD.search(unit.text)
            back = before if first and first.group().casefold() in _POINTS_BACK else None
        told = Told(unit, unit, names | unit.topic.proper_names if names else names, back)
        yield told
        before = told if names else before


def _apart(told: Told, language: str) -> list[Told]:
    """Return the stretches of a unit that tell of different things: those with a name or, without names, a figure."""
    unit = told.unit
    if told.is_row or unit.kind is BlockKind.CODE or len(unit.original) > LONGEST_TAKEN_APART:
        return []
    pieces: list[Text] = []
    for stretch in stretches_of(unit.original):
        text = Text(stretch, language)
        if pieces and not _begins_another(pieces[-1], text):
            text = Text(f"{pieces.pop().original}, {stretch}", language)
        pieces.append(text)
    return [Told(text, unit, text.proper_names) for text in pieces] if len(pieces) > 1 else []


def _begins_another(before: Text, text: Text) -> bool:
    if before.proper_names:
        return bool(text.proper_names - before.proper_names)
    return bool(before.figures and text.figures) or all(_ADDRESS.search(one.original) for one in (before, text))


def _is_mixed(stretch: Stretch, closest: Told, others: Sequence[Told], whole: Stretch) -> bool:
    """Tell whether what the closest unit lacks is only said by its rivals."""
    if others and others[0].unit is closest.unit and len(others) > 1 and others[0] is not closest:
        closest = max(others, key=lambda told: len(stretch.tokens & told.tokens))
    for token in stretch.tokens - closest.all_tokens:
        having = [told for told in others if token in told.tokens]
        if having and all(_are_rivals(closest, told, stretch.names) for told in having):
            close = (told for told in having if told.unit is closest.unit or _is_close(stretch.tokens, told))
            if any(
                _takes_parts(stretch.tokens, closest, told) and not _tells_both(whole, closest, told) for told in close
            ):
                return True
    return False


def _are_rivals(one: Told, other: Told, names: frozenset[str]) -> bool:
    """Tell whether two units say the like of different things."""
    if one.unit is other.unit:
        return one is not other and _have_same_form(one.text.form, other.text.form, SAME_FORM_IN_SENTENCE)
    if one.is_row and other.is_row and (one.unit.head is other.unit.head or not one.is_keyed):
        return True
    if one.names and other.names and (_is_about_less(one, other, names) or _is_about_less(other, one, names)):
        return True
    if one.unit.is_listed and (other.unit.is_listed or other.unit.is_heading):
        return one.unit.head is not other.unit.head
    least = SAME_FORM if " " in one.text.text.strip() else SAME_FORM_UNSPACED
    pairs = [(a, b) for a in (one, one.before) for b in (other, other.before) if a and b and a is not b]
    return any(_have_same_form(a.text.form, b.text.form, least) for a, b in pairs)


def _is_about_less(one: Told, other: Told, names: frozenset[str]) -> bool:
    """Tell whether a unit is about fewer of the names than another, and about something else instead."""
    return one.named(names) < other.named(names) and not one.unit.proper_names <= names


def _have_same_form(one: frozenset[str], other: frozenset[str], least: float) -> bool:
    return len(one & other) >= least * len(one | other)


def _is_close(tokens: frozenset[str], rival: Told) -> bool:
    if rival.is_row:
        return len(tokens & rival.all_tokens) >= IN_OTHER_ROW * len(tokens)
    own = rival.text.tokens
    return len(tokens & rival.all_tokens) >= IN_RIVAL * len(tokens) and len(tokens & own) >= OF_RIVAL * len(own)


def _takes_parts(tokens: frozenset[str], one: Told, other: Told) -> bool:
    """Tell whether a stretch takes something from either that the other lacks, and tells neither of them whole."""
    mine, yours = one.tokens - other.all_tokens, other.tokens - one.all_tokens
    return bool(tokens & mine) and bool(tokens & yours) and not mine <= tokens and not yours <= tokens


def _tells_both(whole: Stretch, one: Told, other: Told) -> bool:
    """Tell whether a sentence tells all of both, one after the other or in step: "Mosby and Karle cost 12 and 15"."""
    mine, yours = one.tokens - other.all_tokens, other.tokens - one.all_tokens
    if not mine | yours <= whole.tokens:
        return False
    owners = [found for word in whole.text.in_order() if (found := (word in mine) - (word in yours))]
    half = len(owners) // 2
    return owners in (sorted(owners), sorted(owners, reverse=True)) or owners[:half] == owners[half:]


def _is_more_about(told: Told, other: Told, rest: frozenset[str], stretch: Stretch) -> bool:
    """Tell whether a unit is nearer than another to what a figure is said of: by names or else by words."""
    if stretch.names and other.names and told.is_about(stretch.names) and not other.is_about(stretch.names):
        return True
    mine, theirs = rest & told.all_tokens, rest & other.all_tokens
    return len(mine) >= max(len(theirs), FEWEST_NEAR) and not mine <= theirs


def _may_count(one: frozenset[str], other: frozenset[str]) -> bool:
    """Tell whether figures with these units can be the same: 30 days are not 30 euros."""
    return not one or not other or bool(one & other)


def _has_another(told: Told, figure: frozenset[str], having: Sequence[Told]) -> bool:
    """Tell whether a unit has another figure that counts the same."""
    counted = frozenset[str]().union(*(one.text.units for one in having))
    return any(not other & figure for other in told.text.figures) and (
        bool(counted & told.text.units) or not (counted or told.text.units)
    )
