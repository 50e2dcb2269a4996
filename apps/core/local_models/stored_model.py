"""The file that a local model is run from: found, checked, and built when it is missing or damaged."""

import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from apps.core.error_handling import SettingsError

_PRODUCT_ROOT = Path(__file__).parents[3]
_BUILD_SECONDS = 300


class FileState(StrEnum):
    """How a model's file was found."""

    INTACT = "intact"
    DAMAGED = "damaged"
    MISSING = "missing"


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredModel:
    """A model whose file `<stem>.<first 16 digits of its sha256>.onnx` lies in a folder of models.

    `builder` is the module that writes it, run with the folder, the stem and `arguments`. `check_weights` raises
    SettingsError where what the model is built from is missing or damaged.
    """

    title: str
    stem: str
    builder: str
    check_weights: Callable[[], object]
    arguments: tuple[str, ...] = ()

    def state(self, models_dir: Path) -> FileState:
        """Return how the file is, without repairing it."""
        files = self._files(models_dir)
        if not files:
            return FileState.MISSING
        return FileState.INTACT if any(map(_is_intact, files)) else FileState.DAMAGED

    def path(self, models_dir: Path) -> Path:
        """The file, whose content has the checksum in its name; the first call in a folder builds it in seconds."""
        return self._intact(models_dir) or self._build(models_dir)

    def _files(self, models_dir: Path) -> list[Path]:
        return sorted(models_dir.glob(f"{self.stem}.*.onnx"))

    def _intact(self, models_dir: Path) -> Path | None:
        """A file whose content still has the checksum in its name; damaged ones are removed."""
        for path in self._files(models_dir):
            if _is_intact(path):
                return path
            path.unlink(missing_ok=True)
        return None

    def _build(self, models_dir: Path) -> Path:
        """Builds the model in a child process, because what that needs in memory would stay in this one for good.

        Two processes may build at once: each writes a file of its own and moves it into place when it is complete.
        """
        self.check_weights()
        command = [sys.executable, "-m", self.builder, str(models_dir.resolve()), self.stem, *self.arguments]
        finished = subprocess.run(
            command, cwd=_PRODUCT_ROOT, capture_output=True, text=True, timeout=_BUILD_SECONDS, check=False
        )
        path = self._intact(models_dir)
        if finished.returncode != 0 or path is None:
            reason = (finished.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise SettingsError(
                f"The {self.title} could not be built in {models_dir} ({reason}). "
                "Check that the folder can be written and the disk is not full, and start again."
            )
        return path


def write_model(folder: Path, stem: str, content: bytes) -> Path:
    """Writes `<stem>.<first 16 digits of its sha256>.onnx` into `folder`: complete or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{stem}.{_checksum(content)}.onnx"
    with tempfile.NamedTemporaryFile(dir=folder, prefix=f"{stem}.", suffix=".part", delete=False) as file:
        file.write(content)
    Path(file.name).replace(target)
    return target


def _is_intact(path: Path) -> bool:
    return _checksum(path.read_bytes()) == path.name.split(".")[-2]


def _checksum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
