"""Somebody has nothing but an error message, about another name and path: the mend is in the first three."""

import pytest
from django.conf import settings

from apps.core.embedding_service import EmbeddingService, create_embedding_service
from apps.incidents.documents import load_incidents
from apps.observability.incident_search import Shelf, find_incidents, shelve

ASKED = [
    (
        1,
        "ImportError: cannot import name 'DocumentService' from 'shop.core.services' (/home/bob/shop/core/services.py)",
    ),
    (1, "why can't I import PrivacyService"),
    (2, "AttributeError: module 'myapp.monitoring' has no attribute 'track_metric'"),
    (2, "function for tracking a metric does not exist"),
    (3, "cannot import name 'metrics_collector' from 'project.telemetry' (/srv/project/telemetry.py)"),
    (4, "ImportError: cannot import name 'AlertSeverity' from 'ops.alerts'"),
    (4, "two different names for the level of an alert"),
    (5, "TypeError: catching classes that do not inherit from BaseException is not allowed"),
    (5, "circuit breaker with several exception types raises TypeError itself"),
    (6, "ModuleNotFoundError: No module named 'sentence_transformers.util'"),
    (6, "package is imported but missing from the requirements"),
    (7, "TypeError: AsyncClient.__init__() got an unexpected keyword argument 'proxies'"),
    (7, "creating the openai client fails after upgrading httpx"),
    (8, "NameError: name 'List' is not defined"),
    (8, "type hint used without importing it from typing"),
    (9, "AttributeError: 'EmbeddingResponse' object has no attribute 'vector'"),
    (9, "embedding object has no vector field"),
    (10, "TypeError: 'CircuitBreaker' object is not callable\n"),
    (10, "using the breaker as decorator does not work"),
    (11, "ModuleNotFoundError: No module named 'asgiref'"),
    (12, "query on a small index takes longer than on a big one, planner chooses sequential scan"),
    (13, "sign-in link with its token appears in the log file"),
    (14, "password reset e-mail points to the attacker's domain"),
    (15, "javascript: URL in a link of an answer, XSS"),
    (16, "document frequencies are too high after changing the disclosure twice"),
    (17, "source stays running for hours after the worker was killed"),
]
TRACEBACK = """\
2026-11-23 10:00:00 ERROR something
Traceback (most recent call last):
  File "/home/bob/tacit/apps/rag/pipeline.py", line 12, in <module>
    from apps.core.services import ChatServices
ImportError: cannot import name 'ChatServices' from 'apps.core.services' (/home/bob/tacit/apps/core/services.py)
"""


@pytest.fixture(scope="module")
def embeddings() -> EmbeddingService:
    return create_embedding_service("local", settings.MODELS_DIR)


@pytest.fixture(scope="module")
def shelf(embeddings: EmbeddingService) -> Shelf:
    return shelve(load_incidents(), embeddings)


@pytest.mark.parametrize(("number", "asked"), [*ASKED, (1, TRACEBACK)])
def test_the_mend_is_among_the_first_three(number: int, asked: str, shelf: Shelf, embeddings: EmbeddingService) -> None:
    found = find_incidents(asked, shelf, embeddings, k=3)
    assert number in [one.incident.number for one in found]
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


def test_its_own_message_finds_each_incident_first(shelf: Shelf, embeddings: EmbeddingService) -> None:
    missed = [
        (incident.number, message)
        for incident in shelf.incidents
        for message in incident.messages
        if find_incidents(message, shelf, embeddings, k=1)[0].incident.number != incident.number
    ]
    assert missed == []


def test_each_half_of_the_search_adds_something(shelf: Shelf, embeddings: EmbeddingService) -> None:
    by_words = find_incidents("proxies", shelf, embeddings, k=1)
    by_meaning = find_incidents("the client cannot be constructed because of a parameter", shelf, embeddings, k=3)
    assert by_words[0].incident.number == 7
    assert 7 in [one.incident.number for one in by_meaning]


@pytest.mark.parametrize("text", ["", "?!", "zzzzqq", "x" * 5000])
def test_strange_questions_do_no_harm(text: str, shelf: Shelf, embeddings: EmbeddingService) -> None:
    assert len(find_incidents(text, shelf, embeddings, k=3)) == 3
