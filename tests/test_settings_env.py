"""Alice configures Tacit by the environment; what is wrong is told at start, by the variable's name and the mend."""

import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.database.requirements import connection_string
from apps.core.database.urls import django_database, embedded_url
from apps.core.error_handling import SettingsError
from config import env

ROOT = Path(__file__).parents[1]
FORM = "postgresql://USER:PASSWORD@HOST:PORT/DATABASE"


@pytest.fixture(autouse=True)
def empty(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TACIT_X", "TACIT_X_FILE", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)


# Single values.


def test_a_value_comes_from_the_variable_or_from_the_file_it_points_to(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert env.text("TACIT_X", "usual") == "usual"
    secret = tmp_path / "secret"
    secret.write_text("from the file ü \n", encoding="utf-8")
    monkeypatch.setenv("TACIT_X_FILE", str(secret))
    assert env.text("TACIT_X") == "from the file ü "  # only the line's end goes
    monkeypatch.setenv("TACIT_X", "from the variable")
    assert env.text("TACIT_X") == "from the variable"


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_a_file_that_cannot_be_read_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None
) -> None:
    secret = tmp_path / "secret"
    if content is not None:
        secret.write_bytes(content)
    monkeypatch.setenv("TACIT_X_FILE", str(secret))
    with pytest.raises(SettingsError, match=r"TACIT_X_FILE points to a file that can't be read\. Correct its path"):
        env.text("TACIT_X")


def test_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    assert env.number("TACIT_X", 7, minimum=3) == 7
    monkeypatch.setenv("TACIT_X", "3")
    assert env.number("TACIT_X", 7, minimum=3) == 3
    for value, told in (
        ("2", r"TACIT_X is below 3\. Set it to 3 or more"),
        ("many", r"TACIT_X is not a whole number\. Set it to one, 7 for example"),
        ("1.5", "not a whole number"),
    ):
        monkeypatch.setenv("TACIT_X", value)
        with pytest.raises(SettingsError, match=told):
            env.number("TACIT_X", 7, minimum=3)


def test_yes_and_no(monkeypatch: pytest.MonkeyPatch) -> None:
    assert env.flag("TACIT_X") is False
    assert env.flag("TACIT_X", default=True) is True
    for value, meant in {"1": True, "Yes": True, " on ": True, "0": False, "FALSE": False, "": False}.items():
        monkeypatch.setenv("TACIT_X", value)
        assert env.flag("TACIT_X", default=True) is meant
    monkeypatch.setenv("TACIT_X", "perhaps")
    with pytest.raises(SettingsError, match=r"TACIT_X is neither yes nor no\. Set it to 1 or 0"):
        env.flag("TACIT_X")


def test_lists_and_paths(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert env.words("TACIT_X") == []
    assert env.path("TACIT_X", tmp_path) == tmp_path
    monkeypatch.setenv("TACIT_X", "a.example, b.example  10.0.0.0/8,")
    assert env.words("TACIT_X") == ["a.example", "b.example", "10.0.0.0/8"]
    monkeypatch.setenv("TACIT_X", "~/tacit/../data")
    assert env.path("TACIT_X", tmp_path) == (Path.home() / "data").resolve()


# The language model.


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PROVIDER", "BASE_URL", "API_KEY", "MODEL", "FIRST_TOKEN_SECONDS"):
        monkeypatch.delenv(f"TACIT_LLM_{name}", raising=False)


@pytest.mark.usefixtures("model")
def test_without_a_model_answers_come_by_extraction(monkeypatch: pytest.MonkeyPatch) -> None:
    assert env.language_model() is None
    monkeypatch.setenv("OPENAI_API_KEY", "sk-there-for-other-programs")
    assert env.language_model() is None


@pytest.mark.usefixtures("model")
def test_a_local_server_needs_no_key_and_openai_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TACIT_LLM_MODEL", "llama")
    monkeypatch.setenv("TACIT_LLM_BASE_URL", "http://127.0.0.1:11434/v1")
    found = env.language_model()
    assert found
    assert (found.base_url, found.api_key, found.model) == ("http://127.0.0.1:11434/v1", "", "llama")
    monkeypatch.delenv("TACIT_LLM_BASE_URL")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    found = env.language_model()
    assert found
    assert (found.base_url, found.api_key) == ("", "sk-secret")
    assert "sk-secret" not in repr(found)


@pytest.mark.usefixtures("model")
def test_a_model_without_a_name_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TACIT_LLM_BASE_URL", "http://127.0.0.1:11434/v1")
    with pytest.raises(SettingsError, match=r"TACIT_LLM_MODEL is missing\. Set it to the name"):
        env.language_model()


@pytest.mark.usefixtures("model")
def test_another_provider_may_need_neither_address_nor_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TACIT_LLM_PROVIDER", "parrot")
    with pytest.raises(SettingsError, match=r"TACIT_LLM_MODEL is missing\."):
        env.language_model()
    monkeypatch.setenv("TACIT_LLM_MODEL", "grey")
    found = env.language_model()
    assert found
    assert (found.provider, found.model, found.base_url) == ("parrot", "grey", "")
    monkeypatch.setenv("TACIT_LLM_PROVIDER", "")
    with pytest.raises(SettingsError, match="without a server"):
        env.language_model()


@pytest.mark.usefixtures("model")
def test_how_long_a_first_token_may_take_can_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TACIT_LLM_BASE_URL", "http://127.0.0.1:11434/v1")
    monkeypatch.setenv("TACIT_LLM_MODEL", "llama")
    found = env.language_model()
    assert found
    assert (found.first_token_seconds, found.waits_for_silence) == (60, False)
    monkeypatch.setenv("TACIT_LLM_FIRST_TOKEN_SECONDS", "90")
    found = env.language_model()
    assert found
    assert (found.first_token_seconds, found.waits_for_silence) == (90, True)


@pytest.mark.usefixtures("model")
@pytest.mark.parametrize(
    ("address", "is_one"),
    [
        ("http://127.0.0.1:11434/v1", True),
        ("https://[::1]:8080", True),
        ("https://alice:secret@acme.openai.azure.com/openai/deployments/NAME?api-version=2024-10-21", True),
        (" http://models_of.acme/v1 ", True),
        ("127.0.0.1:11434/v1", False),
        ("localhost:11434/v1", False),
        ("ftp://acme.example/v1", False),
        ("http://[::1/v1", False),
        ("http:///v1", False),
        ("http://acme.example:port/v1", False),
    ],
)
def test_what_is_no_web_address_is_told(monkeypatch: pytest.MonkeyPatch, address: str, is_one: bool) -> None:
    monkeypatch.setenv("TACIT_LLM_BASE_URL", address)
    monkeypatch.setenv("TACIT_LLM_MODEL", "llama")
    if is_one:
        assert env.language_model()
        return
    with pytest.raises(SettingsError, match=r"TACIT_LLM_BASE_URL is not a web address\. Write it with http://"):
        env.language_model()


# Addresses of databases.


def test_an_address_becomes_what_django_wants() -> None:
    entry = django_database("postgres://al%40ice:p%2Fw@db.example:5433/my%20base?sslmode=require", name="TACIT_X")
    assert (entry["USER"], entry["PASSWORD"], entry["HOST"], entry["PORT"]) == ("al@ice", "p/w", "db.example", "5433")
    assert (entry["NAME"], entry["OPTIONS"]) == ("my base", {"sslmode": "require"})


@settings(max_examples=30)
@given(
    user=st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20),
    password=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20),
)
def test_any_user_and_password_arrive_as_they_are(user: str, password: str) -> None:
    url = f"postgresql://{quote(user, safe='')}:{quote(password, safe='')}@127.0.0.1:5432/tacit"
    parsed = psycopg.conninfo.conninfo_to_dict(connection_string(django_database(url, name="TACIT_X")))
    assert parsed["user"] == user
    assert parsed.get("password", "") == password


@pytest.mark.parametrize("folder", ["/data", "/var/lib/Alice's data/ü&?=%2F", "/" + "deep/" * 40])
def test_the_address_of_the_embedded_database_leads_to_its_socket(folder: str) -> None:
    entry = django_database(embedded_url(Path(folder), user="tacit"), name="TACIT_X")
    assert (entry["USER"], entry["NAME"], entry["PORT"]) == ("tacit", "tacit", "")
    assert entry["HOST"] == f"{folder}/postgres" or entry["HOST"].startswith("/tmp/tacit-")


@pytest.mark.parametrize(
    "url",
    [
        "mysql://alice:hunter2@db/tacit",
        "db.example/tacit",
        "postgresql://alice:hunter2@db",
        "postgresql://db/tacit",
        "postgresql://alice:hunter2@db:port/tacit",
        "postgresql://alice:hunter2@db:99999/tacit",
        "postgresql://alice:hunter2@[::1/tacit",
        "postgresql://alice:hun[ter2@db/tacit",
        "postgresql://alice:hun/ter2@db/tacit",
        "postgresql://alice:hun#ter2@db/tacit",
    ],
)
def test_a_wrong_address_is_told_by_its_variable_and_never_repeated(url: str) -> None:
    assert django_database("postgresql://alice:hunter2@db/tacit", name="TACIT_X")
    with pytest.raises(SettingsError, match="TACIT_X") as told:
        django_database(url, name="TACIT_X")
    assert FORM in str(told.value)
    assert "hun" not in str(told.value)


# All of them together, at start.


def started(data_dir: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Load the settings as every command does, in an environment of nothing but these variables."""
    clean = {"PATH": "/usr/bin:/bin", "TACIT_DATA_DIR": str(data_dir), **variables}
    return subprocess.run(
        [sys.executable, "-c", "import config.settings as s; print(s.EMBEDDED_DATABASE, s.VISITOR_DATABASE['USER'])"],
        cwd=ROOT, env=clean, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_without_any_variable_the_embedded_database_is_used(tmp_path: Path) -> None:
    assert started(tmp_path).stdout == "True tacit_visitor\n"
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600
    key = (tmp_path / "secret_key").read_text()
    started(tmp_path)
    assert (tmp_path / "secret_key").read_text() == key


def test_a_database_without_a_login_for_visitors_is_refused_by_the_variables_name(tmp_path: Path) -> None:
    given_url = {"TACIT_DATABASE_URL": "postgresql://tacit:hunter2@db/tacit"}
    refused = started(tmp_path, **given_url)
    assert refused.returncode != 0
    assert "TACIT_VISITOR_DATABASE_URL is missing. Tacit needs a second login for visitors" in refused.stderr
    accepted = started(tmp_path, **given_url, TACIT_VISITOR_DATABASE_URL="postgresql://v:x@db/tacit")
    assert accepted.stdout == "False v\n"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("TACIT_MAX_UPLOAD_MB", "0"),
        ("TACIT_DEBUG", "maybe"),
        ("TACIT_EXTRACTION_SECONDS", "soon"),
        ("TACIT_DATABASE_URL", "nonsense"),
    ],
)
def test_a_wrong_variable_stops_the_start_with_its_name(tmp_path: Path, variable: str, value: str) -> None:
    refused = started(tmp_path, **{variable: value})
    assert refused.returncode != 0
    assert f"SettingsError: {variable}" in refused.stderr


def test_the_command_says_it_in_one_sentence_without_a_traceback(tmp_path: Path) -> None:
    refused = subprocess.run(
        [sys.executable, "-m", "apps.cli.main", "bot", "list"],
        cwd=ROOT, env={"PATH": "/usr/bin:/bin", "TACIT_DATA_DIR": str(tmp_path), "TACIT_MAX_UPLOAD_MB": "none"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert refused.returncode == 1
    assert refused.stderr.startswith("tacit: TACIT_MAX_UPLOAD_MB is not a whole number.")
    assert len(refused.stderr.splitlines()) == 1


def test_two_first_starts_at_once_agree_on_one_secret_key(tmp_path: Path) -> None:
    script = "import config.settings as s; print(s.SECRET_KEY)"
    people = [
        subprocess.Popen(
            [sys.executable, "-c", script], cwd=ROOT, env={"TACIT_DATA_DIR": str(tmp_path)}, stdout=subprocess.PIPE
        )
        for _ in range(3)
    ]
    keys = {person.communicate()[0] for person in people}
    assert len(keys) == 1
    assert len(keys.pop().strip()) >= 50
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]
