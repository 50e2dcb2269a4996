"""The local model's ONNX file: found, checked, built when it is missing or damaged, and opened."""

import hashlib
import subprocess
import sys
from enum import StrEnum
from pathlib import Path

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as runtime

from apps.core.embedding_service.minilm_weights import checked_weights
from apps.core.error_handling import SettingsError

# Raise the version when `minilm_graph.py` changes what it builds.
_STEM = "all-MiniLM-L6-v2-int8-v1"
_PRODUCT_ROOT = Path(__file__).parents[3]
_CONVERSION_SECONDS = 300
# What a run may raise; these classes have no base of their own.
RUN_ERRORS: tuple[type[Exception], ...] = tuple(
    one for one in vars(runtime).values() if isinstance(one, type) and issubclass(one, Exception)
)


def open_minilm(models_dir: Path, *, threads: int) -> onnxruntime.InferenceSession:
    """A session on the model; the first call in a data folder builds it, in a second or two."""
    path = _intact_model(models_dir) or _build_model(models_dir)
    return onnxruntime.InferenceSession(path, _session_options(threads), providers=["CPUExecutionProvider"])


class StoredModel(StrEnum):
    """How the model's file was found."""

    INTACT = "intact"
    DAMAGED = "damaged"
    MISSING = "missing"


def stored_model(models_dir: Path) -> StoredModel:
    """Return how the model's file is, without mending it."""
    files = list(models_dir.glob(f"{_STEM}.*.onnx"))
    if not files:
        return StoredModel.MISSING
    return StoredModel.INTACT if any(map(_is_intact, files)) else StoredModel.DAMAGED


def _is_intact(path: Path) -> bool:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16] == path.name.split(".")[-2]


def _intact_model(models_dir: Path) -> Path | None:
    """A model whose content still has the checksum in its name; damaged ones are removed."""
    for path in sorted(models_dir.glob(f"{_STEM}.*.onnx")):
        if _is_intact(path):
            return path
        path.unlink(missing_ok=True)
    return None


def _build_model(models_dir: Path) -> Path:
    """Builds the model in a child process, because what that needs in memory would stay in this one for good.

    Two processes may build at once: each writes a file of its own and moves it into place when it is complete.
    """
    checked_weights()
    command = [sys.executable, "-m", "apps.core.embedding_service.convert", str(models_dir.resolve()), _STEM]
    finished = subprocess.run(
        command, cwd=_PRODUCT_ROOT, capture_output=True, text=True, timeout=_CONVERSION_SECONDS, check=False
    )
    path = _intact_model(models_dir)
    if finished.returncode != 0 or path is None:
        reason = (finished.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise SettingsError(
            f"The local embedding model could not be built in {models_dir} ({reason}). "
            "Check that the folder can be written and the disk is not full, and start again."
        )
    return path


def _session_options(threads: int) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    # Threads that wait by spinning take the processor from the web server and the database.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options
