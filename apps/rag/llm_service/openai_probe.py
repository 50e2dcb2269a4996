"""Finds out what is wrong with a model's server that speaks OpenAI's protocol."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import TYPE_CHECKING

import httpx2
import openai

from apps.core.error_handling import ProviderError
from apps.rag.llm_service.connection_test import Heard, listen
from apps.rag.llm_service.findings import (
    FAILED,
    OTHERWISE,
    START_AGAIN,
    STATUSES,
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
from apps.rag.llm_service.protocol import Finding
from apps.rag.llm_service.request_body import STREAM, SYSTEM_ROLE

if TYPE_CHECKING:
    from apps.rag.llm_service.openai_compatible import OpenAICompatibleLLMService


async def probe(service: "OpenAICompatibleLLMService", *, patience: float, slow: float) -> Finding:
    """Ask for a word, and find out what is wrong."""
    if service.proxy is not None and service.proxy.is_in_the_way:
        return bad_proxy(service.proxy)
    heard = Heard()
    try:
        async with asyncio.timeout(patience):
            await hear(service, heard)
    except ProviderError as error:
        return await explained(error, service, heard, patience)
    except TimeoutError:
        return too_slow(service.place, patience)
    finally:
        await service.aclose()
    return found_well(
        service.model, service.place, heard.seconds, slow=slow, remarks=remarks(service), streams=service.streams
    )


async def hear(service: "OpenAICompatibleLLMService", heard: Heard) -> None:
    """Hear a whole answer. Raises ProviderError."""
    _ = service.client().models  # the SDK imports it now, for a second or two, and not while the clock runs
    await listen(service, heard)


def remarks(service: "OpenAICompatibleLLMService") -> str:
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
    error: ProviderError, service: "OpenAICompatibleLLMService", heard: Heard, patience: float
) -> Finding:
    place, cause = service.place, error.__cause__
    if isinstance(cause, openai.APIStatusError):
        return await refused(cause, service)
    if isinstance(cause, openai.APIConnectionError) and not was_taken(cause):
        return unreachable(cause, place, service.proxy)
    if isinstance(cause, openai.APITimeoutError | TimeoutError):
        return await silent(service, patience)
    return broke_off(place) if heard.words else no_model(place)


def was_taken(error: openai.APIConnectionError) -> bool:
    """Tell whether the server took the request before the connection came to nothing."""
    return isinstance(error, openai.APITimeoutError) and not any(
        isinstance(reason, httpx2.ConnectTimeout) for reason in underneath(error)
    )


async def silent(service: "OpenAICompatibleLLMService", patience: float) -> Finding:
    """Tell a server that says nothing until it answers from one that does not answer, by waiting for it."""
    if service.waits_for_silence:
        return too_slow(service.place, service.timeouts.first_token)
    waiting, heard = service.that_waits(), Heard()
    with suppress(ProviderError, TimeoutError):
        async with asyncio.timeout(patience):
            await hear(waiting, heard)
    await waiting.aclose()
    return mute_meanwhile(service.place, heard.seconds) if heard.words else too_slow(service.place, patience)


async def refused(error: openai.APIStatusError, service: "OpenAICompatibleLLMService") -> Finding:
    """Explain an answer with an error's status."""
    place, status = service.place, error.status_code
    if status == 404 or error.code in {"model_not_found", "invalid_model"}:
        return not_found(service.endpoint, service.model, [name async for name in models_of(service)])
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
    return Finding(state="broken", seen=seen.format(place=place, model=service.model, status=status), advice=advice)


async def models_of(service: "OpenAICompatibleLLMService") -> AsyncIterator[str]:
    """Yield the names of the models that the server lists; none where it lists nothing."""
    with suppress(openai.OpenAIError, ValueError, TypeError, AttributeError, TimeoutError):
        async with asyncio.timeout(5):
            for model in (await service.client().models.list()).data:
                yield model.id
