"""What an owner may publish of a chatbot, word for word, in each mode."""

from dataclasses import dataclass

import pytest

from apps.chatbots.models import Chatbot
from apps.rag.privacy_service import PrivacyService


@dataclass(frozen=True)
class Run:
    leaks: int
    trials: int
    bound: float | None
    model: str = "llama-4"


@pytest.mark.parametrize(
    ("mode", "claim"),
    [
        ("sealed", "Learn-only sources have no influence on what visitors see."),
        (
            "steer",
            "Learn-only text never reaches the model or a visitor. It may influence which citable passages are chosen.",
        ),
        ("inform", "Best effort: not measured yet on this chatbot."),
    ],
)
def test_each_mode_has_its_claim(mode: str, claim: str) -> None:
    promise = PrivacyService().promise(Chatbot(learn_only_use=mode))
    assert (promise.mode, promise.claim) == (mode, claim)


def test_the_claim_of_inform_is_what_was_measured_and_no_other_mode_s_is() -> None:
    run = Run(leaks=2, trials=300, bound=0.0209)
    inform = PrivacyService().promise(Chatbot(learn_only_use="inform"), run)
    assert inform.claim == "Best effort: 2 of 300 attacks leaked on model llama-4, upper bound 2.1 %."
    sealed = PrivacyService().promise(Chatbot(learn_only_use="sealed"), run)
    assert "300" not in sealed.claim


def test_a_run_that_did_not_end_measures_nothing() -> None:
    promise = PrivacyService().promise(Chatbot(learn_only_use="inform"), Run(leaks=0, trials=7, bound=None))
    assert promise.claim == "Best effort: not measured yet on this chatbot."
