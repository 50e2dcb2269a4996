"""The passages of one turn as the filter uses them: which of them support a sentence, and how that is shown."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from apps.rag.context_builder import Context
from apps.rag.privacy_filter.by_unit import UnitCheck
from apps.rag.privacy_filter.courtesies import is_courteous, without_courtesies, without_yes_or_no
from apps.rag.privacy_filter.evidence import Claims, PassageText, Quote, Sentence, Text, claims_of
from apps.rag.privacy_filter.reading import Written
from apps.rag.privacy_filter.support import Support
from apps.rag.privacy_filter.wording import SecondOpinion, Wording, windows_of

FEWEST_COPIED_WORDS = 3  # a shorter sentence of a source proves nothing by being there, unless it is cited for it
KNOWN_IN_LEAD_IN = 0.5  # share of its words that a lead-in, which claims nothing by itself, must have from the passages
CITED_INSTEAD = 0.15  # share of a sentence's words by which what its writer cites may fall short of the best passage
SECOND_PROOF = 0.2  # share of them that another passage must add to be a proof as well
NOT_UNTRUE = frozenset({"unfinished", "refusal", "says_nothing", "heading", "repeated", "learn_only"})
_LINK = re.compile(r"(?:https?://|ftp://|www\.|mailto:)[^\s<>\"'`）)\]]+", re.IGNORECASE)
_FENCE = re.compile(r"^\s*(?:```|~~~).*$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Ruling:
    """The proofs of a sentence, or the rule that stops it. One that claims nothing has neither.

    `leads_in` tells that it only announces what follows; `retracts`, that it refutes the lone yes or no before it.
    """

    proofs: tuple[Quote, ...] = field(default=(), repr=False)
    rule: str | None = None
    leads_in: bool = False
    retracts: bool = False

    @property
    def is_untrue(self) -> bool:
        """Whether the sources were asked and do not support it."""
        return self.rule is not None and self.rule not in NOT_UNTRUE


class Sources:
    """Holds sentences against the passages that the model was given."""

    def __init__(
        self, *, context: Context, question: str, known: str, language: str, reader: SecondOpinion | None
    ) -> None:
        self._texts = {passage.number: PassageText(passage, language) for passage in context.passages}
        sources = list(self._texts.values())
        asked = Text(question, language)
        self._support = Support(sources=sources, question=asked, known=Text(known, language), language=language)
        self._by_unit = UnitCheck(sources, language)
        self._wording = Wording(sources=sources, asked=asked.words, language=language, reader=reader)
        self._question = asked
        self._language = language

    @property
    def texts(self) -> list[str]:
        return [source.passage.text for source in self._texts.values()]

    def rule_on(self, written: Written, *, caught: int) -> Ruling:
        """Find the proofs of a sentence, in what it cites or elsewhere, or the rule against it.

        `caught` tells how many sentences of this writer were not supported.
        """
        if written.is_code:
            return self._rule_on_code(written.sentence.text)
        body, said_yes = without_yes_or_no(written.sentence.text)
        claims = claims_of(body, self._language)
        if written.said_yes is not None and self._support.contradicts(claims, written.said_yes):
            return replace(self.rule_on(replace(written, said_yes=None), caught=caught), retracts=True)
        if copied := self._copied(written):
            return copied
        rest = without_courtesies(claims.words, self._language)
        if claims.is_bare and not rest:
            return self._rule_on_courtesy(written, claims, answers=said_yes is not None)
        rule = self._support.objection(body, claims, said_yes)
        rule = rule or self._by_unit.objection(body, self._question.proper_names, written.lead_in)
        if rule is None and written.announces and self._is_known(rest):
            return Ruling(leads_in=True)
        return Ruling(rule=rule) if rule else self._rule_on_wording(written, claims, rest, caught)

    def have_copied(self, sentence: Sentence) -> bool:
        """Tell whether a source says just this."""
        return any(source.copied(sentence) for source in self._texts.values())

    def knows_links(self, sentence: str) -> bool:
        """Tell whether every address in a sentence is in a source, or is a source's own."""
        if ":" not in sentence and "www." not in sentence.lower():
            return True
        links = [link.rstrip(".,;:!?") for link in _LINK.findall(sentence)]
        passages = [source.passage for source in self._texts.values()]
        return all(any(link in passage.text or link == passage.url for passage in passages) for link in links)

    def _is_known(self, words: frozenset[str]) -> bool:
        known = frozenset[str]().union(*(source.words for source in self._texts.values()))
        return len(words & known) >= KNOWN_IN_LEAD_IN * len(words)

    def _rule_on_courtesy(self, written: Written, claims: Claims, *, answers: bool) -> Ruling:
        """Let through what claims nothing, if it is more than empty words about the sources."""
        courteous = is_courteous(claims.words, self._language)
        return Ruling(leads_in=True) if courteous or answers or written.announces else Ruling(rule="says_nothing")

    def _rule_on_code(self, block: str) -> Ruling:
        """Prove code by a passage that has the same lines one after another: in code, other words are other code."""
        lines = [line.split() for line in _FENCE.sub("", block).splitlines() if line.strip()]
        for source in self._texts.values() if lines else ():
            if quote := source.quote_of_lines(lines):
                return Ruling(proofs=(quote,))
        return Ruling(rule="unknown_code")

    def _rule_on_wording(self, written: Written, claims: Claims, words: frozenset[str], caught: int) -> Ruling:
        if self._is_known(claims.label) or not claims.words - claims.label:
            words -= claims.label
        words |= claims.tokens - claims.words  # figures
        windows = [window for source in self._texts.values() for window in windows_of(source, words)]
        windows.sort(key=lambda window: -window.worth)
        if not self._wording.is_enough(written.sentence.text, words, windows, caught=caught):
            return Ruling(rule="too_few_words")
        proofs = self._proofs(written.marked.cited, claims)
        return Ruling(proofs=proofs) if proofs else Ruling(rule="too_few_words")

    def _proofs(self, cited: Sequence[int], claims: Claims) -> tuple[Quote, ...]:
        """Return the quotes that show a sentence's words: at most one of a passage, and of as few as say it."""
        ranked = sorted(self._texts.values(), key=lambda source: -source.said_of(claims))
        if not ranked:
            return ()
        size = max(1, claims.size)
        named = [source for source in ranked if source.passage.number in cited]
        good_enough = ranked[0].said_of(claims) - CITED_INSTEAD * size
        first = next((source for source in named if source.said_of(claims) >= good_enough), ranked[0])
        chosen, said = [first], first.claimed(claims)
        for source in [*named, *ranked]:
            if source not in chosen and len(source.claimed(claims) - said) >= max(1, SECOND_PROOF * size):
                chosen.append(source)
                said |= source.claimed(claims)
        return tuple(quote for source in chosen if (quote := source.quote(claims)))

    def _copied(self, written: Written) -> Ruling | None:
        """Rule on a sentence that repeats a source word for word; a short one only where it is cited for that."""
        text, cited = written.sentence.text, written.marked.cited
        if written.announces:
            return None
        long_enough = len(text) >= 4 * FEWEST_COPIED_WORDS or len(text.split()) >= FEWEST_COPIED_WORDS
        named = [self._texts[number] for number in cited if number in self._texts]
        for source in (*named, *(self._texts.values() if long_enough else ())):
            if (unit := source.copied(written.sentence)) is not None:
                if written.lead_in and self._by_unit.is_under_another(text, written.lead_in):
                    return Ruling(rule="mixed_up")
                return Ruling(proofs=(Quote(source, unit.original, unit.page),))
        return None
