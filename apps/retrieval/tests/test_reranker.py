"""The reranker: optional, from files on this machine, and never a reason for search to stop."""

import logging
from collections.abc import Sequence
from pathlib import Path

import pytest

from apps.core.circuit_breaker import CircuitBreaker, CircuitState
from apps.core.error_handling import CircuitOpenError, ProviderError, ProviderUnavailableError, SettingsError
from apps.core.tests.tiny_models import RERANKER, install_reranker
from apps.retrieval.reranker import FakeReranker, Reranker, create_reranker, registry, reranker_status
from apps.retrieval.reranker.guarded import GuardedReranker

QUESTION = "how long is the warranty"
RIGHT = "the warranty covers repairs for two years"
WRONG = "cats sleep on roofs"
MARCO = "cross-encoder/ms-marco-MiniLM-L-6-v2"


@pytest.fixture(params=["fake", "fastembed"])
def reranker(request: pytest.FixtureRequest, tmp_path: Path) -> Reranker:
    if request.param == "fake":
        return FakeReranker()
    install_reranker(tmp_path)
    created = create_reranker(RERANKER, tmp_path)
    assert created is not None
    return created


def test_the_passage_that_answers_comes_first(reranker: Reranker) -> None:
    assert isinstance(reranker, Reranker)
    right, wrong = reranker.rerank(QUESTION, [RIGHT, WRONG])
    assert right > wrong


def test_there_is_one_score_per_text_in_order(reranker: Reranker) -> None:
    texts = [WRONG, RIGHT] * 20
    scores = reranker.rerank(QUESTION, texts)
    assert len(scores) == len(texts)
    assert all(isinstance(score, float) for score in scores)
    assert scores == pytest.approx(reranker.rerank(QUESTION, [WRONG, RIGHT]) * 20, abs=1e-3)
    assert reranker.rerank(QUESTION, texts[::-1]) == pytest.approx(scores[::-1], abs=1e-3)


def test_no_texts_give_no_scores(reranker: Reranker) -> None:
    assert reranker.rerank(QUESTION, []) == []


def test_an_empty_or_endless_text_is_scored_too(reranker: Reranker) -> None:
    assert len(reranker.rerank(QUESTION, ["", "roofs " * 10_000, "half a pair: \ud800"])) == 3
    assert len(reranker.rerank("", [RIGHT])) == 1


def test_a_reranker_that_is_not_there_is_said_once_and_search_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="apps.retrieval.reranker"):
        for _ in range(3):
            assert create_reranker(MARCO, tmp_path) is None
    (said,) = [record.getMessage() for record in caplog.records]
    assert "not reranked" in said
    assert "docs/models.md" in said


def test_doctor_says_what_is_missing_and_what_to_do(tmp_path: Path) -> None:
    works, sentence = reranker_status(MARCO, tmp_path)
    assert not works
    assert "ms-marco-MiniLM-L-6-v2" in sentence
    assert "docs/models.md" in sentence
    works, sentence = reranker_status("nobody/knows-this", tmp_path)
    assert not works
    assert "fastembed has no model of that name" in sentence


def test_doctor_says_that_it_works(tmp_path: Path) -> None:
    install_reranker(tmp_path)
    assert reranker_status(RERANKER, tmp_path) == (True, f"The reranker {RERANKER} is ready.")
    assert reranker_status("", tmp_path)[0]


def test_a_damaged_reranker_counts_as_missing(tmp_path: Path) -> None:
    install_reranker(tmp_path)
    (path,) = tmp_path.rglob("model.onnx")
    path.write_bytes(path.read_bytes()[:50])
    assert create_reranker(RERANKER, tmp_path) is None
    assert "damaged" in reranker_status(RERANKER, tmp_path)[1]


def test_the_usual_name_finds_the_converted_model(tmp_path: Path) -> None:
    install_reranker(tmp_path, "Xenova/ms-marco-MiniLM-L-6-v2")
    created = create_reranker(MARCO, tmp_path)
    assert created is not None
    assert created.name == MARCO
    right, wrong = created.rerank(QUESTION, [RIGHT, WRONG])
    assert right > wrong


class Failing(FakeReranker):
    """A reranker on another server that is away."""

    calls = 0

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        self.calls += 1
        raise ProviderUnavailableError


def test_a_reranker_that_fails_is_left_out_for_a_while() -> None:
    failing = Failing()
    guarded = GuardedReranker(failing, CircuitBreaker(expected_exception=ProviderError, name="reranker:test"))
    assert isinstance(guarded, Reranker)
    for _ in range(5):
        with pytest.raises(ProviderError):
            guarded.rerank(QUESTION, [RIGHT])
    assert failing.calls == 3
    well = GuardedReranker(FakeReranker(), CircuitBreaker(name="reranker:well"))
    assert well.rerank(QUESTION, [RIGHT]) == FakeReranker().rerank(QUESTION, [RIGHT])


def test_a_download_that_fails_is_not_tried_again_and_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    breaker = CircuitBreaker(expected_exception=SettingsError, name="model_download")
    monkeypatch.setattr(registry, "DOWNLOADS", breaker)  # one of this test's own
    for _ in range(3):
        assert create_reranker("nobody/knows-this", tmp_path, allow_download=True) is None
    assert breaker.state is CircuitState.OPEN
    assert create_reranker("nobody/knows-this", tmp_path, allow_download=True) is None
    with pytest.raises(CircuitOpenError):
        breaker.check()
    assert create_reranker("nobody/knows-this", tmp_path) is None, "files on this machine are looked for all the same"
