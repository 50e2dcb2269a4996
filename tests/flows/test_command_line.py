"""The `tacit` commands as real processes: what they print, how they end, with and without `tacit up` running."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings

from tests.faults.installation import Installation
from tests.flows import documents

MANUAL = documents.pdf(
    [
        ["Wren espresso machine", "This manual is for the Wren."],
        ["Warranty", "The warranty of the Wren lasts 24 months."],
    ],
    title="Wren espresso machine",
)
TICKETS = documents.json_lines(
    [
        {"_id": "t-7", "title": "Descaling", "text": "Descale the Wren every two months with citric acid."},
        {"_id": "t-8", "title": "Grinding", "text": "Grind the beans for the Wren finely, at level three."},
    ]
)
SECRET = "# Discounts\n\nThe internal discount floor of the Wren is 17 percent.\n"


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """An installation that nothing was done with yet, and no `tacit up`."""
    return Installation(data_dir=tmp_path_factory.mktemp("cli") / "data", models_dir=settings.MODELS_DIR)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two good files, a bad one, a hidden one, and a learn-only one beside it."""
    made = tmp_path_factory.mktemp("docs")
    (made / "docs" / "deep").mkdir(parents=True)
    (made / "docs" / "manual.pdf").write_bytes(MANUAL)
    (made / "docs" / "deep" / "tickets.jsonl").write_bytes(TICKETS)
    (made / "docs" / "torn.pdf").write_bytes(b"%PDF-1.7 torn")
    (made / "docs" / ".hidden.txt").write_text("Nobody asked for this.")
    (made / "discounts.md").write_text(SECRET)
    return made


@pytest.fixture(scope="module")
def ingested(installation: Installation, folder: Path) -> dict[str, Any]:
    """What `tacit ingest` said of the folder."""
    installation.json("bot", "create", "Handbook")
    done = installation.run("ingest", "Handbook", str(folder / "docs"), "--json")
    assert done.returncode == 1, "one of the files is bad"
    return dict(json.loads(done.stdout))


@pytest.fixture(scope="module")
def ingested_secret(installation: Installation, ingested: dict[str, Any], folder: Path) -> list[str]:
    """The lines that `tacit ingest` printed of a learn-only file and two that can't be added."""
    paths = [str(folder / name) for name in ("discounts.md", "docs/torn.pdf", "no such file")]
    done = installation.run("ingest", "Handbook", *paths, "--learn-only")
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    return done.stdout.splitlines()


def told_in_a_sentence(installation: Installation, *arguments: str) -> str:
    """Run a command that must fail, with one plain sentence and nothing of the program's inside, and return it."""
    done = installation.run(*arguments)
    assert done.returncode == 1, done.stdout
    assert done.stdout == ""
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("tacit: ")
    assert "Traceback" not in line
    return line


def sign_in(link: str) -> int:
    """Open a sign-in link in a browser of its own and press its button; return the status."""
    with httpx.Client() as browser:
        page = browser.get(link)
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
        assert token
        return browser.post(link, data={"csrfmiddlewaretoken": token[1]}).status_code


def test_an_owner_gets_a_key_that_works_once_the_server_runs(installation: Installation) -> None:
    made = installation.json("key", "create", "--email", "alice@example.org")
    printed = installation.run("key", "create", "--email", "alice@example.org", "--read-only")

    assert made["email"] == "alice@example.org"
    assert printed.stdout.strip() != made["key"]
    assert "not shown again" in printed.stderr
    with installation.up() as running:
        for key, writing in ((made["key"], 201), (printed.stdout.strip(), 403)):
            with httpx.Client(base_url=f"{running.address}/api/v1", headers={"Authorization": f"Bearer {key}"}) as api:
                assert api.get("/chatbots").status_code == 200
                assert api.post("/chatbots", json={"name": f"Bot {writing}"}).status_code == writing
        assert httpx.get(f"{running.address}/api/v1/chatbots").status_code == 401
        link = re.search(r"http://\S+/sign-in/\S+", running.said)
        assert link
        assert [sign_in(link[0]) for _ in range(2)] == [302, 401], "it works once"


def test_a_folder_goes_in_and_the_bad_file_is_told_with_its_reason(ingested: dict[str, Any]) -> None:
    sources = {source["title"]: source for source in ingested["sources"]}

    assert set(sources) == {"manual.pdf", "deep/tickets.jsonl", "torn.pdf"}
    assert (sources["manual.pdf"]["status"], sources["manual.pdf"]["documents"]) == ("ready", 1)
    assert (sources["deep/tickets.jsonl"]["status"], sources["deep/tickets.jsonl"]["documents"]) == ("ready", 2)
    assert (sources["torn.pdf"]["status"], sources["torn.pdf"]["error"]["code"]) == ("failed", "document_damaged")


def test_what_became_of_each_file_is_printed_with_what_to_do(ingested_secret: list[str]) -> None:
    ready, torn, missing = ingested_secret

    assert ready == "ready   discounts.md: 1 passage"
    assert re.match(r"failed  torn\.pdf: .*save it anew.*\.$", torn)
    assert re.match(r"failed  no such file: .*Check the path.*\.$", missing)


def test_ask_prints_the_answer_with_its_proof(installation: Installation, ingested: dict[str, Any]) -> None:
    answer = installation.json("ask", "Handbook", "How long does the warranty of the Wren last?")

    assert set(answer) == {"answer", "citations", "answered", "timings_ms"}
    assert answer["answered"] is True
    assert "24 months" in answer["answer"]
    (citation,) = [one for one in answer["citations"] if "24 months" in one["quote"]]
    assert set(citation) == {"n", "title", "url", "page", "quote"}
    assert (citation["title"], citation["page"]) == ("Wren espresso machine", 2)
    assert all(isinstance(value, int | float) for value in answer["timings_ms"].values())
    assert {"search", "generate", "total"} <= set(answer["timings_ms"])

    printed = installation.run("ask", "Handbook", "How long does the warranty of the Wren last?")

    assert printed.returncode == 0
    assert "24 months" in printed.stdout
    assert "[1] Wren espresso machine, page 2" in printed.stdout
    assert printed.stderr == ""


def test_search_prints_hits_in_the_promised_shape_and_nothing_learn_only(
    installation: Installation, ingested_secret: list[str]
) -> None:
    handbook = next(bot for bot in installation.json("bot", "list") if bot["name"] == "Handbook")
    found = installation.json("search", handbook["id"], "How often must I descale it?", "-k", "2")

    assert set(found) == {"hits"}
    assert len(found["hits"]) == 2
    for hit in found["hits"]:
        assert set(hit) == {"external_id", "title", "text", "score", "page"}
    assert (found["hits"][0]["external_id"], found["hits"][0]["title"]) == ("t-7", "Descaling")
    assert found["hits"][0]["score"] > found["hits"][1]["score"]
    everything = installation.json("search", handbook["public_id"], "internal discount floor", "-k", "100")["hits"]
    assert len(everything) == 4
    assert not [hit for hit in everything if "discount" in f"{hit['title']} {hit['text']}".lower()]


def test_mistakes_are_told_in_one_sentence(installation: Installation, ingested: dict[str, Any]) -> None:
    assert "tacit bot list" in told_in_a_sentence(installation, "ask", "Nobody", "How long?")
    assert "empty" in told_in_a_sentence(installation, "ask", "Handbook", "  ")
    assert "Handbook" in told_in_a_sentence(installation, "bot", "create", "Handbook")
    wrong_usage = installation.run("ask")
    assert wrong_usage.returncode == 2
    assert "Traceback" not in wrong_usage.stderr


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("TACIT_MAX_UPLOAD_MB", "many", "TACIT_MAX_UPLOAD_MB"),
        ("TACIT_DATABASE_URL", "mysql://nowhere", "TACIT_DATABASE_URL"),
        ("TACIT_LLM_BASE_URL", "http://127.0.0.1:9/v1", "TACIT_LLM_MODEL"),
        ("TACIT_SECRET_KEY_FILE", "/no/such/file", "TACIT_SECRET_KEY_FILE"),
    ],
)
def test_a_wrong_setting_is_told_at_start_by_its_name(
    installation: Installation, name: str, value: str, said: str
) -> None:
    wrong = Installation(data_dir=installation.data_dir, models_dir=installation.models_dir, settings={name: value})
    assert said in told_in_a_sentence(wrong, "bot", "list")


def test_doctor_looks_at_everything(installation: Installation) -> None:
    findings = installation.json("doctor")["findings"]

    assert {finding["check"] for finding in findings} >= {"database", "visitors' login", "embedding model", "disk"}
    assert all(set(finding) == {"check", "state", "message"} for finding in findings)
    assert {finding["state"] for finding in findings} <= {"ok", "note"}

    broken = Installation(
        data_dir=installation.data_dir,
        models_dir=installation.models_dir,
        settings={
            "TACIT_DATABASE_URL": "postgresql://a@127.0.0.1:9/b",
            "TACIT_VISITOR_DATABASE_URL": "postgresql://c@127.0.0.1:9/b",
        },
    ).run("doctor", "--json")

    assert broken.returncode == 1
    assert "Traceback" not in broken.stderr
    found = {finding["check"]: finding for finding in json.loads(broken.stdout)["findings"]}
    assert found["database"]["state"] == "broken"
    assert found["database"]["message"].endswith(".")


def test_the_commands_work_while_the_server_runs_and_leave_nothing_behind(
    installation: Installation, ingested: dict[str, Any], folder: Path
) -> None:
    assert installation.postgres() is None, "a command alone ends the database it started"
    late = folder / "late.md"
    late.write_text("# Opening hours\n\nThe showroom opens at half past nine.\n")
    with installation.up() as running:
        worker = running.part("worker")
        sources = installation.json("ingest", "Handbook", str(late))["sources"]
        assert [source["status"] for source in sources] == ["ready"]
        assert running.part("worker") == worker
        assert "half past nine" in installation.json("ask", "Handbook", "When does the showroom open?")["answer"]
        public_id = next(bot["public_id"] for bot in installation.json("bot", "list") if bot["name"] == "Handbook")
        asked = httpx.post(
            f"{running.address}/api/v1/chat/{public_id}/messages", json={"message": "When does the showroom open?"}
        )
        assert "half past nine" in asked.json()["text"]
        assert httpx.get(f"{running.address}/c/{public_id}").status_code == 200
        assert "can't be used" in told_in_a_sentence(installation, "up", "--port", str(running.port), "--no-demo")
        assert installation.postgres() is not None, "commands beside it must not end its database"

    assert installation.processes() == []
    assert "Traceback" not in running.said
