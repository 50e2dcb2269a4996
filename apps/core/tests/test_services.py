"""Services are handed out by name: one of each per process, and a test's stand-in only while the test runs."""

import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import run
from typing import Any

import pytest
from pytest_django import Settings

from apps.core import services
from apps.core.error_handling import SettingsError
from apps.core.services import ServiceRegistry

ROOT = Path(__file__).parents[3]


class Slow:
    """A service that takes its time to be made, and counts how often it was."""

    made = 0

    def __init__(self) -> None:
        time.sleep(0.05)
        type(self).made += 1


class Outer:
    """A service that needs another one."""

    def __init__(self) -> None:
        self.inner = ServiceRegistry.get("slow")


@pytest.fixture(autouse=True)
def known(settings: Settings) -> Iterator[None]:
    settings.SERVICES = {**settings.SERVICES, "slow": f"{__name__}.Slow", "outer": f"{__name__}.Outer"}
    Slow.made = 0
    ServiceRegistry.reset()
    yield
    ServiceRegistry.reset()


def test_a_service_is_made_when_it_is_first_asked_for_and_only_then() -> None:
    assert Slow.made == 0
    assert ServiceRegistry.get("slow") is ServiceRegistry.get("slow")
    assert Slow.made == 1
    ServiceRegistry.reset()
    assert ServiceRegistry.get("slow")
    assert Slow.made == 2


def test_visitors_who_come_at_once_share_one_service() -> None:
    with ThreadPoolExecutor(8) as threads:
        found = set(map(id, threads.map(ServiceRegistry.get, ["slow"] * 8)))
    assert len(found) == 1
    assert Slow.made == 1


def test_a_service_may_ask_for_another_one_while_it_is_made() -> None:
    assert ServiceRegistry.get("outer").inner is ServiceRegistry.get("slow")


def test_a_stand_in_is_handed_out_while_the_block_runs() -> None:
    real = ServiceRegistry.get("slow")
    with ServiceRegistry.override("slow", "stand-in"):
        assert ServiceRegistry.get("slow") == "stand-in"
        with ServiceRegistry.override("slow", None):
            assert ServiceRegistry.get("slow") is None
        assert ServiceRegistry.get("slow") == "stand-in"
    assert ServiceRegistry.get("slow") is real


def test_a_stand_in_goes_away_when_the_test_fails_and_when_it_resets_everything() -> None:
    with pytest.raises(ZeroDivisionError), ServiceRegistry.override("slow", "stand-in"):
        1 / 0  # noqa: B018  # the failure
    assert isinstance(ServiceRegistry.get("slow"), Slow)
    with ServiceRegistry.override("slow", "stand-in"):
        ServiceRegistry.reset()
        assert isinstance(ServiceRegistry.get("slow"), Slow)
    assert isinstance(ServiceRegistry.get("slow"), Slow)


def test_a_name_that_does_not_exist_is_told_with_those_that_do() -> None:
    with pytest.raises(SettingsError, match=r"no service named 'serach'. Known: .*search.*"):
        ServiceRegistry.get("serach")


@pytest.mark.parametrize(
    "name",
    ["UserService", "KnowledgeSourceService", "DocumentService", "ChatbotService", "ChatService", "PrivacyService"],
)
def test_the_promised_imports_give_the_real_classes(name: str) -> None:
    found: Any = getattr(services, name)
    assert isinstance(found, type)
    assert found.__name__ == name
    assert not found.__module__.startswith("apps.core.")


def test_a_name_that_was_never_promised_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'NoSuchService'"):
        services.NoSuchService  # noqa: B018


def test_core_imports_nothing_of_the_product_by_itself() -> None:
    script = (
        "import sys, apps.core.services, apps.core.problems, apps.core.error_handling\n"
        "print([name for name in sys.modules if name.startswith('apps.') and not name.startswith('apps.core')])"
    )
    assert run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True).stdout == "[]\n"
