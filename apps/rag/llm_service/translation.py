"""Turns what the openai library raises into errors of Tacit's own tree, here and nowhere else."""

import contextlib
from collections.abc import Iterator

import httpx2
import openai

from apps.core.error_handling import (
    ProviderAnswerError,
    ProviderBusyError,
    ProviderError,
    ProviderRejectedError,
    ProviderRequestError,
    ProviderUnavailableError,
)

_TRY_AGAIN = frozenset({408, 409, 425, 429})
_ABOUT_THE_REQUEST = frozenset({400, 413, 422})  # another question may well be answered
_OUT_OF_CREDIT = frozenset({"insufficient_quota", "billing_hard_limit_reached"})


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Raise a ProviderError for whatever goes wrong with a model's server inside the block.

    Messages name no content: a server's own words may repeat the prompt.
    """
    try:
        yield
    except openai.OpenAIError as error:
        raise provider_error(error) from error
    except httpx2.HTTPError as error:  # while an answer in one piece is read, which the library leaves to us
        raise ProviderUnavailableError from error
    except TimeoutError as error:
        raise ProviderUnavailableError("The model's server was too slow and was given up.") from error
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        # The library decodes JSON and builds its types from whatever the server sent.
        raise ProviderAnswerError from error


def provider_error(error: openai.OpenAIError) -> ProviderError:
    """Return the error of our own that says the same."""
    if isinstance(error, openai.APIStatusError):
        return _status_error(error)
    if isinstance(error, openai.APIResponseValidationError):
        return ProviderAnswerError()
    if isinstance(error, openai.APIError):  # refused, timed out, broken off, or an error event within the stream
        return ProviderUnavailableError()
    return ProviderRejectedError()  # the library refused to send it: a key or address is missing


def _status_error(error: openai.APIStatusError) -> ProviderError:
    status = error.status_code
    if status >= 500 or (status in _TRY_AGAIN and error.code not in _OUT_OF_CREDIT):
        return ProviderBusyError(retry_after=_seconds(error)) if status in {429, 503} else ProviderUnavailableError()
    if status in _ABOUT_THE_REQUEST:
        return ProviderRequestError()
    return ProviderRejectedError(
        f"A model's server refused the request (HTTP {status}). {_REFUSED.get(status, _OTHERWISE)}"
    )


_OTHERWISE = "Check the key, the model's name and the account behind it."
_REFUSED = {
    401: "Check TACIT_LLM_API_KEY.",
    403: "Check what the account behind TACIT_LLM_API_KEY may use.",
    404: "Check TACIT_LLM_BASE_URL and TACIT_LLM_MODEL.",
    429: "Check the credit of the account behind TACIT_LLM_API_KEY.",
}


def _seconds(error: openai.APIStatusError) -> float | None:
    """Return what the Retry-After header asks for; None when it is missing, a date or no number."""
    try:
        return max(0.0, float(error.response.headers.get("retry-after", "")))
    except ValueError:
        return None
