"""Search over a few thousand passages takes the way that is quick, whatever the planner believes."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from apps.accounts.models import Organization
from apps.chatbots.models import Chatbot
from apps.retrieval.models import EmbeddingSpace, IndexStatistics
from apps.retrieval.search_sql import QUESTION

WANTED = {"enable_seqscan=off", "enable_indexscan=off", "random_page_cost=1.1"}
TERMS = 5_000
ASKED = list(range(1, 13))
TERMS_OF_QUESTION = QUESTION.rstrip().rstrip(",") + " SELECT * FROM question"  # noqa: S608  # our own statement


@pytest.mark.django_db
def test_candidates_by_words_never_scan_a_whole_chatbot() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT proconfig, prorows FROM pg_proc WHERE proname = 'lexical_candidates'")
        ((settings, rows),) = cursor.fetchall()
    assert set(settings) >= WANTED
    assert rows == 100


@pytest.mark.django_db
def test_a_question_reads_its_own_terms_of_a_chatbot_that_was_never_analysed() -> None:
    chatbot = new_chatbot()
    question: dict[str, Any] = {"chatbot": chatbot.pk, "terms": ASKED, "frequencies": [1.0] * len(ASKED)}
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + TERMS_OF_QUESTION, question)
        ((explained,),) = cursor.fetchall()
    plan = explained if isinstance(explained, list) else json.loads(explained)
    read = sum(rows_read(node) for node in nodes(plan[0]["Plan"]) if node.get("Relation Name") == "term_statistic")
    assert len(ASKED) <= read <= 2 * len(ASKED)


def new_chatbot() -> Chatbot:
    """Return a chatbot with many terms, of which the planner knows nothing."""
    chatbot = Chatbot.objects.create(organization=Organization.objects.create(name="Large"), name="New")
    space = EmbeddingSpace.objects.create(name=uuid.uuid4().hex, spec="fake", dimensions=2)
    IndexStatistics.objects.create(chatbot=chatbot, space=space, passages=TERMS, tokens=TERMS)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO term_statistic (chatbot_id, term, document_frequency) SELECT %s, term, 3"
            " FROM generate_series(1, %s) AS term",
            [chatbot.pk, TERMS],
        )
    return chatbot


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", []):
        yield from nodes(inner)


def rows_read(node: dict[str, Any]) -> float:
    """Return how many rows a scan read, those that it threw away among them."""
    each = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
    return float(each * node["Actual Loops"])
