"""The built-in reader: the original's logits, built once, whole or not at all, and sound about missing files."""

from pathlib import Path

import numpy as np
import pytest

from apps.core.error_handling import SettingsError
from apps.core.local_models.stored_model import FileState, StoredModel
from apps.core.reader import local
from apps.core.reader.dequantise import float_weights
from apps.core.reader.local import LocalReader, stored_reader
from apps.core.reader.registry import create_reader
from apps.core.reader.weights import FETCHED, ReaderWeights
from apps.core.tests.numpy_bert import NumpyBert
from apps.core.tests.tiny_models import tiny_tokenizer
from apps.core.tests.tiny_reader import LAYERS, write_reader_files

QUESTION = "how long is the warranty ?"
TEXTS = ["the warranty covers repairs for two years", "cats sleep on roofs", "shipping costs . " * 100, "", "roofs"]


@pytest.fixture
def weights(tmp_path: Path) -> ReaderWeights:
    return write_reader_files(tmp_path / "fetched")


def test_its_logits_are_the_originals(weights: ReaderWeights, tmp_path: Path) -> None:
    tensors = float_weights(weights.model())
    bert = NumpyBert(tensors, layers=LAYERS)
    tokenizer = tiny_tokenizer()
    tokenizer.enable_truncation(256, strategy="only_second")
    expected = []
    for text in TEXTS:
        pair = tokenizer.encode(QUESTION, text)
        first = bert.hidden(pair.ids, pair.type_ids)[0]
        expected.append(bert.linear(np.tanh(bert.linear(first, "pooler.dense")), "classifier")[0])
    assert np.ptp(expected) > 3, "texts that all get the same logit would show nothing"
    assert LocalReader(tmp_path, weights=weights).score(QUESTION, TEXTS) == pytest.approx(expected, abs=0.3)


def test_an_endless_question_leaves_half_of_the_room_to_the_text(weights: ReaderWeights, tmp_path: Path) -> None:
    reader = LocalReader(tmp_path, weights=weights)
    first, second = reader.score("how " * 1000, TEXTS[:2])
    assert first != second


def test_the_second_start_builds_nothing(
    weights: ReaderWeights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    LocalReader(tmp_path, weights=weights)
    monkeypatch.setattr(StoredModel, "_build", lambda *_: pytest.fail("the model was built again"))
    LocalReader(tmp_path, weights=weights)


def test_a_damaged_model_is_built_again(weights: ReaderWeights, tmp_path: Path) -> None:
    logits = LocalReader(tmp_path, weights=weights).score(QUESTION, TEXTS)
    (path,) = tmp_path.glob("*.onnx")
    path.write_bytes(path.read_bytes()[:-100])
    assert stored_reader(weights).state(tmp_path) is FileState.DAMAGED
    assert LocalReader(tmp_path, weights=weights).score(QUESTION, TEXTS) == logits
    assert stored_reader(weights).state(tmp_path) is FileState.INTACT


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_missing_and_damaged_files_are_named_with_what_to_do(weights: ReaderWeights, tmp_path: Path, name: str) -> None:
    file = weights.folder / name
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(SettingsError, match=rf"{name} is damaged. Run `make setup` again"):
        LocalReader(tmp_path, weights=weights)
    file.unlink()
    with pytest.raises(SettingsError, match=rf"{name} is missing. Run `make setup` again"):
        LocalReader(tmp_path, weights=weights)
    assert list(tmp_path.glob("*.onnx")) == []


def test_the_product_goes_on_without_the_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    nowhere = ReaderWeights(folder=tmp_path / "nowhere", checksums=FETCHED.checksums)
    monkeypatch.setattr(local.LocalReader.__init__, "__kwdefaults__", {"threads": 2, "weights": nowhere})
    assert [create_reader("local", tmp_path) for _ in range(3)] == [None] * 3
    (message,) = [record.getMessage() for record in caplog.records]
    assert "Run `make setup` again" in message


def test_the_real_one_tells_an_answer_from_something_else(tmp_path: Path) -> None:
    reader = LocalReader(tmp_path)
    right, wrong = reader.score(
        "How many people live in Berlin?",
        [
            "Berlin had a population of 3,520,031 registered inhabitants in an area of 891.82 square kilometers.",
            "New York City is famous for the Metropolitan Museum of Art.",
        ],
    )
    assert right == pytest.approx(9.2, abs=0.5)
    assert wrong == pytest.approx(-11.2, abs=0.5)
    assert reader.fluency("How many people live in Berlin?") > 0.9
    assert reader.fluency("柏林有多少人？") == 0
