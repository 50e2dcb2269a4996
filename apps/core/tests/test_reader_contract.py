"""What every reader keeps: the fake, the built-in one, one of fastembed's, and one behind a circuit breaker."""

from pathlib import Path

import pytest

from apps.core.circuit_breaker import CircuitBreaker
from apps.core.reader.fake import FakeReader
from apps.core.reader.fastembed_reader import FastembedReader
from apps.core.reader.local import LocalReader
from apps.core.reader.protocol import Reader
from apps.core.reader.with_circuit_breaker import ReaderWithCircuitBreaker
from apps.core.tests.tiny_models import CROSS_ENCODER, install_cross_encoder
from apps.core.tests.tiny_reader import write_reader_files

QUESTION = "how long is the warranty"
RIGHT = "the warranty covers repairs for two years"
WRONG = "cats sleep on roofs"


@pytest.fixture(scope="module", params=["fake", "local", "fastembed", "with a breaker"])
def reader(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Reader:
    folder: Path = tmp_path_factory.mktemp("models")
    if request.param == "local":
        return LocalReader(folder, weights=write_reader_files(folder / "fetched"))
    if request.param == "fastembed":
        install_cross_encoder(folder)
        return FastembedReader(CROSS_ENCODER, folder)
    fake = FakeReader()
    return fake if request.param == "fake" else ReaderWithCircuitBreaker(fake, CircuitBreaker(name="reader:test"))


def test_it_is_a_reader(reader: Reader) -> None:
    assert isinstance(reader, Reader)
    assert reader.name
    assert reader.calibrated is not isinstance(reader, FastembedReader)


def test_there_is_one_logit_per_text_in_order(reader: Reader) -> None:
    texts = [WRONG, RIGHT] * 20
    logits = reader.score(QUESTION, texts)
    assert len(logits) == len(texts)
    assert all(isinstance(logit, float) for logit in logits)
    assert logits == pytest.approx(reader.score(QUESTION, [WRONG, RIGHT]) * 20, abs=1e-3)
    assert reader.score(QUESTION, texts[::-1]) == pytest.approx(logits[::-1], abs=1e-3)


def test_a_logit_does_not_depend_on_the_other_texts(reader: Reader) -> None:
    (alone,) = reader.score(QUESTION, [RIGHT])
    assert reader.score(QUESTION, [RIGHT, "cats " * 200, ""])[0] == pytest.approx(alone, abs=1e-3)


def test_no_texts_give_no_logits(reader: Reader) -> None:
    assert reader.score(QUESTION, []) == []


def test_an_empty_or_endless_text_is_scored_too(reader: Reader) -> None:
    assert len(reader.score(QUESTION, ["", "roofs " * 10_000, "half a pair: \ud800"])) == 3
    assert len(reader.score("", [RIGHT])) == 1


def test_fluency_is_a_share(reader: Reader) -> None:
    for text in (RIGHT, "保修期多长", ""):
        assert 0 <= reader.fluency(text) <= 1
    assert reader.fluency(RIGHT) > 0.9
