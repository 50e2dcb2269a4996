"""Steering: links between the classes, and what they do to a search."""

import uuid

import pytest
from django.db import connection

from apps.chatbots.models import LearnOnlyUse
from apps.core.error_handling import NotFoundError
from apps.retrieval import index, large, steering
from apps.retrieval.models import RemovedSteeringLink, SteeringHint
from apps.retrieval.tests.shelf import Shelf

ANSWER = "Paper jam: open the rear cover and pull the sheet out"
OTHER = "Opening hours are nine to five on weekdays"
NOTE = "Ticket: my thing eats sheets, pull the paper sheet from the rear cover"


def hints(shelf: Shelf) -> dict[uuid.UUID, uuid.UUID]:
    rows = SteeringHint.objects.filter(chatbot=shelf.chatbot)
    return dict(rows.values_list("learn_only_passage_id", "citable_passage_id"))


def led_to(shelf: Shelf) -> list[tuple[str, str]]:
    return [(link.learn_only_text, link.citable_text) for link in steering.links_of(shelf.chatbot.pk)]


@pytest.fixture
def linked(shelf: Shelf) -> Shelf:
    shelf.put(ANSWER, OTHER)
    shelf.put(NOTE, citable=False)
    steering.relink(shelf.chatbot.pk)
    return shelf


def test_a_note_leads_to_the_passage_that_answers_the_same_question(linked: Shelf) -> None:
    assert led_to(linked) == [(NOTE, ANSWER)]


def test_a_note_that_nothing_answers_leads_nowhere(shelf: Shelf) -> None:
    shelf.put(OTHER)
    shelf.put("zebra crossing quartz vocabulary", citable=False)
    assert steering.relink(shelf.chatbot.pk) == 0
    assert led_to(shelf) == []


def test_a_better_answer_that_is_added_later_takes_the_link_over(linked: Shelf) -> None:
    better = "My thing eats sheets: pull the paper sheet from the rear cover"
    source = linked.put(better)
    steering.relink(linked.chatbot.pk, source)
    assert led_to(linked) == [(NOTE, better)]
    worse = linked.put("Sheets of paper come in five sizes")
    steering.relink(linked.chatbot.pk, worse)
    assert led_to(linked) == [(NOTE, better)]


def test_a_hint_goes_with_either_end_of_its_link(shelf: Shelf) -> None:
    answers, notes = shelf.put(ANSWER), shelf.put(NOTE, citable=False)
    steering.relink(shelf.chatbot.pk)
    assert len(hints(shelf)) == 1
    index.move(chatbot_id=shelf.chatbot.pk, source_id=answers, citable=False)
    assert hints(shelf) == {}
    index.move(chatbot_id=shelf.chatbot.pk, source_id=answers, citable=True)
    steering.relink(shelf.chatbot.pk)
    assert len(hints(shelf)) == 1
    index.move(chatbot_id=shelf.chatbot.pk, source_id=notes, citable=True)
    assert hints(shelf) == {}


def test_a_sealed_chatbot_has_no_hints_and_gets_none(linked: Shelf) -> None:
    linked.chatbot.learn_only_use = LearnOnlyUse.SEALED
    linked.chatbot.save()
    assert hints(linked) == {}
    assert steering.relink(linked.chatbot.pk) == 0
    with connection.cursor() as cursor:  # whoever tries, the database refuses
        cursor.execute(
            "INSERT INTO steering_hint (id, chatbot_id, space_id, citable_passage_id, learn_only_passage_id, weight,"
            " embedding) SELECT gen_random_uuid(), answer.chatbot_id, answer.space_id, answer.id, note.id, 1,"
            " note.embedding FROM citable_passage AS answer, learn_only_passage AS note"
        )
    assert hints(linked) == {}


def test_a_link_that_the_owner_removed_does_not_come_back(linked: Shelf) -> None:
    (link,) = steering.links_of(linked.chatbot.pk)
    steering.remove_link(linked.chatbot.pk, link.id)
    steering.relink(linked.chatbot.pk)
    assert led_to(linked) == []
    index.move(chatbot_id=linked.chatbot.pk, source_id=link.citable_source_id, citable=False)
    index.move(chatbot_id=linked.chatbot.pk, source_id=link.citable_source_id, citable=True)
    steering.relink(linked.chatbot.pk)
    assert led_to(linked) == []
    RemovedSteeringLink.objects.all().delete()
    steering.relink(linked.chatbot.pk)
    assert led_to(linked) == [(NOTE, ANSWER)]


def test_a_link_that_the_owner_removed_does_not_come_up_in_a_copy(linked: Shelf) -> None:
    (link,) = steering.links_of(linked.chatbot.pk)
    steering.remove_link(linked.chatbot.pk, link.id)
    copy = Shelf(name="Copy")
    copy.put(ANSWER, OTHER)
    copy.put(NOTE, citable=False)
    steering.copy_removals(linked.chatbot.pk, copy.chatbot.pk)
    steering.relink(copy.chatbot.pk)
    assert led_to(copy) == []


@pytest.mark.django_db(transaction=True)
def test_many_hints_get_a_graph_of_their_own_that_goes_with_the_chatbot(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large, "LARGE", 2)
    shelf.put(ANSWER)
    shelf.put(*[f"{NOTE} number {place}" for place in range(4)], citable=False)
    steering.relink(shelf.chatbot.pk)
    assert large.needs_hint_index(shelf.chatbot.pk)
    large.build_hint_index(shelf.chatbot.pk)
    assert not large.needs_hint_index(shelf.chatbot.pk)
    chatbot = shelf.chatbot.pk
    shelf.chatbot.delete()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_indexes WHERE indexname LIKE %s", [f"%{chatbot.hex}%"])
        assert cursor.fetchone() == (0,)


def test_another_chatbots_link_cannot_be_removed(linked: Shelf) -> None:
    (link,) = steering.links_of(linked.chatbot.pk)
    with pytest.raises(NotFoundError):
        steering.remove_link(uuid.uuid4(), link.id)
    assert len(hints(linked)) == 1
