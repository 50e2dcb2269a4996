"""Any embedding model that fastembed knows, from files that lie on this machine."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from fastembed import TextEmbedding
from numpy.typing import NDArray
from tokenizers import Tokenizer

from apps.core.embedding_service.batching import batches_by_length
from apps.core.embedding_service.fastembed_loading import load_from_files
from apps.core.embedding_service.fluency import wordpiece_fluency
from apps.core.embedding_service.prefixes import prefixes_of
from apps.core.embedding_service.protocol import EmbeddingResult, Vector
from apps.core.embedding_service.registry import EmbeddingSettings
from apps.core.embedding_service.text_input import encodable
from apps.core.error_handling import ProviderAnswerError, SettingsError

_BATCH_TOKENS = 4096
_WITHOUT_TOKENIZER_LIMIT = 512

Embed = Callable[[list[str]], Iterable[NDArray[Any]]]


class FastembedEmbeddingService:
    """The model's files are looked for in `cache_dir`; they are downloaded only where `allow_download` says so."""

    def __init__(self, model_name: str, cache_dir: Path, *, threads: int = 2, allow_download: bool = False) -> None:
        self._model = _load(model_name, cache_dir, threads=threads, allow_download=allow_download)
        self._prefixes = prefixes_of(model_name)
        self._tokenizer, self.max_tokens = _whole_text_tokenizer(self._model)
        self.name = model_name
        self.dimensions = TextEmbedding.get_embedding_size(model_name)
        # The wording of fastembed's descriptions: "…, English, 512 input tokens truncation, …".
        self._english_only = ", English," in _descriptions().get(model_name.lower(), "")

    def embed_documents(self, texts: Sequence[str]) -> list[EmbeddingResult]:
        return self._embed([self._prefixes.document + encodable(text) for text in texts], self._model.passage_embed)

    def embed_query(self, text: str) -> EmbeddingResult:
        return self._embed([self._prefixes.query + encodable(text)], self._model.query_embed)[0]

    def count_tokens(self, text: str) -> int:
        return len(self._tokenizer.encode(self._prefixes.document + encodable(text)).ids)

    def fluency(self, text: str) -> float:
        return wordpiece_fluency(self._tokenizer, text) if self._english_only else 1.0

    def _embed(self, texts: list[str], embed: Embed) -> list[EmbeddingResult]:
        encodings = self._tokenizer.encode_batch(texts)
        lengths = [min(len(encoding.ids), self.max_tokens) for encoding in encodings]
        vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)
        for batch in batches_by_length(lengths, max_tokens=_BATCH_TOKENS):
            vectors[batch] = self._unit_vectors(list(embed([texts[place] for place in batch])))
        return [
            EmbeddingResult(vector=vector, model=self.name, tokens=length)
            for vector, length in zip(vectors, lengths, strict=True)
        ]

    def _unit_vectors(self, vectors: list[NDArray[Any]]) -> Vector:
        """float32, shape (texts, dimensions), each of length 1: some models leave that to the caller."""
        stacked = np.asarray(vectors, dtype=np.float32)
        norms = np.linalg.norm(stacked, axis=1, keepdims=True)
        if stacked.shape[1] != self.dimensions or not np.all(np.isfinite(norms) & (norms > 0)):
            raise ProviderAnswerError(
                f"The embedding model {self.name} gave unusable vectors. Delete its files and fetch them anew."
            )
        return np.asarray(stacked / norms, dtype=np.float32)


def _load(model_name: str, cache_dir: Path, *, threads: int, allow_download: bool) -> TextEmbedding:
    return load_from_files(
        lambda: TextEmbedding(
            model_name, cache_dir=str(cache_dir), threads=threads, local_files_only=not allow_download, cuda=False
        ),
        kind="embedding",
        model_name=model_name,
        cache_dir=cache_dir,
        known=_descriptions(),
    )


def _descriptions() -> dict[str, str]:
    """What fastembed says of each model it knows, by the model's name in small letters."""
    return {str(model["model"]).lower(): str(model["description"]) for model in TextEmbedding.list_supported_models()}


def _whole_text_tokenizer(model: TextEmbedding) -> tuple[Tokenizer, int]:
    """A copy of the model's tokenizer that does not cut, and the number of tokens at which the model's own does."""
    own: Tokenizer = getattr(model.model, "tokenizer")  # noqa: B009 - the base class does not declare it
    limit = int((own.truncation or {}).get("max_length", _WITHOUT_TOKENIZER_LIMIT))
    copy: Tokenizer = Tokenizer.from_str(own.to_str())
    copy.no_truncation()
    copy.no_padding()
    return copy, limit


def from_settings(model: str, settings: EmbeddingSettings) -> FastembedEmbeddingService:
    if not model:
        raise SettingsError("Which fastembed model? Set TACIT_EMBEDDING_MODEL=fastembed:BAAI/bge-small-en-v1.5, say.")
    return FastembedEmbeddingService(
        model, settings.models_dir, threads=settings.threads, allow_download=settings.allow_download
    )
