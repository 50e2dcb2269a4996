"""Writes the answer: a language model under the check, its failed sentences repaired; else quotations of the sources.

Sentences go out as they are checked. From the first that fails on, the rest waits until the model has been asked once
more for what failed. What then is no answer any more (a list without a step, a lead-in without its list, less than half
of what was written) gives way to quotations. Where the prompt holds learn-only text there is no repair: its words would
go into a second prompt, and the gate is not to judge the same text twice.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from itertools import pairwise

from apps.core.error_handling import ProviderError
from apps.rag.draft import Draft
from apps.rag.events import Event
from apps.rag.llm_service import LLMService, Prompt, Stop, StopReason
from apps.rag.privacy_filter import Checked, PrivacyFilter, Ruling, Written
from apps.rag.privacy_filter.negative import Hit, NegativeGate
from apps.rag.repair import repaired

MOST_WRITTEN = 12_000  # characters of one answer that are read at most
LEAST_KEPT = 0.5  # share of what was written that must be left

Quoted = Callable[[int], Sequence[Checked]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """A model that writes from a prompt with learn-only text, the gate that watches over it, and whom a hit alarms."""

    writer: LLMService
    prompt: Prompt = field(repr=False)
    gate: NegativeGate
    alarm: Callable[[Sequence[Hit]], Awaitable[None]]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Judged:
    """A sentence with what the check says of it."""

    written: Written
    ruling: Ruling

    @property
    def failed(self) -> bool:
        return self.ruling.is_untrue

    @property
    def size(self) -> int:
        """How much content it is; a lead-in, and what is left out in any case, are none."""
        return len(self.written.sentence.text) if self.failed or self.ruling.proofs else 0


async def write(
    prompt: Prompt,
    *,
    informed: Attempt | None,
    llm: LLMService | None,
    checker: PrivacyFilter,
    draft: Draft,
    quoted: Quoted,
) -> AsyncGenerator[Event, None]:
    """Yield the answer's events. `quoted(n)` returns quotations that are proved already, numbered from n on."""
    if not prompt.context.passages:
        return
    with draft.trace.stage("generate"):
        if informed is not None:
            async with aclosing(_write_informed(informed, checker, draft)) as events:
                async for event in events:
                    yield event
        if llm is not None and not draft.is_settled and not draft.model_failed:
            async with aclosing(_Writer(llm, prompt, checker, draft).write(quoted)) as events:
                async for event in events:
                    yield event
            if not draft.is_settled:
                draft.trace.failed("answer_unsupported")
        if not draft.is_settled:
            for event in _quote(list(_quotations(quoted, draft)), draft):
                yield event


async def _write_informed(attempt: Attempt, checker: PrivacyFilter, draft: Draft) -> AsyncGenerator[Event, None]:
    """Yield what filter and gate let through of what a model writes that knows what it must not tell."""
    checker.restart(attempt.gate.admitted)
    stream = _Stream(attempt.writer, attempt.prompt, draft)
    async with aclosing(stream.read()) as texts:
        async for text in texts:
            for checked in await asyncio.to_thread(checker.feed, text):
                for event in draft.add(checked):
                    yield event
            if checker.is_full:
                break
    for checked in await asyncio.to_thread(checker.flush, complete=stream.complete):
        for event in draft.add(checked):
            yield event
    draft.checked_by(checker)
    if checker.stopped:
        draft.reopen(attempt.gate.hits)
        await attempt.alarm(attempt.gate.hits)


def _quotations(quoted: Quoted, draft: Draft) -> Iterator[Checked]:
    """Yield the quotations, without those that the answer has shown already."""
    number = draft.citations[-1].n + 1 if draft.citations else 1
    for checked in quoted(number):
        if not checked.citations or not all(draft.shows(citation) for citation in checked.citations):
            renumbered = _numbered_from(checked, number)
            number = max((citation.n for citation in renumbered.citations), default=number - 1) + 1
            yield renumbered


def _quote(quotations: Sequence[Checked], draft: Draft) -> Iterator[Event]:
    if quotations:
        draft.trace.quoted()
    for checked in quotations:
        yield from draft.add(checked)


def _numbered_from(checked: Checked, number: int) -> Checked:
    """Return a quotation with its number lowered, where one before it was left out."""
    if len(checked.citations) != 1:
        return checked
    (citation,) = checked.citations
    marker = f"[{citation.n}]"
    if citation.n <= number or not checked.text.endswith(marker):
        return checked
    text = f"{checked.text.removesuffix(marker)}[{number}]"
    return Checked(text=text, citations=(replace(citation, n=number),))


class _Stream:
    """Reads one model's answer; what goes wrong is noted in the draft, and ends it."""

    def __init__(self, writer: LLMService, prompt: Prompt, draft: Draft) -> None:
        self.complete = False
        self._writer, self._prompt, self._draft = writer, prompt, draft

    async def read(self) -> AsyncGenerator[str, None]:
        self._draft.trace.written_by(self._writer)
        self._draft.trace.prompted(self._prompt)
        length = 0
        try:
            async with aclosing(self._writer.generate(self._prompt)) as answer:
                async for part in answer:
                    if isinstance(part, Stop):
                        self.complete = part.reason is not StopReason.CUT_OFF
                        self._draft.stopped(self._writer, part)
                        continue
                    yield part.text
                    length += len(part.text)
                    if length > MOST_WRITTEN:
                        break
        except ProviderError as error:
            self._draft.give_up_model(error.code)


class _Writer:
    """One model that writes one answer under the check."""

    def __init__(self, llm: LLMService, prompt: Prompt, checker: PrivacyFilter, draft: Draft) -> None:
        self._llm, self._prompt, self._checker, self._draft = llm, prompt, checker, draft
        self._text = ""
        self._sent: list[_Judged] = []
        self._waiting: list[_Judged] = []  # from the first sentence on that failed

    async def write(self, quoted: Quoted) -> AsyncGenerator[Event, None]:
        self._checker.restart()
        stream = _Stream(self._llm, self._prompt, self._draft)
        async with aclosing(stream.read()) as texts:
            async for text in texts:
                self._text += text
                for event in await self._taken(self._checker.read(text)):
                    yield event
                if self._checker.is_full:
                    break
        for event in await self._taken(self._checker.read_rest(complete=stream.complete)):
            yield event
        if not self._draft.model_failed:
            await self._repair()
        for event in self._rest(quoted):
            yield event
        self._draft.checked_by(self._checker)

    async def _taken(self, pieces: Sequence[Written]) -> list[Event]:
        """Judge what came; return the events of what may go out at once."""
        events: list[Event] = []
        for written in pieces:
            if self._checker.is_full:
                break
            judged = await self._judged(written)
            refuses = judged.ruling.rule == "refusal"
            if judged.failed or (self._waiting and not refuses):
                self._waiting.append(judged)
            else:
                self._sent.append(judged)
                events += self._said(judged)
        return events

    async def _judged(self, written: Written) -> _Judged:
        return _Judged(written=written, ruling=await asyncio.to_thread(self._checker.judge, written))

    async def _repair(self) -> None:
        """Ask the model once more for what failed; what holds then goes in its place."""
        failed = [judged for judged in self._waiting if judged.failed]
        if not failed or self._checker.is_full:
            return
        sentences = [judged.written.sentence.text for judged in failed]
        found = await repaired(self._llm, self._prompt, written=self._text, sentences=sentences, draft=self._draft)
        waiting: list[_Judged] = []
        for judged in self._waiting:
            text = found.get(failed.index(judged)) if judged.failed else None
            instead = (
                [await self._judged(one) for one in self._checker.read_instead(judged.written, text)] if text else []
            )
            if instead and all(one.ruling.proofs for one in instead):
                self._checker.leave_out(judged.written, judged.ruling)
                waiting += instead
            else:
                waiting.append(judged)
        self._waiting = waiting

    def _rest(self, quoted: Quoted) -> Iterator[Event]:
        """Yield what waited; where that leaves no answer, quotations in its place, if there are any."""
        if not self._waiting or self._checker.is_full:
            return
        quotations = list(_quotations(quoted, self._draft)) if _is_torso([*self._sent, *self._waiting]) else []
        for judged in self._waiting:
            if judged.failed:
                self._checker.leave_out(judged.written, judged.ruling)
            elif not quotations:
                yield from self._said(judged)
        if quotations:
            self._draft.trace.failed("answer_unsupported")
        yield from _quote(quotations, self._draft)

    def _said(self, judged: _Judged) -> Iterator[Event]:
        for checked in self._checker.take(judged.written, judged.ruling):
            yield from self._draft.add(checked)


def _is_torso(judged: Sequence[_Judged]) -> bool:
    """Tell whether a list lacks an item, a lead-in what it leads to, or the answer half of its content."""
    lacks_item = any(one.failed and one.written.is_listed for one in judged)
    leads_nowhere = any(
        before.ruling.leads_in and before.written.announces and one.failed for before, one in pairwise(judged)
    )
    kept = sum(one.size for one in judged if not one.failed)
    return lacks_item or leads_nowhere or kept < LEAST_KEPT * sum(one.size for one in judged)
