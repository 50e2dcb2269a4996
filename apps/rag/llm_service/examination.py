"""Tries the language model that settings name, and says in plain words what is wrong with it and what to do.

It asks for one word, past the breaker and the retries: what counts is how things are now.
"""

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx2
import openai

from apps.core.error_handling import ProviderError
from apps.rag.llm_service.openai_compatible import OPENAI_URL, OpenAICompatibleLLMService
from apps.rag.llm_service.protocol import ChatMessage, Prompt, Stop
from config.env import LanguageModelSettings

TINY = Prompt(
    question="ping", messages=(ChatMessage(role="user", content="Answer with one word: ping"),), max_tokens=16
)
PATIENCE = 25.0  # seconds for the whole answer
SLOW = 4.0  # seconds to the first word; visitors look at an empty line meanwhile
MODELS_SHOWN = 8
START_AGAIN = "then start Tacit again."


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """How a model does: `state` is ok, slow or broken; what was seen, and what to do about it."""

    state: str
    seen: str
    advice: str = ""


@dataclass(kw_only=True, slots=True)
class Heard:
    """What came of an answer: how many pieces, and after how many seconds the first."""

    words: int = 0
    seconds: float = 0.0


async def examine(configured: LanguageModelSettings, *, patience: float = PATIENCE, slow: float = SLOW) -> Finding:
    """Ask the model for a word. Raises nothing that has to do with the model."""
    service = OpenAICompatibleLLMService(
        base_url=configured.base_url, api_key=configured.api_key, model=configured.model
    )
    place = configured.base_url or OPENAI_URL
    heard = Heard()
    try:
        async with asyncio.timeout(patience):
            await listen(service, heard)
    except ProviderError as error:
        return await explained(error, configured, service, heard)
    except TimeoutError:
        return too_slow(place)
    finally:
        await service.aclose()
    told = f"{configured.model} at {place} answers. Its first word took {heard.seconds:.1f} seconds."
    if heard.seconds < slow:
        return Finding(state="ok", seen=told)
    return Finding(
        state="slow",
        seen=told,
        advice="Visitors wait as long. Choose a smaller model or a faster machine; a model that was just loaded may be"
        " faster the next time.",
    )


async def listen(service: OpenAICompatibleLLMService, heard: Heard) -> None:
    """Hear a whole answer. Raises ProviderError."""
    begun = time.perf_counter()
    async with aclosing(service.generate(TINY)) as answer:
        async for part in answer:
            if not heard.words:
                heard.seconds = time.perf_counter() - begun
            heard.words += not isinstance(part, Stop)


async def explained(
    error: ProviderError, configured: LanguageModelSettings, service: OpenAICompatibleLLMService, heard: Heard
) -> Finding:
    place, cause = configured.base_url or OPENAI_URL, error.__cause__
    if isinstance(cause, openai.APIStatusError):
        return await refused(cause, configured, service)
    if isinstance(cause, openai.APIConnectionError) and not was_taken(cause):
        return unreachable(cause, place)
    if isinstance(cause, openai.APITimeoutError | TimeoutError):
        return too_slow(place)
    if heard.words:
        return Finding(
            state="broken",
            seen=f"{place} began to answer and broke off.",
            advice="Look into the log of the model's server: it may have run out of memory. Then test again.",
        )
    if await answers_whole(configured, service):
        return no_streaming(place)
    return Finding(
        state="broken",
        seen=f"{place} answers, but not as a language model's server does.",
        advice="It may be the address of a web page. Check TACIT_LLM_BASE_URL: it usually ends with /v1;"
        f" {START_AGAIN}",
    )


def was_taken(error: openai.APIConnectionError) -> bool:
    """Tell whether the server took the request before the connection came to nothing."""
    return isinstance(error, openai.APITimeoutError) and not any(
        isinstance(reason, httpx2.ConnectTimeout) for reason in underneath(error)
    )


async def refused(
    error: openai.APIStatusError, configured: LanguageModelSettings, service: OpenAICompatibleLLMService
) -> Finding:
    """Explain an answer with an error's status."""
    place, status = configured.base_url or OPENAI_URL, error.status_code
    if status == 404 or error.code in {"model_not_found", "invalid_model"}:
        return not_found(configured, [name async for name in models_of(service)])
    if status in {400, 422} and "stream" in f"{error.param or ''} {error.message}".lower():
        return no_streaming(place)
    if 300 <= status < 400:
        return Finding(
            state="broken",
            seen=f"{place} leads elsewhere (HTTP {status}).",
            advice=f"Set TACIT_LLM_BASE_URL to the address that it leads to, {START_AGAIN}",
        )
    if status == 429 and error.code in {"insufficient_quota", "billing_hard_limit_reached"}:
        return Finding(
            state="broken",
            seen=f"The account at {place} has no credit left.",
            advice="Add credit there, or set the key of another account in TACIT_LLM_API_KEY.",
        )
    seen, advice = STATUSES.get(status, FAILED if status >= 500 else OTHERWISE)
    return Finding(state="broken", seen=seen.format(place=place, model=configured.model, status=status), advice=advice)


STATUSES = {
    401: (
        "{place} does not know the key.",
        f"Check TACIT_LLM_API_KEY: it may be mistyped, revoked, or of another server; {START_AGAIN}",
    ),
    403: (
        "{place} knows the key, and does not let it use {model}.",
        "Allow the model for the account behind TACIT_LLM_API_KEY, or choose another one in TACIT_LLM_MODEL.",
    ),
    429: (
        "{place} has too much to do, or the account asks too often.",
        "Test again in a minute. If it stays so, raise the limits of the account behind TACIT_LLM_API_KEY.",
    ),
}
FAILED = (
    "{place} takes the question and fails itself (HTTP {status}).",
    "Look into the log of the model's server: the model may not fit into its memory. Then test again.",
)
OTHERWISE = (
    "{place} refuses a plain question to {model} (HTTP {status}).",
    f"Check that TACIT_LLM_MODEL names a model for chats, not one for embeddings or pictures; {START_AGAIN}",
)


def not_found(configured: LanguageModelSettings, models: list[str]) -> Finding:
    """Tell a wrong model from a wrong address: a right address lists its models."""
    place = configured.base_url or OPENAI_URL
    if not models:
        return Finding(
            state="broken",
            seen=f"There is a server at {place}, but no language model under this address.",
            advice=f"Check TACIT_LLM_BASE_URL: it usually ends with /v1; {START_AGAIN}",
        )
    if configured.model in models:
        return Finding(
            state="broken",
            seen=f"{place} lists {configured.model}, and does not let it be asked.",
            advice="Check that it is a model for chats and that the server has loaded it.",
        )
    shown = ", ".join(models[:MODELS_SHOWN]) + (
        f" and {len(models) - MODELS_SHOWN} more" * (len(models) > MODELS_SHOWN)
    )
    return Finding(
        state="broken",
        seen=f"{place} has no model named {configured.model}.",
        advice=f"It has: {shown}. Set TACIT_LLM_MODEL to one of them, {START_AGAIN}",
    )


def no_streaming(place: str) -> Finding:
    return Finding(
        state="broken",
        seen=f"{place} answers, but only in one piece: it does not stream.",
        advice="Switch streaming on at the server, or choose a model that streams. Until then answers come by"
        " extraction.",
    )


def too_slow(place: str) -> Finding:
    return Finding(
        state="broken",
        seen=f"{place} takes the question and says nothing in time.",
        advice="The model may still be loading: test again in a minute. If it stays so, choose a smaller model or a"
        " faster machine, and check that nothing else keeps the server busy.",
    )


def unreachable(error: openai.APIConnectionError, place: str) -> Finding:
    """Explain why there is no connection, from what lies under the library's error."""
    parts = urlsplit(place)
    host = parts.hostname or place
    reasons = list(underneath(error))
    if any(isinstance(reason, socket.gaierror) for reason in reasons):
        seen, advice = f"No server is known by the name {host}.", "Check how it is written in TACIT_LLM_BASE_URL"
    elif any(isinstance(reason, ssl.SSLError) for reason in reasons):
        seen = f"No safe connection to {host} comes about."
        advice = "Its certificate may be expired, or it speaks http: and not https:. Check TACIT_LLM_BASE_URL"
    else:
        seen = f"Nothing answers at {parts.netloc or place}."
        advice = (
            "Check that the model's server runs and that this machine can reach it; in a container, 127.0.0.1 is the"
            " container itself. Then check TACIT_LLM_BASE_URL"
        )
    return Finding(state="broken", seen=seen, advice=f"{advice}, {START_AGAIN}")


def underneath(error: BaseException) -> Iterator[BaseException]:
    """Yield the exceptions that led to this one."""
    reason: BaseException | None = error
    for _ in range(10):
        if reason is None:
            return
        yield reason
        reason = reason.__cause__ or reason.__context__


async def models_of(service: OpenAICompatibleLLMService) -> AsyncIterator[str]:
    """Yield the names of the models that the server lists; none where it lists nothing."""
    with suppress(openai.OpenAIError, ValueError, TypeError, AttributeError, TimeoutError):
        async with asyncio.timeout(5):
            for model in (await service.client().models.list()).data:
                yield model.id


async def answers_whole(configured: LanguageModelSettings, service: OpenAICompatibleLLMService) -> bool:
    """Tell whether the server answers when it isn't asked to stream."""
    with suppress(openai.OpenAIError, ValueError, TypeError, AttributeError, IndexError, TimeoutError):
        async with asyncio.timeout(10):
            answer = await service.client().chat.completions.create(
                model=configured.model, messages=[{"role": "user", "content": TINY.question}], stream=False
            )
            return bool(answer.choices[0].message.content)
    return False
