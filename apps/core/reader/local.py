"""The built-in reader: ms-marco-MiniLM-L-12-v2 in int8, run by onnxruntime in this process, without any network."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from apps.core.embedding_service.fluency import wordpiece_fluency
from apps.core.embedding_service.text_input import encodable
from apps.core.error_handling import LocalModelError
from apps.core.local_models.sessions import RUN_ERRORS, open_session
from apps.core.local_models.stored_model import StoredModel
from apps.core.reader.weights import FETCHED, ReaderWeights

_MAX_TOKENS = 256
# Of these a question may take half; in the pair [CLS] question [SEP] text [SEP] the text is cut to what is left.
_MAX_QUESTION_TOKENS = 128


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
        path = stored_reader(weights).path(models_dir)
        # One pair a run, several runs side by side: as fast as batches on many threads, without padding, with less
        # memory, and a logit doesn't depend on the other texts (int8 rounds by the largest value of a batch).
        self._session: onnxruntime.InferenceSession = open_session(path, threads=1)
        self._runs = ThreadPoolExecutor(threads, thread_name_prefix="reader")

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        first = [self._start, *self._token_ids([question])[0][:_MAX_QUESTION_TOKENS], self._separator]
        room = _MAX_TOKENS - len(first) - 1
        seconds = [[*ids[:room], self._separator] for ids in self._token_ids(texts)]
        return list(self._runs.map(partial(self._logit, first), seconds))

    def fluency(self, text: str) -> float:
        return wordpiece_fluency(self._tokenizer, text)

    def _token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        encodings = self._tokenizer.encode_batch_fast([encodable(text) for text in texts], add_special_tokens=False)
        return [encoding.ids for encoding in encodings]

    def _logit(self, first: list[int], second: list[int]) -> float:
        """One run of the model."""
        input_ids = np.array([first + second], dtype=np.int32)
        segments = np.repeat(np.array([[0, 1]], dtype=np.int32), [len(first), len(second)], axis=1)
        inputs = {"input_ids": input_ids, "attention_mask": np.ones_like(input_ids), "token_type_ids": segments}
        try:
            (logits,) = self._session.run(None, inputs)
        except RUN_ERRORS as error:
            raise LocalModelError from error
        return float(logits[0, 0])
