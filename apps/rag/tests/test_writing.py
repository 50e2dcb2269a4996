"""What reaches the visitor when a model's sentences fail the check: repaired ones or quotations, no list with holes."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

import pytest

from apps.core.error_handling import ProviderUnavailableError
from apps.rag import repair
from apps.rag.draft import Draft
from apps.rag.events import Cited, Delta, Event
from apps.rag.llm_service import Prompt, Stop, StopReason, Token, Usage
from apps.rag.privacy_filter import Checked, Citation, PrivacyFilter
from apps.rag.prompts import answer_prompt
from apps.rag.tests.shop import SHOP, shop_context
from apps.rag.writing import write

QUESTION = "How long is the warranty?"
TRUE = "The warranty lasts 24 months [1]."
FALSE = "The warranty covers batteries for 36 months [1]."
ALSO_TRUE = "Batteries are not covered [1]."
QUOTE = "The warranty lasts 24 months from the date of purchase."
STEPS = "1. Switch the cleaner off. [3]\n2. {}\n3. Rinse it under cold water. [3]\n"


class Scripts:
    """A model that says one thing after another, and keeps what it was asked."""

    provider = model = "scripts"

    def __init__(self, *answers: str, failing: bool = False, slow: float = 0.0) -> None:
        self.prompts: list[Prompt] = []
        self._answers, self._failing, self._slow = list(answers), failing, slow

    async def generate(self, prompt: Prompt) -> AsyncGenerator[Token | Stop, None]:
        self.prompts.append(prompt)
        if len(self.prompts) > 1:
            await asyncio.sleep(self._slow)
        for word in self._answers.pop(0).split(" "):
            yield Token(text=f"{word} ")
        if self._failing:
            raise ProviderUnavailableError
        yield Stop(reason=StopReason.COMPLETE, usage=Usage(prompt_tokens=10, completion_tokens=5))


def quoted(first: int) -> Sequence[Checked]:
    """Quote the warranty, as extraction would."""
    citation = Citation(
        n=first,
        passage_id=SHOP[0].passage_id,
        document_id=SHOP[0].document_id,
        title="Manual",
        url="",
        page=7,
        quote=QUOTE,
    )
    return [Checked(text=f"{QUOTE} [{first}]", citations=(citation,))]


async def written(model: Scripts | None, *, draft: Draft | None = None) -> list[Event]:
    context = shop_context()
    prompt = answer_prompt(
        question=QUESTION, query=QUESTION, history=[], context=context, name="Acme", instructions="", language="en"
    )
    checker = PrivacyFilter(context=context, question=QUESTION, language="en")
    draft = draft or Draft(language="en")
    writing = write(prompt, informed=None, llm=model, checker=checker, draft=draft, quoted=quoted)
    return [event async for event in writing]


async def text_of(model: Scripts | None) -> str:
    return "".join(event.text for event in await written(model) if isinstance(event, Delta))


async def test_without_a_model_the_sources_are_quoted() -> None:
    assert await text_of(None) == f"{QUOTE} [1]"


async def test_a_true_answer_needs_no_second_call() -> None:
    model = Scripts(f"{TRUE} {ALSO_TRUE}")
    assert await text_of(model) == "The warranty lasts 24 months [1]. Batteries are not covered [2]."
    assert len(model.prompts) == 1


async def test_a_false_sentence_is_put_right_in_its_place() -> None:
    model = Scripts(f"{TRUE} {FALSE} To claim, write to service@acme.example [1].", f"1. {ALSO_TRUE}")
    assert await text_of(model) == (
        "The warranty lasts 24 months [1]. Batteries are not covered [2]. To claim, write to service@acme.example [3]."
    )
    asked = model.prompts[1].messages
    assert "1. The warranty covers batteries for 36 months." in asked[-1].content
    assert asked[:-2] == model.prompts[0].messages


async def test_what_comes_before_the_first_false_sentence_is_out_while_the_model_is_asked_again() -> None:
    model = Scripts(f"{TRUE} {FALSE} ", f"1. {ALSO_TRUE}")
    events = await written(model)
    assert [type(event) for event in events] == [Delta, Cited, Delta, Cited]


@pytest.mark.parametrize("second", ["1. -", "1. —", "", "1. The warranty lasts 48 months [1].", "Sorry, I can't."])
async def test_what_cannot_be_put_right_is_left_out(second: str) -> None:
    model = Scripts(f"{TRUE} {ALSO_TRUE} It lasts 48 months [1].", second)
    assert await text_of(model) == "The warranty lasts 24 months [1]. Batteries are not covered [2]."


async def test_half_an_answer_is_none_so_the_sources_are_quoted() -> None:
    model = Scripts(
        f"{ALSO_TRUE} {FALSE} It lasts 48 months in all of Europe and 60 months elsewhere [1].", "1. -\n2. -"
    )
    assert await text_of(model) == f"Batteries are not covered [1].{QUOTE} [2]"


async def test_a_list_with_a_false_step_is_put_right_as_a_whole() -> None:
    model = Scripts(STEPS.format("Throw the filter away. [3]"), "1. Open the lid and take out the filter. [3]")
    shown = await text_of(model)
    assert [line[:2] for line in shown.splitlines()] == ["1.", "2.", "3."]
    assert "take out the filter" in shown


async def test_a_list_without_a_step_gives_way_to_the_sources() -> None:
    shown = await text_of(Scripts(f"To clean it:\n\n{STEPS.format('Throw the filter away. [3]')}", "1. -"))
    assert "Rinse" not in shown
    assert shown.endswith(f"{QUOTE} [2]")


async def test_what_was_shown_already_is_not_quoted_again() -> None:
    draft = Draft(language="en")
    model = Scripts(f"{QUOTE} [1] - The X100 costs 99 EUR [2]. It lasts 48 months in all of Europe [1].", "1. -\n2. -")
    events = await written(model, draft=draft)
    assert sum(QUOTE in event.text for event in events if isinstance(event, Delta)) == 1


async def test_a_repair_that_takes_too_long_is_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repair, "REPAIR_SECONDS", 0.05)
    assert await text_of(Scripts(f"{TRUE} {ALSO_TRUE} It lasts 48 months [1].", "1. -", slow=5)) == (
        "The warranty lasts 24 months [1]. Batteries are not covered [2]."
    )


async def test_a_model_that_failed_is_not_asked_to_repair() -> None:
    model = Scripts(f"{TRUE} {ALSO_TRUE} It lasts 48 months [1].", failing=True)
    assert await text_of(model) == "The warranty lasts 24 months [1]. Batteries are not covered [2]."
    assert len(model.prompts) == 1


async def test_both_calls_are_counted_and_both_sentences_told_to_the_owner() -> None:
    draft = Draft(language="en")
    await written(Scripts(f"{TRUE} {FALSE} ", f"1. {ALSO_TRUE}"), draft=draft)
    trace = draft.trace.trace()
    assert trace.usage == Usage(prompt_tokens=20, completion_tokens=10)
    assert [dropped.rule for dropped in trace.dropped] == ["unknown_figure"]


async def test_an_answer_of_nothing_but_invention_is_quotations() -> None:
    draft = Draft(language="en")
    events = await written(Scripts("Our CEO is John Smith. " * 20, ""), draft=draft)
    assert [event.text for event in events if isinstance(event, Delta)] == [f"{QUOTE} [1]"]
    assert draft.trace.trace().fallback == "answer_unsupported"
    assert draft.trace.trace().provider == "extractive"


async def test_a_model_that_says_it_does_not_know_is_believed() -> None:
    assert await written(Scripts("It lasts 48 months. I have no information on that.")) == []
    assert await written(Scripts("The passages do not mention a warranty.")) == []


@pytest.mark.parametrize(
    ("text", "most", "found"),
    [
        ("1. One.\n2) Two.\n9. Nine.", 2, {0: "One.", 1: "Two."}),
        ("1. -\n2.\n3. Three", 3, {2: "Three"}),
        ("One.", 1, {0: "One."}),
        ("One.\nTwo.", 2, {}),
    ],
)
def test_a_repair_is_read_by_its_numbers(text: str, most: int, found: dict[int, str]) -> None:
    assert repair.numbered(text, most) == found
