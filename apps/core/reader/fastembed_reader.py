"""Any cross-encoder that fastembed knows, from files that lie on this machine."""

from collections.abc import Sequence
from pathlib import Path

from fastembed.rerank.cross_encoder import TextCrossEncoder
from tokenizers import Tokenizer
from tokenizers.models import WordPiece

from apps.core.embedding_service.fastembed_loading import load_from_files
from apps.core.embedding_service.fluency import wordpiece_fluency
from apps.core.embedding_service.text_input import encodable

# The usual names of models that fastembed has under another one: the same weights, converted to ONNX.
_CONVERTED = {
    "cross-encoder/ms-marco-minilm-l-6-v2": "Xenova/ms-marco-MiniLM-L-6-v2",
    "cross-encoder/ms-marco-minilm-l6-v2": "Xenova/ms-marco-MiniLM-L-6-v2",
    "cross-encoder/ms-marco-minilm-l-12-v2": "Xenova/ms-marco-MiniLM-L-12-v2",
    "cross-encoder/ms-marco-minilm-l12-v2": "Xenova/ms-marco-MiniLM-L-12-v2",
}
# Pairs are padded to the longest of a batch, so small batches compute less and need less memory.
_BATCH = 16


class FastembedReader:
    """The model's files are looked for in `cache_dir`; SettingsError says what to do when they are not there."""

    calibrated = False

    def __init__(self, model_name: str, cache_dir: Path, *, threads: int = 2, allow_download: bool = False) -> None:
        self.name = model_name
        converted = _CONVERTED.get(model_name.lower(), model_name)
        known = [str(model["model"]) for model in TextCrossEncoder.list_supported_models()]
        self._model: TextCrossEncoder = load_from_files(
            lambda: TextCrossEncoder(
                converted, cache_dir=str(cache_dir), threads=threads, local_files_only=not allow_download, cuda=False
            ),
            kind="reader",
            model_name=converted,
            cache_dir=cache_dir,
            known=known,
        )
        # The base class does not declare it.
        self._tokenizer: Tokenizer = getattr(self._model.model, "tokenizer")  # noqa: B009

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        """The model's raw scores (logits), whose range is its own."""
        readable = [encodable(text) for text in texts]
        return [float(score) for score in self._model.rerank(encodable(question), readable, batch_size=_BATCH)]

    def fluency(self, text: str) -> float:
        """1 for multilingual models: their tokenizers are none that cut foreign words into letters."""
        return wordpiece_fluency(self._tokenizer, text) if isinstance(self._tokenizer.model, WordPiece) else 1.0
