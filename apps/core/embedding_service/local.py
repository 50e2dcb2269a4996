"""The default provider: all-MiniLM-L6-v2 in int8, run by onnxruntime in this process, without any network."""

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from apps.core.embedding_service.batching import batches_by_length
from apps.core.embedding_service.fluency import wordpiece_fluency
from apps.core.embedding_service.minilm_model import open_minilm
from apps.core.embedding_service.minilm_weights import minilm_folder
from apps.core.embedding_service.protocol import EmbeddingResult, Vector
from apps.core.embedding_service.registry import EmbeddingSettings
from apps.core.embedding_service.text_input import encodable
from apps.core.error_handling import LocalModelError
from apps.core.local_models.sessions import RUN_ERRORS

# Measured on 2 cores: batches of one to four passages are as fast as any, and larger ones only take more memory.
_BATCH_TOKENS = 512
# How many texts are tokenised before the first is embedded: bounds the memory of a large call.
_WINDOW = 512


class LocalEmbeddingService:
    """all-MiniLM-L6-v2 with int8 weights; texts beyond 256 tokens are cut, as in the original."""

    name = "all-MiniLM-L6-v2-int8"
    dimensions = 384
    max_tokens = 256

    def __init__(self, *, models_dir: Path, threads: int = 2) -> None:
        self._session: onnxruntime.InferenceSession = open_minilm(models_dir, threads=threads)
        # One run keeps every core busy; several at once are no faster, and each keeps memory of its own for good.
        self._running = threading.Lock()
        self._tokenizer: Tokenizer = Tokenizer.from_file(str(minilm_folder() / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()

    def embed_documents(self, texts: Sequence[str]) -> list[EmbeddingResult]:
        results: list[EmbeddingResult] = []
        for start in range(0, len(texts), _WINDOW):
            results.extend(self._embed(texts[start : start + _WINDOW]))
        return results

    def embed_query(self, text: str) -> EmbeddingResult:
        return self._embed([text])[0]

    def count_tokens(self, text: str) -> int:
        return len(self._tokenizer.encode(encodable(text)).ids)

    def fluency(self, text: str) -> float:
        return wordpiece_fluency(self._tokenizer, text)

    def _embed(self, texts: Sequence[str]) -> list[EmbeddingResult]:
        token_ids = [
            self._cut(encoding.ids)
            for encoding in self._tokenizer.encode_batch_fast([encodable(text) for text in texts])
        ]
        lengths = [len(ids) for ids in token_ids]
        vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)
        for batch in batches_by_length(lengths, max_tokens=_BATCH_TOKENS):
            vectors[batch] = self._run([token_ids[place] for place in batch])
        return [
            EmbeddingResult(vector=vector, model=self.name, tokens=length)
            for vector, length in zip(vectors, lengths, strict=True)
        ]

    def _cut(self, ids: list[int]) -> list[int]:
        """The first tokens and the closing one."""
        return ids if len(ids) <= self.max_tokens else [*ids[: self.max_tokens - 1], ids[-1]]

    def _run(self, batch: list[list[int]]) -> Vector:
        """One run of the model; returns float32, shape (texts, dimensions)."""
        width = max(len(ids) for ids in batch)
        input_ids = np.zeros((len(batch), width), dtype=np.int32)
        mask = np.zeros_like(input_ids)
        for row, ids in enumerate(batch):
            input_ids[row, : len(ids)] = ids
            mask[row, : len(ids)] = 1
        try:
            with self._running:
                (vectors,) = self._session.run(None, {"input_ids": input_ids, "attention_mask": mask})
        except RUN_ERRORS as error:
            raise LocalModelError from error
        return np.asarray(vectors, dtype=np.float32)


def from_settings(_model: str, settings: EmbeddingSettings) -> LocalEmbeddingService:
    return LocalEmbeddingService(models_dir=settings.models_dir, threads=settings.threads)
