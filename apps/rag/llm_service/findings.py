"""What a test of the language model tells in plain words: what was seen, and what to do about it."""

import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

from apps.core.proxies import INSTEAD, Proxy
from apps.rag.llm_service.endpoint import Endpoint
from apps.rag.llm_service.protocol import Finding

MODELS_SHOWN = 8
START_AGAIN = "then start Tacit again."

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


def found_well(model: str, place: str, seconds: float, *, slow: float, remarks: str, streams: bool) -> Finding:
    """Tell how a model does that answers."""
    seen = f"{model} at {place} answers, the first token after {seconds:.1f} s.{remarks}"
    if not streams:
        return Finding(
            state="slow",
            seen=f"{seen} It answers in one piece: it does not stream.",
            advice="Visitors see nothing until the whole answer is written. Switch streaming on at the server, or"
            " choose a model that streams.",
        )
    if seconds < slow:
        return Finding(state="ok", seen=seen)
    return Finding(
        state="slow",
        seen=seen,
        advice="Visitors wait as long. Choose a smaller model or a faster machine; a model that was just loaded may be"
        " faster the next time.",
    )


def mute_meanwhile(place: str, seconds: float) -> Finding:
    return Finding(
        state="broken",
        seen=f"{place} answers, the first token after {seconds:.1f} s, but until then it gives no sign of life, not"
        " even its list of models. Tacit takes such a server for dead after a second or two, and answers without it.",
        advice="To wait for it all the same, set TACIT_LLM_FIRST_TOKEN_SECONDS to the seconds that you want visitors to"
        f" wait at most; {START_AGAIN}",
    )


def too_slow(place: str, seconds: float) -> Finding:
    return Finding(
        state="broken",
        seen=f"{place} takes the question and says nothing in time: no token within {seconds:.0f} s.",
        advice="The model may still be loading: test again in a minute. If it stays so, choose a smaller model or a"
        " faster machine, and check that nothing else keeps the server busy. To wait longer, raise"
        " TACIT_LLM_FIRST_TOKEN_SECONDS.",
    )


def broke_off(place: str) -> Finding:
    return Finding(
        state="broken",
        seen=f"{place} began to answer and broke off.",
        advice="Look into the log of the model's server: it may have run out of memory. Then test again.",
    )


def no_model(place: str) -> Finding:
    return Finding(
        state="broken",
        seen=f"{place} answers, but not as a language model's server does.",
        advice="It may be the address of a web page. Check TACIT_LLM_BASE_URL: it usually ends with /v1;"
        f" {START_AGAIN}",
    )


def no_streaming(place: str) -> Finding:
    return Finding(
        state="broken",
        seen=f"{place} does not stream, and refuses to answer when it is asked to.",
        advice="Switch streaming on at the server, or choose a model that streams. Until then answers come by"
        " extraction.",
    )


def bad_proxy(proxy: Proxy) -> Finding:
    return Finding(state="broken", seen=proxy.problem, advice=INSTEAD)


def azure_not_found(endpoint: Endpoint, model: str) -> Finding:
    host = urlsplit(endpoint.url).hostname
    return Finding(
        state="broken",
        seen=f"Azure knows no deployment for {model} at {endpoint.place}.",
        advice=f"Set TACIT_LLM_BASE_URL to https://{host}/openai/v1 and TACIT_LLM_MODEL to the deployment's name; or to"
        f" https://{host}/openai/deployments/NAME?api-version=VERSION with the version that the portal shows;"
        f" {START_AGAIN}",
    )


def not_found(endpoint: Endpoint, model: str, models: list[str]) -> Finding:
    """Tell a wrong model from a wrong address: a right address lists its models."""
    place = endpoint.place
    if endpoint.is_azure:
        return azure_not_found(endpoint, model)
    if not models:
        return Finding(
            state="broken",
            seen=f"There is a server at {place}, but no language model under this address.",
            advice=f"Check TACIT_LLM_BASE_URL: it usually ends with /v1; {START_AGAIN}",
        )
    if model in models:
        return Finding(
            state="broken",
            seen=f"{place} lists {model}, and does not let it be asked.",
            advice="Check that it is a model for chats and that the server has loaded it.",
        )
    shown = ", ".join(models[:MODELS_SHOWN]) + (
        f" and {len(models) - MODELS_SHOWN} more" * (len(models) > MODELS_SHOWN)
    )
    return Finding(
        state="broken",
        seen=f"{place} has no model named {model}.",
        advice=f"It has: {shown}. Set TACIT_LLM_MODEL to one of them, {START_AGAIN}",
    )


def unreachable(error: Exception, place: str, proxy: Proxy | None = None) -> Finding:
    """Explain why there is no connection, from what lies under the library's error."""
    if proxy is not None and not proxy.is_bypassed:
        return unreachable_through(proxy, place)
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


def unreachable_through(proxy: Proxy, place: str) -> Finding:
    host = urlsplit(place).hostname or place
    return Finding(
        state="broken",
        seen=f"{host} can't be reached through the proxy {proxy.place} that {proxy.variable} names.",
        advice=f"Check that the proxy runs and lets Tacit through, or name {host} in NO_PROXY so that it is asked"
        f" without one; {START_AGAIN}",
    )


def underneath(error: BaseException) -> Iterator[BaseException]:
    """Yield the exceptions that led to this one."""
    reason: BaseException | None = error
    for _ in range(10):
        if reason is None:
            return
        yield reason
        reason = reason.__cause__ or reason.__context__
