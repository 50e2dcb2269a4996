"""The tone that Alice chose reaches the model, and changes nothing else of what it is told."""

import pytest

from apps.rag.llm_service import ScriptedLLMService
from apps.rag.tests.asking import SENTENCE, answer, pipeline_with
from apps.rag.tests.shop import ShopBot


async def told(tone: str) -> str:
    """Return the rules that a model is given for one question."""
    model = ScriptedLLMService([SENTENCE])
    await answer(pipeline_with(model, bot=ShopBot(tone=tone)))
    return model.prompts[0].messages[0].content


@pytest.mark.parametrize(
    ("tone", "said"), [("friendly", "Speak warmly"), ("formal", "Speak formally"), ("brief", "as short as possible")]
)
async def test_the_tone_is_one_more_rule_for_the_model(tone: str, said: str) -> None:
    plain, toned = (await told("plain")).splitlines(), (await told(tone)).splitlines()
    more = [line for line in toned if line not in plain]
    assert [line for line in plain if line not in toned] == []
    assert len(more) == 1
    assert said in more[0]
