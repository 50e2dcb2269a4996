"""The built-in reader: ms-marco-MiniLM-L-12-v2 in int8, run by onnxruntime in this process, without any network."""

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from apps.core.embedding_service.batching import batches_by_length
from apps.core.embedding_service.fluency import wordpiece_fluency
from apps.core.embedding_service.text_input import encodable
from apps.core.error_handling import LocalModelError
from apps.core.local_models.sessions import RUN_ERRORS, open_session
from apps.core.local_models.stored_model import StoredModel
from apps.core.reader.weights import FETCHED, ReaderWeights

_MAX_TOKENS = 256
# Of these a question may take half; in the pair [CLS] question [SEP] text [SEP] the text is cut to what is left.
_MAX_QUESTION_TOKENS = 128
_BATCH_TOKENS = 2048


def stored_reader(weights: ReaderWeights = FETCHED) -> StoredModel:
    """The file that the reader is run from."""
    return StoredModel(
        title="reader",
        # Raise the version when `cross_encoder_graph.py` or `bert_graph.py` changes what is built.
        stem="ms-marco-MiniLM-L-12-v2-int8-v1",
        builder="apps.core.reader.convert",
        check_weights=weights.model,
        arguments=(str(weights.folder / "model.onnx"),),
    )


class LocalReader:
    """An English model with int8 weights; a pair is cut at 256 tokens, at the text's end.

    SettingsError says what to do where its weights are missing or damaged.
    """

    name = "ms-marco-MiniLM-L-12-v2-int8"
    calibrated = True

    def __init__(self, models_dir: Path, *, threads: int = 2, weights: ReaderWeights = FETCHED) -> None:
        self._tokenizer: Tokenizer = Tokenizer.from_file(str(weights.tokenizer()))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._start, self._separator = self._tokenizer.encode("").ids
        self._session: onnxruntime.InferenceSession = open_session(
            stored_reader(weights).path(models_dir), threads=threads
        )
        # One run keeps every core busy; several at once are no faster, and each needs memory of its own.
        self._running = threading.Lock()

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        first = [self._start, *self._token_ids([question])[0][:_MAX_QUESTION_TOKENS], self._separator]
        room = _MAX_TOKENS - len(first) - 1
        seconds = [[*ids[:room], self._separator] for ids in self._token_ids(texts)]
        logits = np.empty(len(texts), dtype=np.float32)
        for batch in batches_by_length([len(first) + len(ids) for ids in seconds], max_tokens=_BATCH_TOKENS):
            logits[batch] = self._run(first, [seconds[place] for place in batch])
        return [float(logit) for logit in logits]

    def fluency(self, text: str) -> float:
        return wordpiece_fluency(self._tokenizer, text)

    def _token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        encodings = self._tokenizer.encode_batch_fast([encodable(text) for text in texts], add_special_tokens=False)
        return [encoding.ids for encoding in encodings]

    def _run(self, first: list[int], seconds: list[list[int]]) -> NDArray[np.float32]:
        """One run of the model on pairs that share their first half; returns one logit for each."""
        lengths = len(first) + np.array([len(ids) for ids in seconds])
        input_ids = np.zeros((len(seconds), int(lengths.max())), dtype=np.int32)
        input_ids[:, : len(first)] = first
        for row, ids in enumerate(seconds):
            input_ids[row, len(first) : lengths[row]] = ids
        mask = (np.arange(input_ids.shape[1]) < lengths[:, None]).astype(np.int32)
        segments = mask.copy()
        segments[:, : len(first)] = 0
        inputs = {"input_ids": input_ids, "attention_mask": mask, "token_type_ids": segments}
        try:
            with self._running:
                (logits,) = self._session.run(None, inputs)
        except RUN_ERRORS as error:
            raise LocalModelError from error
        return np.asarray(logits, dtype=np.float32)[:, 0]
