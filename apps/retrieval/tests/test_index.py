"""Whatever Alice adds, changes, removes or hides, the index holds just that, and counts its citable rows only."""

import uuid
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.embedding_service import FakeEmbeddingService
from apps.core.error_handling import ConflictError
from apps.retrieval import index
from apps.retrieval.lexical import term_id
from apps.retrieval.models import (
    CitablePassage,
    EmbeddingSpace,
    IndexStatistics,
    LearnOnlyPassage,
    TermStatistic,
)
from apps.retrieval.tests.shelf import Shelf

pytestmark = pytest.mark.django_db

WORDS = ["warranty", "printer", "margin", "return", "Garantie", "toner", "RX-200"]
TEXT = st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join)


def counted(shelf: Shelf) -> tuple[Counter[int], int, int, set[str]]:
    """The statistics as they are kept."""
    bot = IndexStatistics.objects.get(pk=shelf.chatbot.pk)
    terms = TermStatistic.objects.filter(chatbot=shelf.chatbot).values_list("term", "document_frequency")
    return Counter(dict(terms)), bot.passages, bot.tokens, set(bot.languages)


def recounted(shelf: Shelf) -> tuple[Counter[int], int, int, set[str]]:
    """The statistics as the citable rows have them."""
    rows = list(CitablePassage.objects.filter(chatbot=shelf.chatbot))
    terms = Counter(term for row in rows for term in row.term_ids)
    return terms, len(rows), sum(row.token_count for row in rows), {row.language for row in rows}


def texts(shelf: Shelf, *, citable: bool) -> set[str]:
    rows = index.table_of(citable)._default_manager.filter(chatbot=shelf.chatbot)
    return set(rows.values_list("text", flat=True))


# What is written.


def test_a_passage_knows_its_place_and_is_found_by_its_headings(shelf: Shelf) -> None:
    document = shelf.document("Two years.", "Three years.", title="Manual", heading_path=("Manual", "Warranty"))
    shelf.write(replace(document, external_id="m1", url="https://a.example/m"))
    first, second = CitablePassage.objects.filter(document_id=document.document_id).order_by("position")
    assert (first.text, first.start, first.end, first.page) == ("Two years.", 0, 10, 1)
    assert (second.text, second.start, second.page) == ("Three years.", 11, 2)
    assert (first.title, first.external_id, first.url) == ("Manual", "m1", "https://a.example/m")
    assert first.heading_path == ["Manual", "Warranty"]
    assert {term_id("warranti"), term_id("manual"), term_id("two")} <= set(first.term_ids)
    assert (first.source_id, first.space_id) == (document.source_id, shelf.space.pk)
    np.testing.assert_allclose(first.embedding, document.vectors[0], atol=1e-3)


@pytest.mark.parametrize(
    ("title", "heading_path", "text", "expected"),
    [
        ("Manual", ("Manual", "Ink"), "Two years.", "Manual\nInk\nTwo years."),
        ("", ("A", "B"), "text", "A › B\ntext"),
        ("T", ("Ink",), "Ink\nlasts", "T\nInk\nlasts"),
        ("", (), "text", "text"),
    ],
)
def test_a_passage_is_found_by_where_it_stands_and_what_it_says(
    title: str, heading_path: tuple[str, ...], text: str, expected: str
) -> None:
    assert index.searchable_text(title=title, heading_path=heading_path, text=text) == expected


def test_a_document_that_is_written_again_replaces_what_was_there(shelf: Shelf) -> None:
    document = shelf.document("old warranty", "old toner")
    shelf.write(document)
    assert texts(shelf, citable=True) == {"old warranty", "old toner"}
    shelf.write(shelf.document("new warranty", document_id=document.document_id))
    assert texts(shelf, citable=True) == {"new warranty"}
    assert counted(shelf) == recounted(shelf)
    assert term_id("old") not in counted(shelf)[0]


def test_vectors_of_another_model_are_refused_before_anything_is_lost(shelf: Shelf) -> None:
    document = shelf.document("warranty")
    shelf.write(document)
    other = FakeEmbeddingService(name="other")
    space = EmbeddingSpace.objects.create(name="other", spec="fake", dimensions=other.dimensions)
    with pytest.raises(ConflictError, match="another embedding model"):
        index.write(chatbot_id=shelf.chatbot.pk, space=space, citable=True, documents=[document])
    assert texts(shelf, citable=True) == {"warranty"}
    assert counted(shelf) == recounted(shelf)


# Learn-only passages.


def test_learn_only_passages_count_for_nothing(shelf: Shelf) -> None:
    shelf.put("citable warranty")
    before = counted(shelf)
    source = shelf.put("secret margin warranty", "noch ein Geheimnis", citable=False, language="de")
    assert texts(shelf, citable=False) == {"secret margin warranty", "noch ein Geheimnis"}
    assert counted(shelf) == before
    index.move(chatbot_id=shelf.chatbot.pk, source_id=source, citable=True)
    assert counted(shelf) != before  # they would have counted
    assert counted(shelf) == recounted(shelf)
    index.move(chatbot_id=shelf.chatbot.pk, source_id=source, citable=False)
    assert counted(shelf) == before


def test_a_source_that_becomes_citable_can_be_asked_in_its_language(shelf: Shelf) -> None:
    shelf.put("citable warranty")
    source = shelf.put("Die Garantien gelten zwei Jahre", citable=False, language="de")
    assert counted(shelf)[3] == {"en"}
    index.move(chatbot_id=shelf.chatbot.pk, source_id=source, citable=True)
    assert counted(shelf)[3] == {"de", "en"}
    index.move(chatbot_id=shelf.chatbot.pk, source_id=source, citable=False)
    assert counted(shelf)[3] == {"en"}


def test_a_moved_source_takes_every_column_along(shelf: Shelf) -> None:
    source = shelf.put("citable warranty")
    before = CitablePassage.objects.filter(source_id=source).values().get()
    index.move(chatbot_id=shelf.chatbot.pk, source_id=source, citable=False)
    assert not CitablePassage.objects.filter(source_id=source).exists()
    after = LearnOnlyPassage.objects.filter(source_id=source).values().get()
    assert {name: str(value) for name, value in after.items()} == {name: str(value) for name, value in before.items()}
    assert counted(shelf) == recounted(shelf)


@pytest.mark.parametrize("citable", [True, False])
def test_moving_a_source_to_where_it_is_changes_nothing(shelf: Shelf, citable: bool) -> None:
    source = shelf.put("some warranty", citable=citable)
    before = counted(shelf)
    for _ in range(2):
        index.move(chatbot_id=shelf.chatbot.pk, source_id=source, citable=citable)
    assert counted(shelf) == before == recounted(shelf)
    assert texts(shelf, citable=citable) == {"some warranty"}


def test_another_bots_documents_stay_what_they_are(shelf: Shelf) -> None:
    other = Shelf(name="Bob's")
    document, source = uuid.uuid4(), uuid.uuid4()
    for one in (shelf, other):  # even under the same ids
        one.write(one.document("warranty", document_id=document, source_id=source))
    before = counted(other)
    index.move(chatbot_id=shelf.chatbot.pk, source_id=source, citable=False)
    index.remove(chatbot_id=shelf.chatbot.pk, document_ids=[document])
    assert texts(shelf, citable=True) == texts(shelf, citable=False) == set()
    assert texts(other, citable=True) == {"warranty"}
    assert counted(other) == before == recounted(other)


def test_deleting_a_bot_leaves_nothing_of_it(shelf: Shelf) -> None:
    shelf.put("citable warranty")
    shelf.put("secret margin", citable=False)
    shelf.chatbot.delete()
    assert not any(model._default_manager.exists() for model in (CitablePassage, LearnOnlyPassage, TermStatistic))
    assert not IndexStatistics.objects.exists()


def test_nothing_to_do_does_nothing(shelf: Shelf) -> None:
    index.remove(chatbot_id=shelf.chatbot.pk, document_ids=[])
    index.remove(chatbot_id=shelf.chatbot.pk, document_ids=[uuid.uuid4()])
    index.move(chatbot_id=shelf.chatbot.pk, source_id=uuid.uuid4(), citable=True)
    assert index.settle(shelf.chatbot.pk) is False
    assert index.vectors_of(chatbot_id=shelf.chatbot.pk, space=shelf.space, document_ids=[]) == {}
    assert not IndexStatistics.objects.exists()


# Any order of everything.


@dataclass(frozen=True)
class Written:
    place: int
    citable: bool
    texts: tuple[str, ...]
    language: str


STEPS = st.one_of(
    st.builds(
        Written,
        place=st.integers(0, 3),
        citable=st.booleans(),
        texts=st.lists(TEXT, min_size=1, max_size=3).map(tuple),
        language=st.sampled_from(["en", "de"]),
    ),
    st.tuples(st.just("remove"), st.sets(st.integers(0, 3), max_size=2)),
    st.tuples(st.just("move"), st.tuples(st.integers(0, 1), st.booleans())),
    st.tuples(st.just("settle"), st.none()),
)


@settings(max_examples=15, deadline=None)
@given(steps=st.lists(STEPS, min_size=2, max_size=12))
def test_after_any_steps_the_counts_are_those_of_the_citable_rows(steps: list[Any]) -> None:
    with transaction.atomic():
        shelf = Shelf()
        documents = [uuid.uuid4() for _ in range(4)]
        sources = [uuid.uuid4() for _ in range(2)]  # of two documents each
        expected: dict[int, Written] = {}
        for step in steps:
            match step:
                case Written(place=place):
                    written = shelf.document(
                        *step.texts, document_id=documents[place], source_id=sources[place // 2], language=step.language
                    )
                    shelf.write(written, citable=step.citable)
                    expected[place] = step
                case ("remove", places):
                    index.remove(chatbot_id=shelf.chatbot.pk, document_ids=[documents[place] for place in places])
                    expected = {place: one for place, one in expected.items() if place not in places}
                case ("move", (source, citable)):
                    index.move(chatbot_id=shelf.chatbot.pk, source_id=sources[source], citable=citable)
                    expected = {
                        place: replace(one, citable=citable) if place // 2 == source else one
                        for place, one in expected.items()
                    }
                case _:
                    index.settle(shelf.chatbot.pk)
            for citable in (True, False):
                assert texts(shelf, citable=citable) == {
                    text for one in expected.values() if one.citable is citable for text in one.texts
                }
            if IndexStatistics.objects.filter(pk=shelf.chatbot.pk).exists():
                assert counted(shelf) == recounted(shelf)
        transaction.set_rollback(True)


# The average length.


def terms_of(shelf: Shelf) -> dict[str, str]:
    return {
        row.text: row.terms.to_text()
        for model in (CitablePassage, LearnOnlyPassage)
        for row in model._default_manager.filter(chatbot=shelf.chatbot)
    }


def test_weights_are_made_anew_when_the_average_has_drifted_and_equal_those_of_a_fresh_write(shelf: Shelf) -> None:
    documents = [shelf.document(f"warranty {'toner ' * count}".strip()) for count in range(1, 6)]
    hidden = shelf.document("secret margin")
    shelf.write(documents[0])  # the first passage's length is the average to begin with
    shelf.write(*documents[1:])
    shelf.write(hidden, citable=False)
    before = terms_of(shelf)
    assert index.settle(shelf.chatbot.pk) is True
    settled = terms_of(shelf)
    assert settled.keys() == before.keys()
    assert all(settled[text] != before[text] for text in before)
    bot = IndexStatistics.objects.get(pk=shelf.chatbot.pk)
    assert bot.average_length == index.nearest_step(bot.tokens / bot.passages) == index.nearest_step(4.0)
    shelf.write(*documents)
    shelf.write(hidden, citable=False)
    assert terms_of(shelf) == settled
    assert index.settle(shelf.chatbot.pk) is False


def test_weights_need_not_be_made_anew_after_the_first_documents(shelf: Shelf) -> None:
    hidden = shelf.document("secret margin")
    shelf.write(hidden, citable=False)
    shelf.put("warranty toner", "warranty toner printer paper")
    assert index.settle(shelf.chatbot.pk) is False
    assert IndexStatistics.objects.get(pk=shelf.chatbot.pk).average_length == index.nearest_step(3.0)
    weighed = terms_of(shelf)
    shelf.write(hidden, citable=False)
    assert terms_of(shelf) == weighed  # what was there before the average was known has been weighed by it


def test_weights_do_not_depend_on_the_order_in_which_documents_came(shelf: Shelf) -> None:
    documents = [shelf.document("warranty " * count) for count in (1, 2, 3, 8, 20)]
    seen = []
    for order in (documents, documents[::-1], documents[2:] + documents[:2]):
        for document in order:
            shelf.write(document)
            index.settle(shelf.chatbot.pk)
        seen.append(terms_of(shelf))
        index.remove(chatbot_id=shelf.chatbot.pk, document_ids=[document.document_id for document in documents])
        IndexStatistics.objects.filter(pk=shelf.chatbot.pk).update(average_length=0)
    assert seen[0] == seen[1] == seen[2]


def test_learn_only_passages_never_move_the_average(shelf: Shelf) -> None:
    shelf.put("warranty toner printer")
    index.settle(shelf.chatbot.pk)
    before = terms_of(shelf)
    source = shelf.put("margin " * 300, "price " * 300, citable=False)
    assert index.settle(shelf.chatbot.pk) is False
    assert terms_of(shelf).items() >= before.items()
    index.move(chatbot_id=shelf.chatbot.pk, source_id=source, citable=True)
    assert index.settle(shelf.chatbot.pk) is True  # as citable ones they do


def test_a_small_drift_changes_nothing(shelf: Shelf) -> None:
    shelf.put(*["warranty toner printer paper ink"] * 5)
    index.settle(shelf.chatbot.pk)
    before = terms_of(shelf)
    shelf.put("warranty toner printer paper ink drum fuser")
    assert index.settle(shelf.chatbot.pk) is False
    assert terms_of(shelf).items() >= before.items()


def test_more_passages_than_one_batch_are_all_weighed_anew(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "BATCH", 3)
    shelf.put("warranty")
    shelf.put(*[f"warranty number{place} toner" for place in range(8)])
    before = terms_of(shelf)
    assert index.settle(shelf.chatbot.pk) is True
    after = terms_of(shelf)
    assert all(after[text] != before[text] for text in before)


# Vectors that need not be made again.


def test_vectors_are_given_back_by_the_text_they_were_made_from(shelf: Shelf) -> None:
    citable = shelf.document("citable warranty", title="Manual", heading_path=("Ink",))
    hidden = shelf.document("secret margin")
    shelf.write(citable)
    shelf.write(hidden, citable=False)
    ids = [citable.document_id, hidden.document_id]
    known = index.vectors_of(chatbot_id=shelf.chatbot.pk, space=shelf.space, document_ids=ids)
    assert known.keys() == {"Manual\nInk\ncitable warranty", "secret margin"}
    np.testing.assert_allclose(known["secret margin"], hidden.vectors[0], atol=1e-3)
    assert known["secret margin"].dtype == np.float32


def test_vectors_of_another_model_another_document_or_another_bot_are_not_known(shelf: Shelf) -> None:
    document = shelf.document("warranty")
    shelf.write(document)
    other = Shelf(name="Bob's", embeddings=FakeEmbeddingService(name="other"))
    ids = [document.document_id]
    assert index.vectors_of(chatbot_id=shelf.chatbot.pk, space=shelf.space, document_ids=ids)
    assert not index.vectors_of(chatbot_id=shelf.chatbot.pk, space=other.space, document_ids=ids)
    assert not index.vectors_of(chatbot_id=other.chatbot.pk, space=shelf.space, document_ids=ids)
    assert not index.vectors_of(chatbot_id=shelf.chatbot.pk, space=shelf.space, document_ids=[uuid.uuid4()])
