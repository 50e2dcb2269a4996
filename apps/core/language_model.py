"""What settings say of the language model."""

from dataclasses import dataclass, field

OPENAI_COMPATIBLE = "openai-compatible"  # the provider where settings name none


@dataclass(frozen=True, kw_only=True, slots=True)
class LanguageModelSettings:
    """Where the language model is; without a base URL and key, answers are quoted from the documents."""

    base_url: str
    api_key: str = field(repr=False)
    model: str
    provider: str = OPENAI_COMPATIBLE
    first_token_seconds: int = 60
    # A server that answers nothing counts as dead after a second or two, unless somebody chose how long to wait.
    waits_for_silence: bool = False
