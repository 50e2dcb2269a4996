"""Embeddings from OpenAI, or from any server that speaks its protocol (Ollama, vLLM, llama.cpp, …)."""

import math
from collections.abc import Sequence
from functools import cached_property

import httpx2
import numpy as np
import openai
from pydantic import BaseModel, ConfigDict
from pydantic import ValidationError as UnexpectedShape

from apps.core.embedding_service.batching import batches_in_order
from apps.core.embedding_service.protocol import EmbeddingResult, Vector
from apps.core.embedding_service.registry import EmbeddingSettings
from apps.core.error_handling import (
    ProviderAnswerError,
    ProviderBusyError,
    ProviderError,
    ProviderRejectedError,
    ProviderRequestError,
    ProviderUnavailableError,
    SettingsError,
)
from apps.core.proxies import find_proxy, proxy_address

_OPENAI = "https://api.openai.com/v1"
_OWN_DIMENSIONS = {"text-embedding-3-small": 1536, "text-embedding-3-large": 3072, "text-embedding-ada-002": 1536}
# Only these models can shorten their vectors; other servers refuse the parameter.
_SHORTENABLE = "text-embedding-3-"
# The tokenizer is on the other side. English has 4 to 5 bytes a token, German 4, Chinese 3: this errs to the safe side.
_BYTES_PER_TOKEN = 3
# OpenAI takes 2048 texts and 300,000 tokens a request; smaller servers choke far earlier, and retries cost less.
_BATCH_TEXTS = 128
_BATCH_TOKENS = 60_000
_UNAVAILABLE_STATUS = frozenset({408, 409, 425, 429})
_ABOUT_THE_REQUEST = frozenset({400, 413, 422})  # another text may well be taken


class _Item(BaseModel):
    model_config = ConfigDict(allow_inf_nan=False, hide_input_in_errors=True)

    embedding: list[float]
    index: int | None = None


class _Usage(BaseModel):
    prompt_tokens: int = 0


class _Answer(BaseModel):
    data: list[_Item]
    usage: _Usage | None = None


class OpenAIEmbeddingService:
    """`base_url` ends in `/v1`; `dimensions` is what the model gives, or what a text-embedding-3 model shortens to."""

    def __init__(
        self,
        api_key: str,
        base_url: str | None = None,
        model: str = "text-embedding-3-small",
        dimensions: int = 1536,
        *,
        max_tokens: int = 8192,
        timeout: float = 60.0,
        query_timeout: float = 2.0,
        max_retries: int = 1,
    ) -> None:
        self.name = model if _OWN_DIMENSIONS.get(model) == dimensions else f"{model}@{dimensions}"
        self.dimensions = dimensions
        self.max_tokens = max_tokens
        self._model = model
        self._base_url = base_url or _OPENAI
        # Servers without keys still get a header, and the SDK insists on one.
        self._api_key = api_key or "none"
        self._timeout, self._query_timeout, self._max_retries = timeout, min(query_timeout, timeout), max_retries

    def __repr__(self) -> str:
        return f"OpenAIEmbeddingService(name={self.name!r}, dimensions={self.dimensions})"

    def embed_documents(self, texts: Sequence[str]) -> list[EmbeddingResult]:
        readable = [self._readable(text) for text in texts]
        lengths = [self.count_tokens(text) for text in readable]
        results: list[EmbeddingResult] = []
        for batch in batches_in_order(lengths, max_tokens=_BATCH_TOKENS, max_texts=_BATCH_TEXTS):
            results.extend(self._embed(self._client, readable[batch], lengths[batch]))
        return results

    def embed_query(self, text: str) -> EmbeddingResult:
        """A visitor waits for this, and search can do without it, so it is tried once."""
        readable = self._readable(text)
        return self._embed(self._hasty_client, [readable], [self.count_tokens(readable)])[0]

    def count_tokens(self, text: str) -> int:
        return math.ceil(len(text.encode(errors="replace")) / _BYTES_PER_TOKEN)

    def fluency(self, text: str) -> float:
        return 1.0

    @cached_property
    def _client(self) -> openai.OpenAI:
        """The client. Raises ProviderRejectedError where only an unusable proxy leads to the server."""
        proxy = proxy_address(find_proxy(self._base_url))
        return openai.OpenAI(
            api_key=self._api_key,
            base_url=self._base_url,
            timeout=self._timeout,
            max_retries=self._max_retries,
            # By the SDK's own function: what its client accepts changes from release to release.
            http_client=openai.DefaultHttpx2Client(
                timeout=self._timeout,
                transport=httpx2.HTTPTransport(proxy=proxy, limits=openai.DEFAULT_CONNECTION_LIMITS),
            ),
        )

    @cached_property
    def _hasty_client(self) -> openai.OpenAI:
        return self._client.with_options(timeout=self._query_timeout, max_retries=0)

    def _readable(self, text: str) -> str:
        """What the server accepts: not empty and not longer than the model reads."""
        cut = text.encode(errors="replace")[: self.max_tokens * _BYTES_PER_TOKEN].decode(errors="ignore")
        return cut if cut.strip() else "-"

    def _embed(self, client: openai.OpenAI, texts: list[str], lengths: list[int]) -> list[EmbeddingResult]:
        answer = self._request(client, texts)
        vectors = _unit_vectors(answer, count=len(texts), dimensions=self.dimensions)
        tokens = _shared_out(answer.usage.prompt_tokens if answer.usage else 0, lengths)
        return [
            EmbeddingResult(vector=vector, model=self.name, tokens=number)
            for vector, number in zip(vectors, tokens, strict=True)
        ]

    def _request(self, client: openai.OpenAI, texts: list[str]) -> _Answer:
        shortens = self._model.startswith(_SHORTENABLE)
        try:
            response = client.embeddings.with_raw_response.create(
                input=texts,
                model=self._model,
                # Base64, the SDK's default, is not understood by every server.
                encoding_format="float",
                dimensions=self.dimensions if shortens else openai.omit,
            )
            return _Answer.model_validate_json(response.content)
        except openai.OpenAIError as error:
            raise translate(error) from error
        except UnexpectedShape as error:
            raise ProviderAnswerError from error


def translate(error: openai.OpenAIError) -> ProviderError:
    """The SDK's error as one of ours. Its message is left out: servers repeat the request's text in theirs."""
    if isinstance(error, openai.APIConnectionError):
        return ProviderUnavailableError()
    if isinstance(error, openai.APIStatusError):
        return _of_status(error, error.status_code)
    return ProviderAnswerError()


def _of_status(error: openai.APIStatusError, status: int) -> ProviderError:
    # An account without money answers 429 too, and no retry helps it.
    if status >= 500 or (status in _UNAVAILABLE_STATUS and error.code != "insufficient_quota"):
        return ProviderBusyError(retry_after=_seconds(error)) if status in {429, 503} else ProviderUnavailableError()
    return ProviderRequestError() if status in _ABOUT_THE_REQUEST else ProviderRejectedError()


def _seconds(error: openai.APIStatusError) -> float | None:
    """What the Retry-After header asks for; None when it is missing, a date or no number."""
    response = getattr(error, "response", None)
    try:
        return max(0.0, float(response.headers.get("retry-after", ""))) if response is not None else None
    except ValueError:
        return None


def _unit_vectors(answer: _Answer, *, count: int, dimensions: int) -> Vector:
    """The vectors in the order of the texts, float32, shape (count, dimensions), each of length 1."""
    items = answer.data
    if all(item.index is not None for item in items):
        items = sorted(items, key=lambda item: item.index or 0)
        if [item.index for item in items] != list(range(count)):
            raise ProviderAnswerError(f"{ProviderAnswerError.default_message()} (There is not one vector per text.)")
    if len(items) != count:
        raise ProviderAnswerError(
            f"The embedding server sent {len(items)} vectors for {count} texts. Check the server and its model."
        )
    wrong = next((len(item.embedding) for item in items if len(item.embedding) != dimensions), None)
    if wrong is not None:
        raise ProviderAnswerError(
            f"The embedding server sent vectors of {wrong} numbers where {dimensions} are expected. "
            "Set the dimensions in the model's name, for example openai:nomic-embed-text@768."
        )
    vectors = np.array([item.embedding for item in items], dtype=np.float32)
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not np.all(np.isfinite(norms) & (norms > 0)):
        raise ProviderAnswerError("The embedding server sent a vector without a direction. Check its model.")
    return np.asarray(vectors / norms, dtype=np.float32)


def _shared_out(total: int, lengths: list[int]) -> list[int]:
    """The tokens of a request, told per request only, shared out over its texts; each has one at least."""
    if not total:
        return lengths
    ends = np.rint(np.cumsum(lengths) * (total / max(sum(lengths), 1))).astype(int)
    return [max(int(number), 1) for number in np.diff(ends, prepend=0)]


def from_settings(model: str, settings: EmbeddingSettings) -> OpenAIEmbeddingService:
    """`model` is `NAME` for OpenAI's own models and `NAME@DIMENSIONS` for any other."""
    name, _, dimensions = (model or "text-embedding-3-small").partition("@")
    number = int(dimensions) if dimensions.isascii() and dimensions.isdigit() else _OWN_DIMENSIONS.get(name, 0)
    if not number or (dimensions and not dimensions.isdigit()):
        raise SettingsError(
            f"How many dimensions does the embedding model {name!r} have? "
            f"Write them into TACIT_EMBEDDING_MODEL, for example openai:{name}@768."
        )
    if not settings.openai_api_key and not settings.openai_base_url:
        raise SettingsError(
            "OpenAI's embedding models need a key. Set TACIT_EMBEDDING_API_KEY or OPENAI_API_KEY, "
            "or TACIT_EMBEDDING_BASE_URL for a server of your own."
        )
    return OpenAIEmbeddingService(
        settings.openai_api_key, settings.openai_base_url, name, number, timeout=settings.timeout
    )
