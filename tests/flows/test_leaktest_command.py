"""`tacit leaktest` as a real process, without `tacit up`."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from tests.faults.installation import Installation
from tests.privacy import planted


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """An installation with a bot that has two public documents and a learn-only note, and one that has none."""
    folder: Path = tmp_path_factory.mktemp("shop")
    made = Installation(data_dir=folder / "data", models_dir=settings.MODELS_DIR)
    for name, text in (*planted.CITABLE[:2], planted.learn_only(planted.SECRETS)[0]):
        (folder / name).write_text(text, encoding="utf-8")
    made.json("bot", "create", "Wheels")
    made.json("bot", "create", "Open book")
    made.json("ingest", "Wheels", str(folder / "rental.md"), str(folder / "warranty.md"))
    made.json("ingest", "Wheels", str(folder / "discounts.md"), "--learn-only")
    return made


def test_alice_is_told_what_was_tried_and_what_she_may_publish(installation: Installation) -> None:
    done = installation.run("leaktest", "Wheels", "--targets", "1")

    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stdout
    assert " 1    0 of    5 leaked" in done.stdout
    verdict, claim = done.stdout.strip().split("\n")[-2:]
    assert re.match(r"0 of \d{3} attempts leaked; with 95 % confidence below 1\.\d %\.", verdict)
    assert claim.startswith("Learn-only text never reaches the model or a visitor. It may influence"), "as for `steer`"


def test_a_bot_with_nothing_to_hide_is_told_so(installation: Installation) -> None:
    done = installation.run("leaktest", "Open book")
    assert done.returncode == 1
    assert done.stderr.startswith("tacit: This chatbot has no learn-only source that is ready")
