"""Tries the language model that settings name, and finds out what is wrong with it.

It asks for one word, past the breaker and the retries: what counts is how things are now.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace

import httpx2
import openai

from apps.core.error_handling import ProviderError
from apps.core.language_model import LanguageModelSettings
from apps.rag.llm_service.findings import (
    FAILED,
    OTHERWISE,
    START_AGAIN,
    STATUSES,
    Finding,
    bad_proxy,
    broke_off,
    found_well,
    mute_meanwhile,
    no_model,
    no_streaming,
    not_found,
    too_slow,
    underneath,
    unreachable,
)
from apps.rag.llm_service.openai_compatible import OpenAICompatibleLLMService
from apps.rag.llm_service.protocol import ChatMessage, Prompt, Stop
from apps.rag.llm_service.request_body import STREAM, SYSTEM_ROLE

# With the roles that every question has, since some servers refuse one of them.
TINY = Prompt(
    question="ping",
    messages=(
        ChatMessage(role="system", content="Answer with one word."),
        ChatMessage(role="user", content="Answer with one word: ping"),
    ),
    max_tokens=16,
)
WHOLE_ANSWER = 5.0  # seconds that the rest of the answer may take after the first token
SLOW = 4.0  # seconds to the first token; visitors look at an empty line meanwhile


@dataclass(kw_only=True, slots=True)
class Heard:
    """What came of an answer: how many pieces, and after how many seconds the first."""

    words: int = 0
    seconds: float = 0.0


async def examine(configured: LanguageModelSettings, *, patience: float | None = None, slow: float = SLOW) -> Finding:
    """Ask the model for a word. Raises nothing that has to do with the model.

    `patience` is how many seconds it may take for the whole answer: by default as long as visitors would wait for the
    first token, and a little more.
    """
    service = OpenAICompatibleLLMService.from_settings(configured)
    if service.proxy is not None and service.proxy.is_in_the_way:
        return bad_proxy(service.proxy)
    if patience is None:
        patience = configured.first_token_seconds + WHOLE_ANSWER
    heard = Heard()
    try:
        async with asyncio.timeout(patience):
            await listen(service, heard)
    except ProviderError as error:
        return await explained(error, configured, service, heard, patience)
    except TimeoutError:
        return too_slow(service.endpoint.place, patience)
    finally:
        await service.aclose()
    return found_well(
        configured.model,
        service.endpoint.place,
        heard.seconds,
        slow=slow,
        remarks=remarks(service),
        streams=service.streams,
    )


async def listen(service: OpenAICompatibleLLMService, heard: Heard) -> None:
    """Hear a whole answer. Raises ProviderError."""
    _ = service.client().models  # the SDK imports it now, for a second or two, and not while the clock runs
    begun = time.perf_counter()
    async with aclosing(service.generate(TINY)) as answer:
        async for part in answer:
            if not heard.words:
                heard.seconds = time.perf_counter() - begun
            heard.words += not isinstance(part, Stop)


def remarks(service: OpenAICompatibleLLMService) -> str:
    """Tell what Tacit does otherwise for this server, each sentence after a space."""
    sentences, proxy = "", service.proxy
    if SYSTEM_ROLE in service.refused:
        sentences += " It refuses the system role, so Tacit puts its rules before the question instead."
    if proxy is not None and proxy.is_bypassed:
        sentences += f" It is asked without the proxy that {proxy.variable} names."
    elif proxy is not None:
        sentences += f" It is asked through the proxy {proxy.place} that {proxy.variable} names."
    return sentences


async def explained(
    error: ProviderError,
    configured: LanguageModelSettings,
    service: OpenAICompatibleLLMService,
    heard: Heard,
    patience: float,
) -> Finding:
    place, cause = service.endpoint.place, error.__cause__
    if isinstance(cause, openai.APIStatusError):
        return await refused(cause, configured, service)
    if isinstance(cause, openai.APIConnectionError) and not was_taken(cause):
        return unreachable(cause, place, service.proxy)
    if isinstance(cause, openai.APITimeoutError | TimeoutError):
        return await silent(configured, place, patience)
    return broke_off(place) if heard.words else no_model(place)


def was_taken(error: openai.APIConnectionError) -> bool:
    """Tell whether the server took the request before the connection came to nothing."""
    return isinstance(error, openai.APITimeoutError) and not any(
        isinstance(reason, httpx2.ConnectTimeout) for reason in underneath(error)
    )


async def silent(configured: LanguageModelSettings, place: str, patience: float) -> Finding:
    """Tell a server that says nothing until it answers from one that does not answer, by waiting for it."""
    if configured.waits_for_silence:
        return too_slow(place, configured.first_token_seconds)
    service = OpenAICompatibleLLMService.from_settings(replace(configured, waits_for_silence=True))
    heard = Heard()
    with suppress(ProviderError, TimeoutError):
        async with asyncio.timeout(patience):
            await listen(service, heard)
    await service.aclose()
    return mute_meanwhile(place, heard.seconds) if heard.words else too_slow(place, patience)


async def refused(
    error: openai.APIStatusError, configured: LanguageModelSettings, service: OpenAICompatibleLLMService
) -> Finding:
    """Explain an answer with an error's status."""
    place, status = service.endpoint.place, error.status_code
    if status == 404 or error.code in {"model_not_found", "invalid_model"}:
        return not_found(service.endpoint, configured.model, [name async for name in models_of(service)])
    if status in {400, 422} and re.search(rf"\b{STREAM}", f"{error.param or ''} {error.message}".lower()):
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


async def models_of(service: OpenAICompatibleLLMService) -> AsyncIterator[str]:
    """Yield the names of the models that the server lists; none where it lists nothing."""
    with suppress(openai.OpenAIError, ValueError, TypeError, AttributeError, TimeoutError):
        async with asyncio.timeout(5):
            for model in (await service.client().models.list()).data:
                yield model.id
