"""The passages of one turn as the filter uses them: which of them bear a sentence out."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from apps.rag.context_builder import Context
from apps.rag.privacy_filter.evidence import PassageText, Sentence, claims_of
from apps.rag.privacy_filter.support import Support

FEWEST_COPIED_WORDS = 3  # a shorter sentence of a source proves nothing by standing there, unless it is cited for it
WEAK = 0.5  # share of a sentence's words below which one of several cited sources may be superfluous
_LINK = re.compile(r"(?:https?://|ftp://|www\.|mailto:)[^\s<>\"'`）)\]]+", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Ruling:
    """Either the sources that bear a sentence out, each with its proof, or the rule that stops the sentence."""

    proofs: tuple[tuple[PassageText, str], ...] = field(default=(), repr=False)
    rule: str | None = None


class Sources:
    """Holds sentences against the passages that the model was given."""

    def __init__(self, *, context: Context, question: str, language: str) -> None:
        self._texts = {passage.number: PassageText(passage, language) for passage in context.passages}
        self._support = Support(question=question, language=language)
        self._language = language

    def rule_on(self, sentence: Sentence, cited: Sequence[int]) -> Ruling:
        """Find the sources of a sentence: those it cites, else one that bears it out by itself."""
        named = [self._texts[number] for number in cited if number in self._texts]
        if copied := self._copied(sentence, named):
            return copied
        claims = claims_of(sentence.text, self._language)
        rule = "uncited"
        if named:
            objection = self._support.objection(claims, named, cited=True)
            if objection is None:
                needed = self._support.needed(claims, named, weak=WEAK)
                return Ruling(proofs=tuple((source, source.quote(claims)) for source in needed))
            rule = objection
        for source in sorted(self._texts.values(), key=lambda source: -self._support.share(claims, source)):
            if self._support.objection(claims, [source], cited=False) is None:
                return Ruling(proofs=((source, source.quote(claims)),))
        return Ruling(rule="says_nothing" if claims.is_empty else rule)

    def have_copied(self, sentence: Sentence) -> bool:
        """Tell whether a source says just this."""
        return any(source.copied(sentence) for source in self._texts.values())

    def knows_links(self, sentence: str) -> bool:
        """Tell whether every address in a sentence stands in a source, or is a source's own."""
        if ":" not in sentence and "www." not in sentence.lower():
            return True
        links = [link.rstrip(".,;:!?") for link in _LINK.findall(sentence)]
        passages = [source.passage for source in self._texts.values()]
        return all(any(link in passage.text or link == passage.url for passage in passages) for link in links)

    def _copied(self, sentence: Sentence, named: Sequence[PassageText]) -> Ruling | None:
        """Rule on a sentence that repeats a source word for word; a short one only where it is cited for that."""
        long_enough = len(sentence.text) >= 4 * FEWEST_COPIED_WORDS or len(sentence.text.split()) >= FEWEST_COPIED_WORDS
        for source in (*named, *(self._texts.values() if long_enough else ())):
            if (unit := source.copied(sentence)) is not None:
                return Ruling(proofs=((source, unit.original),))
        return None
