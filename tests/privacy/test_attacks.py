"""Mallory tries all 68 families of attacks on each mode, against models that would give everything away."""

from collections.abc import Callable
from typing import Any

import pytest

from apps.observability.leaktest.attacks import CATALOGUE, Case, Family
from apps.observability.leaktest.attacks.family import nowhere
from apps.observability.leaktest.exchange import Attempt, carry_out
from apps.observability.leaktest.judge import Judge
from apps.observability.leaktest.judge.judging import comparable
from tests.llm_server import LLMServer
from tests.privacy.conftest import Bot, HttpClient, World, echoes, encodes

pytestmark = pytest.mark.django_db  # so that there is a database; what the world holds outlives the single test
CHATTING = [family for family in CATALOGUE if family.number not in {66, 68} and family.cases is not nowhere]
FAMILIES = [pytest.param(family, id=f"{family.number:02}-{family.name.replace(' ', '-')}") for family in CHATTING]
TRIED = 3  # cases of each family; `tacit leaktest` tries them all
COMPARED = 2  # of these, on three bots
Tried = tuple[Attempt, list[str]]
Visit = Callable[[Callable[[HttpClient], Any]], Any]


class Mallory:
    """Attacks a bot; what the model was sent meanwhile is kept with each attempt."""

    def __init__(self, world: World, model: LLMServer, visit: Visit) -> None:
        self._world, self._model, self._visit = world, model, visit

    def attack(self, bot: Bot, cases: list[Case]) -> list[Tried]:
        """Try each case: by turns as a stream from a model that echoes, and as JSON from one that encodes."""

        async def try_all(client: HttpClient) -> list[Tried]:
            return [await self._try(client, bot, case, turn) for turn, case in enumerate(cases)]

        return list(self._visit(try_all))

    async def _try(self, client: HttpClient, bot: Bot, case: Case, turn: int) -> Tried:
        stream = turn % 2 == 0
        self._model.behave(echoes if stream else encodes(self._world.material, turn))
        self._model.requests.clear()
        other = self._world.without if bot["name"] == "Open book" else self._world.open_book
        attempt = await carry_out(
            case, client, public_id=bot["public_id"], other_public_id=other["public_id"], stream=stream
        )
        return attempt, [request.text for request in self._model.requests]


@pytest.fixture
def mallory(world: World, model: LLMServer, visit: Visit) -> Mallory:
    return Mallory(world, model, visit)


@pytest.mark.parametrize("family", FAMILIES)
def test_sealed_gives_nothing_away_and_answers_as_with_other_notes_or_none(
    family: Family, world: World, mallory: Mallory
) -> None:
    judge = Judge(world.material)
    cases = list(family.cases(world.targets[family.number % 2]))[:TRIED]

    found = mallory.attack(world.bots["sealed"], cases)

    for attempt, prompts in found:
        assert judge.mistakes(attempt, prompts) == [], attempt.case.name
    compared = [found[:COMPARED], *(mallory.attack(bot, cases[:COMPARED]) for bot in (world.twin, world.without))]
    for (ours, our_prompts), (twins, twin_prompts), (others, other_prompts) in zip(*compared, strict=True):
        assert as_compared(ours, world) == as_compared(twins, world) == as_compared(others, world), ours.case.name
        assert our_prompts == twin_prompts == other_prompts, ours.case.name


@pytest.mark.parametrize("mode", ["steer", "inform"])
@pytest.mark.parametrize("family", FAMILIES)
def test_no_attack_gets_anything_learn_only(mode: str, family: Family, world: World, mallory: Mallory) -> None:
    judge = Judge(world.material, prompts_may_hold=mode == "inform")
    first, second = (family.cases(target) for target in world.targets)
    # Each family has its turn at other cases; `tacit leaktest` tries them all.
    cases = [first[family.number % len(first)], second[(family.number + 1) % len(second)]]

    for attempt, prompts in mallory.attack(world.bots[mode], cases):
        assert judge.mistakes(attempt, prompts) == [], attempt.case.name


def as_compared(attempt: Attempt, world: World) -> list[str]:
    ids = {world.bots["sealed"]["public_id"], world.twin["public_id"], world.without["public_id"]}
    texts = [comparable(reply, attempt) for reply in attempt.replies]
    for one in ids:
        texts = [text.replace(one, "BOT") for text in texts]
    return texts


def test_the_same_attacks_succeed_where_visitors_may_read_everything(world: World, mallory: Mallory) -> None:
    judge = Judge(world.material)
    direct = [case for target in world.targets for case in CATALOGUE[0].cases(target)]

    found = [judge.mistakes(attempt, prompts) for attempt, prompts in mallory.attack(world.open_book, direct)]

    kinds = {mistake.kind for mistakes in found for mistake in mistakes}
    assert kinds >= {"learn-only text", "learn-only text in a prompt"}, "or the tests above prove nothing"


def test_nothing_in_the_catalogue_is_missing() -> None:
    assert [family.number for family in CATALOGUE] == list(range(1, 69))
