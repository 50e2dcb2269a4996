"""The gates of `make check` let through what is in order, and nothing else."""

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from django.test import override_settings

from apps.incidents.documents import load_incidents
from scripts import check_gates, gates, run_tests, service_accessors
from scripts.demanded_names import DEMANDED, FORBIDDEN
from scripts.generate_docs import error_reference
from scripts.incident_log import incident_log
from scripts.test_report import report
from scripts.testing_strategy import strategy_of_tests

ROOT = gates.ROOT
CHAT, METERED = "apps.conversations.services.ChatService", "apps.observability.metered_chat.MeteredChat"
DESIGN = ROOT.parent / "shared" / "DESIGN.md"
DEMAND = re.compile(
    r"^    (?:from (?P<module>[\w.]+) import (?P<names>[^#\n]+)|import (?P<whole>[\w.]+))", re.MULTILINE
)


@pytest.mark.skipif(not DESIGN.exists(), reason="needs ../shared/DESIGN.md")
def test_the_list_of_demanded_names_is_the_designs() -> None:
    section = DESIGN.read_text(encoding="utf-8").split("## Names that are demanded")[1].split("\n## ")[0]
    demanded = {
        found["module"] or found["whole"]: {
            name.strip() for name in (found["names"] or "").split(",") if name.strip().isidentifier()
        }
        for found in DEMAND.finditer(section)
    }
    assert len(demanded) == 9
    assert set(DEMANDED) == set(demanded)
    assert all(names <= set(DEMANDED[module]) for module, names in demanded.items())


def test_every_demanded_name_imports(monkeypatch: pytest.MonkeyPatch) -> None:
    assert gates.demanded_names_import() == []
    monkeypatch.setitem(DEMANDED, "apps.rag", ("NoSuchName",))
    monkeypatch.setitem(FORBIDDEN, "apps.core.error_handling", ("TacitError",))
    assert gates.demanded_names_import() == [
        "from apps.rag import NoSuchName fails",
        "apps.core.error_handling has a TacitError, which hides Python's own",
    ]


def test_a_module_that_does_not_import_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_module.py").write_text("from apps.core.services import ChattyService\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert gates.import_first("apps.core.services") == ""
    assert gates.import_first("broken_module").startswith("broken_module does not import by itself: ImportError")


def test_modules_that_import_each_other_in_a_circle_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where `one` is imported first both load; by itself, `two` does not."""
    (tmp_path / "circle_one.py").write_text("NAME = 1\nimport circle_two\n")
    (tmp_path / "circle_two.py").write_text("from circle_one import LATER\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert "circle_two does not import by itself" in gates.import_first("circle_two")


def test_services_are_asked_for_through_their_accessors() -> None:
    assert gates.services_have_accessors() == []


@pytest.mark.parametrize(
    "call",
    [
        'def chat():\n    return ServiceRegistry.get("chat")',  # says no type
        'def conversation() -> Chat:\n    return cast("Chat", ServiceRegistry.get("chat"))',  # has another name
        'def chat() -> Chat:\n    return cast("Other", ServiceRegistry.get("chat"))',
        'def view():\n    services.ServiceRegistry.get("chat").of(None)',
        'chats, users = map(ServiceRegistry.get, ("chat", "users"))',
    ],
)
def test_a_service_that_is_asked_for_otherwise_is_told(call: str, tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "asking.py").write_text(f"{call}\n")
    told = [one for one in service_accessors.complaints(tmp_path) if "asking.py" in one]
    assert told == [f"scripts/asking.py:{call.count(chr(10)) + 1} asks the registry instead of the service's accessor"]


def test_an_accessor_that_is_missing_or_promises_another_type_is_told() -> None:
    with override_settings(SERVICES={"chat": CHAT}, SERVICE_WRAPPERS={"chat": [METERED]}):
        assert list(service_accessors.wrong_promises({"chat": ["Chat"]})) == []
        assert list(service_accessors.wrong_promises({})) == ["The service 'chat' has 0 accessors, not one"]
        assert list(service_accessors.wrong_promises({"chat": ["ChatService"]})) == [
            f"chat() promises ChatService, which {METERED} does not make"
        ]


def test_every_app_is_tested_in_both_ways() -> None:
    assert gates.apps_are_tested() == []
    assert len(gates.app_names()) >= 11
    assert gates.own_tests("no_such_app") == []
    assert gates.integration_tests("no_such_app") == []
    assert not gates.has_tests(ROOT / "tests" / "conftest.py")


def test_migrations_are_complete() -> None:
    assert gates.migrations_are_complete() == []


def test_a_test_that_is_not_collected_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(gates.uncollected("ERROR: not found: x::test_y\n")) == ["ERROR: not found: x::test_y"]
    assert list(gates.uncollected("Interrupted")) != []


def test_a_deployments_checks_are_clean() -> None:
    assert gates.deployment_is_clean() == []


def test_unsafe_settings_are_told_by_a_deployments_checks(tmp_path: Path) -> None:
    """The checks could fail: without a public address, cookies are not marked secure."""
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT, env={"PATH": "/usr/bin:/bin", "TACIT_DATA_DIR": str(tmp_path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "SESSION_COOKIE_SECURE" in done.stderr


def test_the_state_of_the_system_tells_each_gate_and_is_the_same_twice() -> None:
    results: dict[str, list[str]] = {gate.says: [] for gate in gates.GATES}
    good = check_gates.state(results)
    assert good == check_gates.state(results)
    assert good.count("| holds |") == len(gates.GATES)
    assert "| `from apps.core.circuit_breaker import CircuitBreaker` | works |" in good
    bad = check_gates.state(results | {gates.GATES[0].says: ["apps.x does not import by itself"]})
    assert "apps.x does not import by itself" in bad
    assert bad.count("| holds |") == len(gates.GATES) - 1


def test_the_generated_documents_hold_what_they_are_made_from() -> None:
    log, strategy, errors = incident_log(), strategy_of_tests(), error_reference()
    assert all(f"incidents/{incident.file.name}" in log for incident in load_incidents())
    assert "`test_integration_log.py`: The ten errors of the integration log" in strategy
    assert "├── ValidationError" in errors
    assert "| `storage_full` | 507 | yes |" in errors


def suite(*cases: str) -> ET.Element:
    return ET.fromstring(  # noqa: S314  # our own text
        f'<testsuite timestamp="2026-11-23T10:00:00" time="61.2">{"".join(cases)}</testsuite>'
    )


PASSED = '<testcase classname="apps.core.tests.test_x" name="test_a"/>'
FAILED = '<testcase classname="apps.core.tests.test_x" name="test_b[1]"><failure message="a secret"/></testcase>'
SKIPPED = '<testcase classname="tests.flows.test_y" name="test_c"><skipped message="no Chromium"/></testcase>'


def test_the_test_report_counts_and_quotes_nothing() -> None:
    told = report([suite(PASSED, FAILED, SKIPPED)])
    assert "3 tests in 61 s, 1 passed, 0 unsteady, 1 failed, 1 skipped" in told
    assert "| apps/core | 1 | 0 | 1 | 0 |" in told
    assert "## Failed\n\n- `apps.core.tests.test_x.test_b`" in told
    assert "a secret" not in told


def test_a_test_that_passes_the_second_time_is_told_as_unsteady() -> None:
    again = suite('<testcase classname="apps.core.tests.test_x" name="test_b[1]"/>')
    told = report([suite(PASSED, FAILED, SKIPPED), again])
    assert "3 tests in 61 s, 1 passed, 1 unsteady, 0 failed, 1 skipped" in told
    assert "## Unsteady\n\n- `apps.core.tests.test_x.test_b`" in told
    assert "1 unsteady, 1 failed" in report([suite(PASSED, FAILED, FAILED.replace("_b", "_d")), again])


@pytest.mark.parametrize(
    ("failed", "may"),
    [
        ([], False),  # the run broke otherwise
        (["tests.browser.test_page.test_a", "tests.flows.test_urls.test_b"], True),
        (["tests.browser.test_a.test", "tests.browser.test_b.test", "tests.browser.test_c.test"], False),
        (["tests.privacy.test_families.test_a"], False),
        (["tests.privacy_construction.test_caches.test_a"], False),
        (["tests.browser.test_page.test_a", "tests.faults.test_kill.test_b"], False),
    ],
)
def test_few_tests_get_a_second_chance_and_none_of_a_promise(failed: list[str], may: bool) -> None:
    assert run_tests.may_try_again(failed) is may


def test_only_what_failed_is_run_again_and_a_second_failure_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tests = tmp_path / "test_some.py"
    tests.write_text(
        "from pathlib import Path\n\n\n"
        "def run_before(name):\n"
        "    mark = Path(__file__).with_name(name)\n"
        "    was_there = mark.exists()\n"
        "    mark.touch()\n"
        "    return was_there\n\n\n"
        "def test_is_run_once():\n    assert not run_before('once')\n\n\n"
        "def test_passes_later():\n    assert run_before('later')\n"
    )
    (tmp_path / "pytest.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    monkeypatch.setattr(run_tests, "DATA", tmp_path)
    monkeypatch.setattr(run_tests, "RUNS", {"some": [str(tests)]})
    first = [str(tests), f"--junitxml={run_tests.report_of('some')}"]
    assert run_tests.start("some", first, tmp_path / "told", place=tmp_path).wait() == run_tests.TESTS_FAILED

    assert run_tests.second_chance("some", place=tmp_path) == 0

    tests.write_text("def test_never_passes():\n    raise AssertionError\n")
    assert run_tests.start("some", first, tmp_path / "told", place=tmp_path).wait() == run_tests.TESTS_FAILED
    assert run_tests.second_chance("some", place=tmp_path) == run_tests.TESTS_FAILED
