"""What Alice asks as a trial is answered as a visitor's question is, by what she has added meanwhile."""

from collections.abc import Callable

import pytest

from apps.chatbots.services import find_chatbot
from apps.cli.answering import run
from apps.conversations.models import Message
from apps.conversations.trials import try_out
from apps.core.error_handling import MessageError
from tests.conftest import Owner

NORWAY = "How much is delivery to Norway?"


def test_asked_again_as_a_trial_the_chatbot_answers_with_the_text_that_was_added(
    alice: Owner, work_off: Callable[[], None]
) -> None:
    bot = alice.make_bot()
    alice.upload(bot, ("returns.md", b"# Returns\n\nYou can return a machine within thirty days.\n"))
    work_off()
    assert alice.ask(bot, NORWAY)["answered"] is False
    added = alice.api.post(
        f"/chatbots/{bot['id']}/sources",
        json={"kind": "text", "title": NORWAY, "text": "Delivery to Norway is 14 euros.", "disclosure": "citable"},
    )
    assert added.status_code == 202
    work_off()

    trial = Message.objects.get(pk=run(try_out(find_chatbot(bot["id"]), NORWAY)))

    assert trial.answered
    assert "14 euros" in trial.text
    assert [citation.title for citation in trial.citations.all()] == [NORWAY]
    assert trial.trace["passages"]
    assert len(alice.api.get(f"/chatbots/{bot['id']}/conversations").json()) == 1


def test_a_trial_is_refused_what_a_visitor_is_refused(alice: Owner) -> None:
    bot = alice.make_bot()
    with pytest.raises(MessageError):
        run(try_out(find_chatbot(bot["id"]), "  "))
