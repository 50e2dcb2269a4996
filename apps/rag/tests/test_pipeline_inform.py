"""The answer flow of a chatbot whose model knows what it must not tell: what reaches whom, and what a hit does."""

from collections.abc import Sequence

import pytest

from apps.core.error_handling import ProviderUnavailableError
from apps.rag.events import Turn
from apps.rag.lesson import Lesson
from apps.rag.llm_service import LLMService, Prompt, ScriptedLLMService, Stop, StopReason, Token
from apps.rag.privacy_filter import PrivacyFilter
from apps.rag.privacy_filter.negative import Finding, GuardedText, Hit, Screen, build_forbidden
from apps.rag.privacy_filter.negative.terms import Terms
from apps.rag.tests.asking import EXTRACTED, QUESTION, SENTENCE, answer, pipeline_with
from apps.rag.tests.shop import SHOP, shop_context

SECRET = "Zephyrine Quill lets claims pass for 17.40 EUR, and nobody outside of the workshop may ever hear about that."
# Both sentences are borne out by the shop's pages. That the second follows the first is what must not come out here.
SECOND = "Batteries are not covered [1]."


class Note:
    heading = "Internal"
    text = SECRET


class FakeInformant:
    """Knows one thing, and remembers the alarms."""

    def __init__(self, screen: Screen | None = None, *, knows: bool = True) -> None:
        guarded = [GuardedText(text=SECRET, language="en")]
        self._screen = screen or build_forbidden(guarded, lambda: [GuardedText(text=hit.text) for hit in SHOP]).screen()
        self._knows = knows
        self.alarms: list[Sequence[Hit]] = []
        self.asked: list[str] = []

    async def lesson(self, question: str) -> Lesson | None:
        self.asked.append(question)
        return Lesson(passages=[Note()], screen=self._screen) if self._knows else None

    async def alarm(self, hits: Sequence[Hit]) -> None:
        self.alarms.append(hits)


class Turncoat:
    """A model that says one thing when it knows something, and another when it doesn't."""

    provider = model = "turncoat"

    def __init__(self, knowing: str, innocent: str, *, failing: bool = False) -> None:
        self.prompts: list[str] = []
        self._knowing, self._innocent, self._failing = knowing, innocent, failing

    async def generate(self, prompt: Prompt):  # type: ignore[no-untyped-def]
        self.prompts.append("\n".join(message.content for message in prompt.messages))
        knows = SECRET in self.prompts[-1]
        if self._failing and not knows:
            raise ProviderUnavailableError
        for sign in self._knowing if knows else self._innocent:
            yield Token(text=sign)
        yield Stop(reason=StopReason.COMPLETE)


def stops_at(sentence: str) -> Screen:
    """A screen that finds something in one sentence, as the real one does in the initials of several."""

    class Stopping(Screen):
        def findings(self, views: object) -> frozenset[Finding]:
            plain = views.views[0].letters if views.views else ""  # type: ignore[attr-defined]
            hit = "".join(filter(str.isalpha, sentence.lower())) in "".join(filter(str.isalpha, plain))
            return frozenset({Finding("run", "00ff", "initials of sentences")} if hit else ())

    empty = build_forbidden([], list)
    return Stopping(runs=empty.runs, shifts=empty.shifts, terms=Terms())


def as_model(turncoat: Turncoat) -> LLMService:
    return turncoat


async def test_the_model_is_told_but_extraction_and_the_rewriting_of_questions_are_not() -> None:
    model = ScriptedLLMService([SENTENCE])
    informant = FakeInformant()
    history = [Turn(question="How long is the warranty of the X100?", answer="24 months.")]
    finished = await answer(pipeline_with(model, informant=informant), "And of the X200?", history)
    rewriting, answering = model.prompts
    assert all(SECRET not in message.content for message in rewriting.messages)
    assert any(SECRET in message.content for message in answering.messages)
    assert all(SECRET not in passage.text for passage in answering.context.passages)
    assert finished.trace.informed


async def test_without_anything_to_know_the_prompt_is_the_usual_one() -> None:
    knowing, usual = ScriptedLLMService([SENTENCE]), ScriptedLLMService([SENTENCE])
    await answer(pipeline_with(knowing, informant=FakeInformant(knows=False)))
    await answer(pipeline_with(usual))
    assert knowing.prompts[0].messages == usual.prompts[0].messages


async def test_without_a_model_nobody_is_told() -> None:
    informant = FakeInformant()
    assert (await answer(pipeline_with(None, informant=informant))).text == EXTRACTED
    assert informant.asked == []


@pytest.mark.parametrize("told", [SECRET, SECRET[::-1], " ".join(SECRET), f"{SECRET} [1]"])
async def test_what_the_model_tells_of_it_is_dropped_and_its_words_are_not_kept(told: str) -> None:
    model = Turncoat(f"{told}\n{SENTENCE}", SENTENCE)
    finished = await answer(pipeline_with(as_model(model), informant=FakeInformant()))
    assert finished.text == SENTENCE
    assert finished.trace.dropped
    assert all(not dropped.text for dropped in finished.trace.dropped)


async def test_on_a_hit_the_same_model_goes_on_without_knowing_and_repeats_nothing() -> None:
    informant = FakeInformant(stops_at("Batteries are not covered"))
    model = Turncoat(f"{SENTENCE} {SECOND}", f"{SENTENCE} To claim, write to service@acme.example [1].")
    finished = await answer(pipeline_with(as_model(model), informant=informant))
    assert finished.text == f"{SENTENCE} To claim, write to service@acme.example [2]."
    assert [SECRET in prompt for prompt in model.prompts] == [True, False]
    ((hit,),) = informant.alarms
    assert hit.view == "initials of sentences"
    assert finished.trace.alarms == (hit,)


async def test_a_hit_in_the_first_sentence_leaves_the_whole_turn_to_citable_passages() -> None:
    model = Turncoat(SECOND, SENTENCE)
    informant = FakeInformant(stops_at("Batteries are not covered"))
    finished = await answer(pipeline_with(as_model(model), informant=informant))
    assert finished.text == SENTENCE
    assert [citation.n for citation in finished.citations] == [1]


async def test_when_the_model_fails_the_second_time_extraction_takes_over() -> None:
    model = Turncoat(SECOND, "", failing=True)
    informant = FakeInformant(stops_at("Batteries are not covered"))
    assert (await answer(pipeline_with(as_model(model), informant=informant))).text == EXTRACTED


async def test_a_model_that_speaks_of_nothing_else_is_asked_again_without_knowing() -> None:
    model = Turncoat(SECRET, SENTENCE)
    finished = await answer(pipeline_with(as_model(model), informant=FakeInformant()))
    assert finished.text == SENTENCE
    assert finished.trace.fallback is None
    assert [SECRET in prompt for prompt in model.prompts] == [True, False]


async def test_a_model_that_fails_while_it_knows_is_not_asked_again() -> None:
    model = ScriptedLLMService(["The warr"], failing=ProviderUnavailableError())
    finished = await answer(pipeline_with(model, informant=FakeInformant()))
    assert finished.text == EXTRACTED
    assert len(model.prompts) == 1


async def test_a_gate_that_breaks_counts_as_a_hit() -> None:
    class Broken(Screen):
        def findings(self, views: object) -> frozenset[Finding]:
            raise ZeroDivisionError

    empty = build_forbidden([], list)
    informant = FakeInformant(Broken(runs=empty.runs, shifts=empty.shifts, terms=Terms()))
    model = Turncoat(SENTENCE, SECOND)
    finished = await answer(pipeline_with(as_model(model), informant=informant), QUESTION)
    assert finished.text == SECOND
    assert {hit.rule for hits in informant.alarms for hit in hits} == {"failure"}


def until_batteries(texts: Sequence[str]) -> int:
    """Let pass what comes before batteries are mentioned."""
    return next((place for place, text in enumerate(texts) if "Batter" in text), len(texts))


def test_a_filter_whose_gate_said_no_gives_out_nothing_until_another_writer_begins() -> None:
    checker = PrivacyFilter(context=shop_context(), question=QUESTION, language="en", admitted=until_batteries)
    sent = checker.feed(f"{SENTENCE} {SECOND} Yes, within 30 days of purchase [4]. ") + checker.flush()
    assert [part.text for part in sent] == [SENTENCE]
    assert [citation.n for citation in checker.citations] == [1]
    checker.restart()
    again = checker.feed(f"{SENTENCE} {SECOND}") + checker.flush()
    assert [part.text for part in again] == [" Batteries are not covered [2]."]
