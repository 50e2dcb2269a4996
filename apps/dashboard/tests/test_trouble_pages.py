"""Alice sees what went wrong in her organization and what needs her now; Mallory sees nothing of Alice's."""

import datetime as dt
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.utils import timezone

from apps.chatbots.models import Chatbot
from apps.dashboard.tests.conftest import Person
from apps.incidents.models import ErrorOccurrence
from apps.knowledge.models import Source


def occurrence(person: Person | None = None, **facts: Any) -> ErrorOccurrence:
    return ErrorOccurrence.objects.create(
        organization=person.member.organization if person else None,
        **{"fingerprint": "abcdef0123456789", "kind": "unhandled", "code": "internal_error", "process": "web", **facts},
    )


def alerts() -> Any:
    return apps.get_model("observability", "Alert").objects


def alert(bot: Chatbot | None = None, rule: str = "no_worker", level: str = "critical", **facts: Any) -> Any:
    now = timezone.now()
    return alerts().create(
        organization=bot.organization if bot else None, key=rule, rule=rule, level=level,
        **{"message": "Start `tacit worker`.", "labels": {"bot": str(bot.pk)} if bot else {},
           "first_seen_at": now - dt.timedelta(hours=2), "last_seen_at": now, **facts},
    )  # fmt: skip


@pytest.fixture
def failed(bot: Chatbot) -> Source:
    return Source.objects.create(
        chatbot=bot, kind="file", title="<Broken>.pdf", status="failed", error_code="document_damaged",
        error_message="The file is damaged. Save it again and upload it.",
    )  # fmt: skip


def test_nobody_sees_them_without_signing_in(db: None) -> None:
    for page in ("errors", "alerts"):
        answer = Client().get(f"/dashboard/{page}")
        assert (answer.status_code, answer["Location"]) == (302, f"/accounts/login/?next=/dashboard/{page}")


def test_nothing_wrong_is_told_kindly(alice: Person) -> None:
    assert "Nothing has gone wrong" in alice.see("/dashboard/errors")
    assert "All is well" in alice.see("/dashboard/alerts")


def test_alice_sees_a_failed_source_with_its_reason_and_the_error_behind_it(
    alice: Person, mallory: Person, failed: Source
) -> None:
    occurrence(alice, kind="source", code="document_damaged", count=3)
    page = alice.see("/dashboard/errors")
    assert "&lt;Broken&gt;.pdf" in page
    assert "Save it again and upload it." in page
    assert "3 times" in page
    assert f'href="#source-{failed.pk}"' in page
    assert str(failed.chatbot_id) in page
    assert "Broken" not in mallory.see("/dashboard/errors")
    assert "Nothing has gone wrong" in mallory.see("/dashboard/errors")


def test_an_error_that_was_seen_before_tells_how_it_was_mended(alice: Person) -> None:
    occurrence(error_type="ImportError", incident=1, frames=["apps/core/services.py:10"])
    page = alice.see("/dashboard/errors")
    assert "Seen before" in page
    assert "ServiceRegistry" in page
    assert "tacit errors show abcdef0123456789" in page


def test_an_error_of_the_server_is_told_once_to_who_belongs_to_two_organizations(
    alice: Person, mallory: Person
) -> None:
    alice.member.organization.members.add(mallory.member.user)
    occurrence()
    assert mallory.see("/dashboard/errors").count("abcdef0123456789") == 2  # named, and in the command that tells more


def test_errors_of_the_server_are_for_owners(alice: Person, bob: Person, victor: Person) -> None:
    occurrence(frames=["apps/core/services.py:10"])
    occurrence(alice, fingerprint="fedcba9876543210", kind="source", code="document_damaged")
    for one, sees_the_servers in ((alice, True), (bob, False), (victor, False)):
        page = one.see("/dashboard/errors")
        assert ("abcdef0123456789" in page) == sees_the_servers
        assert "fedcba9876543210" in page


def test_alerts_that_are_on_stand_before_those_that_are_over(alice: Person, bot: Chatbot) -> None:
    over_at = timezone.now() + dt.timedelta(seconds=90)
    alert(rule="disk_nearly_full", cleared_at=over_at, value=400 * 1024**2)
    alert(bot, rule="many_refusals", level="info", value=0.72)
    page = alice.see("/dashboard/alerts")
    now, over = page.split('<h2 id="over">')
    assert "Most questions get no answer" in now
    assert "72 %" in now
    assert f"/dashboard/bots/{bot.pk}/conversations?show=unanswered" in now
    assert "chatbot Handbook" in now
    assert "The disk is nearly full" in over
    assert "for 2\xa0hours, 1\xa0minute" in over


def test_an_alert_moves_to_those_over_when_it_is_cleared(alice: Person) -> None:
    running = alert()
    assert "Nothing is being read" in alice.see("/dashboard/alerts").split('<h2 id="on">')[1]
    alerts().filter(pk=running.pk).update(cleared_at=timezone.now())
    page = alice.see("/dashboard/alerts")
    assert "All is well" in page
    assert "Nothing is being read" in page.split('<h2 id="over">')[1]


def test_alerts_of_the_server_are_for_owners_and_those_of_a_bot_for_its_people(
    alice: Person, victor: Person, mallory: Person, bot: Chatbot
) -> None:
    alert()
    alert(bot, rule="many_refusals", level="info")
    titles = ("Nothing is being read", "Most questions get no answer")
    seen = {name: [title in one.see("/dashboard/alerts") for title in titles] for name, one in
            (("alice", alice), ("victor", victor), ("mallory", mallory))}  # fmt: skip
    assert seen == {"alice": [True, True], "victor": [False, True], "mallory": [True, False]}


def test_what_must_be_mended_at_once_stands_first(alice: Person, bot: Chatbot) -> None:
    alert()
    alert(rule="queue_stuck", level="warning")
    alert(bot, rule="many_refusals", level="info")
    page = alice.see("/dashboard/alerts")
    places = [page.index(level) for level in ("Mend at once", "Look at it", "Good to know")]
    assert places == sorted(places)


def test_a_rule_of_the_operators_own_is_shown_by_its_name(alice: Person) -> None:
    alert(rule="queue_too_deep", labels={"queue": "ingest"})
    page = alice.see("/dashboard/alerts")
    assert "Queue too deep" in page
    assert "queue ingest" in page


def test_running_alerts_are_counted_for_the_header(alice: Person) -> None:
    alert()
    alert(rule="queue_stuck", cleared_at=timezone.now())
    page = alice.client.get("/dashboard/alerts")
    assert page.context["running_alerts"]() == 1
