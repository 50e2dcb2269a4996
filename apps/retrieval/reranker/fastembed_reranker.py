"""Any cross-encoder that fastembed knows, from files that lie on this machine."""

from collections.abc import Sequence
from pathlib import Path

from fastembed.rerank.cross_encoder import TextCrossEncoder

from apps.core.embedding_service.fastembed_loading import load_from_files
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


class FastembedReranker:
    """The model's files are looked for in `cache_dir`; SettingsError says what to do when they are not there."""

    def __init__(self, model_name: str, cache_dir: Path, *, threads: int = 2, allow_download: bool = False) -> None:
        self.name = model_name
        converted = _CONVERTED.get(model_name.lower(), model_name)
        known = [str(model["model"]) for model in TextCrossEncoder.list_supported_models()]
        self._model: TextCrossEncoder = load_from_files(
            lambda: TextCrossEncoder(
                converted, cache_dir=str(cache_dir), threads=threads, local_files_only=not allow_download, cuda=False
            ),
            kind="reranker",
            model_name=converted,
            cache_dir=cache_dir,
            known=known,
        )

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        """The model's raw scores (logits): about -12 to 12, above 0 where it takes the text for an answer."""
        passages = [encodable(text) for text in texts]
        return [float(score) for score in self._model.rerank(encodable(query), passages, batch_size=_BATCH)]
