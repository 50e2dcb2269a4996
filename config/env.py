"""The only reader of the environment: every setting by name, from the variable itself or from a file it points to."""

import os
import re
from pathlib import Path

from apps.core.error_handling import SettingsError
from apps.core.language_model import OPENAI_COMPATIBLE, LanguageModelSettings

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off", ""}
ADDRESS = re.compile(r"https?://(?:[^\s/@]*@)?(?:\[[0-9a-fA-F:.]+\]|[^\s/:\[\]?#@]+)(?::\d{1,5})?(?:[/?#]\S*)?$")


def text(name: str, default: str = "") -> str:
    """Return the variable `name`, or what the file holds that `{name}_FILE` points to."""
    if (pointer := os.environ.get(f"{name}_FILE")) and name not in os.environ:
        try:
            return Path(pointer).expanduser().read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(
                f"{name}_FILE points to a file that can't be read. Correct its path or rights."
            ) from error
    return os.environ.get(name, default)


def is_set(*, name: str) -> bool:
    """Tell whether somebody chose a value. (By keyword, so that the settings' reference lists the variable once.)"""
    return bool(text(name))


def number(name: str, default: int, *, minimum: int = 0) -> int:
    """Return the variable as a whole number of at least `minimum`."""
    raw = text(name)
    if not raw:
        return default
    try:
        value = int(raw)
    except ValueError:
        raise SettingsError(f"{name} is not a whole number. Set it to one, {default} for example.") from None
    if value < minimum:
        raise SettingsError(f"{name} is below {minimum}. Set it to {minimum} or more.")
    return value


def amount(name: str, default: float = 0.0) -> float:
    """Return the variable as an amount, which may have decimals."""
    raw = text(name)
    if not raw:
        return default
    try:
        value = float(raw)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise SettingsError(f"{name} is no amount. Set it to a number like 0.15.")
    return value


def flag(name: str, default: bool = False) -> bool:
    """Return the variable as a yes or no."""
    raw = text(name).strip().lower()
    if name not in os.environ and not raw:
        return default
    if raw in TRUE | FALSE:
        return raw in TRUE
    raise SettingsError(f"{name} is neither yes nor no. Set it to 1 or 0.")


def choice(name: str, *values: str) -> str:
    """Return the variable, which must be one of `values`; the first is the default."""
    value = text(name, values[0])
    if value not in values:
        raise SettingsError(f"{name} is none of {', '.join(values)}. Set it to one of them.")
    return value


def words(name: str) -> list[str]:
    """Return the variable as a list, parted by commas or white space."""
    return text(name).replace(",", " ").split()


def path(name: str, default: Path) -> Path:
    """Return the variable as an absolute path."""
    raw = text(name)
    return Path(raw).expanduser().resolve() if raw else default


def language_model() -> LanguageModelSettings | None:
    """Return the configured language model, or None when there is none.

    A base URL alone is enough (local servers need no key); a key alone means OpenAI itself.
    """
    # How the language model is asked: openai-compatible, the only one that comes with Tacit (docs/models.md).
    provider = text("TACIT_LLM_PROVIDER", "openai-compatible") or OPENAI_COMPATIBLE
    # A server that speaks the OpenAI protocol, like http://127.0.0.1:11434/v1; without one and without a key, answers
    # are quoted from the documents.
    base_url = text("TACIT_LLM_BASE_URL").strip()
    # The key of the language model's server; OPENAI_API_KEY without it.
    own_key = text("TACIT_LLM_API_KEY")
    # The name of the model that the server has.
    model = text("TACIT_LLM_MODEL")
    # How many seconds a model may take to its first word, for large models on slow machines. Without it, as long as the
    # server answers anything else meanwhile; what is set here is waited for in any case.
    first_token_seconds = number("TACIT_LLM_FIRST_TOKEN_SECONDS", 60, minimum=1)
    api_key = own_key or text("OPENAI_API_KEY")
    if not (base_url or own_key or (api_key and model) or provider != OPENAI_COMPATIBLE):
        if model:
            raise SettingsError(
                "TACIT_LLM_MODEL is set without a server. Set TACIT_LLM_BASE_URL or TACIT_LLM_API_KEY too."
            )
        return None
    if base_url and not ADDRESS.match(base_url):
        raise SettingsError(
            "TACIT_LLM_BASE_URL is not a web address. Write it with http:// or https://, for example"
            " http://127.0.0.1:11434/v1."
        )
    if not model:
        raise SettingsError(
            "TACIT_LLM_MODEL is missing. Set it to the name of the model that TACIT_LLM_BASE_URL serves."
        )
    return LanguageModelSettings(
        provider=provider,
        base_url=base_url,
        api_key=api_key,
        model=model,
        first_token_seconds=first_token_seconds,
        waits_for_silence=is_set(name="TACIT_LLM_FIRST_TOKEN_SECONDS"),
    )
