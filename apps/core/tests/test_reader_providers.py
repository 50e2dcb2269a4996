"""Readers that settings name: from files on this machine, and never a reason for the product to stop."""

import logging
from collections.abc import Sequence
from pathlib import Path

import pytest

from apps.core.circuit_breaker import CircuitBreaker, CircuitState
from apps.core.error_handling import CircuitOpenError, ProviderError, ProviderUnavailableError, SettingsError
from apps.core.reader import registry
from apps.core.reader.fake import FakeReader
from apps.core.reader.registry import create_reader, load_reader
from apps.core.reader.with_circuit_breaker import ReaderWithCircuitBreaker
from apps.core.tests.tiny_models import CROSS_ENCODER, install_cross_encoder

QUESTION = "how long is the warranty"
RIGHT = "the warranty covers repairs for two years"
WRONG = "cats sleep on roofs"
MARCO = "cross-encoder/ms-marco-MiniLM-L-6-v2"


def test_the_fake_spreads_its_logits_by_shared_words() -> None:
    assert FakeReader().score("red door", ["a red door", "a door", "a cat"]) == [8, 0, -8]


def test_none_is_no_reader_and_nothing_is_said_of_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert create_reader("none", tmp_path) is None
    assert caplog.records == []


def test_a_reader_that_is_not_there_is_said_once_and_the_product_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="apps.core.reader"):
        for _ in range(3):
            assert create_reader(MARCO, tmp_path) is None
    (message,) = [record.getMessage() for record in caplog.records]
    assert "no reader" in message
    assert "docs/models.md" in message


def test_an_unknown_name_is_told_apart_from_missing_files(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"ms-marco-MiniLM-L-6-v2.*its files are not there"):
        load_reader(MARCO, tmp_path)
    with pytest.raises(SettingsError, match="fastembed has no model of that name"):
        load_reader("nobody/knows-this", tmp_path)


def test_a_damaged_cross_encoder_counts_as_missing(tmp_path: Path) -> None:
    install_cross_encoder(tmp_path)
    (path,) = tmp_path.rglob("model.onnx")
    path.write_bytes(path.read_bytes()[:50])
    assert create_reader(CROSS_ENCODER, tmp_path) is None


def test_the_usual_name_finds_the_converted_model(tmp_path: Path) -> None:
    install_cross_encoder(tmp_path, "Xenova/ms-marco-MiniLM-L-6-v2")
    created = create_reader(MARCO, tmp_path)
    assert created is not None
    assert created.name == MARCO
    right, wrong = created.score(QUESTION, [RIGHT, WRONG])
    assert right > wrong


class Failing(FakeReader):
    """A reader whose model fails."""

    calls = 0

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        self.calls += 1
        raise ProviderUnavailableError


def test_a_reader_that_fails_is_left_alone_for_a_while() -> None:
    failing = Failing()
    wrapped = ReaderWithCircuitBreaker(failing, CircuitBreaker(expected_exception=ProviderError, name="reader:test"))
    for _ in range(5):
        with pytest.raises(ProviderError):
            wrapped.score(QUESTION, [RIGHT])
    assert failing.calls == 3


def test_a_download_that_fails_is_not_tried_again_and_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    breaker = CircuitBreaker(expected_exception=SettingsError, name="model_download")
    monkeypatch.setattr(registry, "DOWNLOADS", breaker)  # one of this test's own
    for _ in range(3):
        assert create_reader("nobody/knows-this", tmp_path, allow_download=True) is None
    assert breaker.state is CircuitState.OPEN
    assert create_reader("nobody/knows-this", tmp_path, allow_download=True) is None
    with pytest.raises(CircuitOpenError):
        breaker.check()
    assert create_reader("nobody/knows-this", tmp_path) is None, "files on this machine are looked for all the same"
