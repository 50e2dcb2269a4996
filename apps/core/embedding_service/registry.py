"""Which embedding service a setting means: `local`, `openai:MODEL` or `fastembed:MODEL`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from apps.core.embedding_service.protocol import EmbeddingService
from apps.core.error_handling import SettingsError

_PACKAGE = "apps.core.embedding_service"


@dataclass(frozen=True, kw_only=True, slots=True)
class EmbeddingSettings:
    """What a provider may need beside its model's name; each takes what it wants."""

    models_dir: Path
    threads: int = 2
    allow_download: bool = False
    openai_api_key: str = field(default="", repr=False)
    openai_base_url: str | None = None
    openai_dimensions: int | None = None
    timeout: float = 60.0


# provider → the dotted path of a function (model, settings) -> EmbeddingService; imported only when it is chosen.
_PROVIDERS = {
    "local": "local:from_settings",
    "openai": "openai_protocol:from_settings",
    "fastembed": "fastembed_models:from_settings",
    "fake": "fake:from_settings",
}
_ON_OTHER_SERVERS = frozenset({"openai"})


def is_remote(spec: str) -> bool:
    """Return whether a model is asked over the network, where it may fail like anything outside."""
    return spec.partition(":")[0] in _ON_OTHER_SERVERS


def create_embedding_service(spec: str, models_dir: Path, **settings: Any) -> EmbeddingService:
    """`spec` is `provider` or `provider:model`; `settings` are the fields of EmbeddingSettings."""
    provider, _, model = spec.partition(":")
    if provider not in _PROVIDERS:
        known = ", ".join(sorted(set(_PROVIDERS) - {"fake"}))
        raise SettingsError(
            f"TACIT_EMBEDDING_MODEL is {spec!r}, and there is no provider {provider!r}. Use one of: {known}; "
            "for example openai:text-embedding-3-small or fastembed:BAAI/bge-small-en-v1.5."
        )
    module, function = _PROVIDERS[provider].split(":")
    create: Callable[[str, EmbeddingSettings], EmbeddingService]
    create = getattr(import_module(f"{_PACKAGE}.{module}"), function)
    return create(model, EmbeddingSettings(models_dir=models_dir, **settings))
