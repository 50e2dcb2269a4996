"""`tacit audit` as a real process: it tells who did what on the command line, and can be exported."""

import csv
import io

import pytest
from django.conf import settings

from tests.faults.installation import Installation


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """An installation with two bots, made on the command line."""
    made = Installation(data_dir=tmp_path_factory.mktemp("audit") / "data", models_dir=settings.MODELS_DIR)
    made.json("bot", "create", "Handbook")
    made.json("bot", "create", "=Shop")
    return made


def test_what_was_done_on_the_command_line_is_told_with_its_login(installation: Installation) -> None:
    entry = next(one for one in installation.json("audit") if one["object"]["name"] == "Handbook")
    assert (entry["action"], entry["actor"]["kind"]) == ("chatbot.created", "command_line")
    assert entry["actor"]["label"].endswith("on the server")


def test_one_bots_trail_is_told_apart_and_lines_are_for_people(installation: Installation) -> None:
    (line,) = installation.run("audit", "Handbook").stdout.splitlines()
    assert line.endswith("on the server  chatbot.created  'Handbook'  learn_only_use=steer")
    assert len(installation.run("audit", "--last", "2").stdout.splitlines()) == 2


def test_the_csv_holds_no_formula_and_its_export_is_recorded(installation: Installation) -> None:
    rows = list(csv.DictReader(io.StringIO(installation.run("audit", "--csv").stdout)))
    assert rows[0]["action"] == "audit.exported"
    assert "'=Shop" in {row["object_name"] for row in rows}
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())


def test_a_bot_that_does_not_exist_is_said_in_a_sentence(installation: Installation) -> None:
    done = installation.run("audit", "Nothing")
    assert (done.returncode, done.stdout) == (1, "")
    assert "There is no chatbot 'Nothing'" in done.stderr
