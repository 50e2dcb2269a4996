"""Loads a fastembed model from this machine's files, with one error that says what to do."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from loguru import logger as fastembed_log

from apps.core.error_handling import SettingsError

Model = TypeVar("Model")

# fastembed prints what it tries to the terminal; the error below says what is needed.
fastembed_log.disable("fastembed")


def load_from_files(
    load: Callable[[], Model], *, kind: str, model_name: str, cache_dir: Path, known: Iterable[str]
) -> Model:
    """What `load` returns; SettingsError with the mend when it fails."""
    try:
        return load()
    # fastembed, huggingface_hub, tokenizers and onnxruntime each raise their own errors, some of them bare Exceptions.
    except Exception as error:
        is_known = model_name.lower() in {name.lower() for name in known}
        reason = "its files are not there or are damaged" if is_known else "fastembed has no model of that name"
        raise SettingsError(
            f"The {kind} model {model_name!r} can't be loaded from {cache_dir}: {reason}. "
            "docs/models.md says which models there are and how to fetch one."
        ) from error
