"""A second provider of language models is one file and one line in the registry."""

import asyncio
import subprocess
import sys
from typing import Any

import pytest

from apps.core.error_handling import SettingsError
from apps.core.language_model import LanguageModelSettings
from apps.rag.llm_service import create_llm_service, registry
from apps.rag.llm_service.connection_test import probe_model
from apps.rag.tests.asking import answer, pipeline_with

PARROT = "apps.rag.tests.parrot.Parrot"
WITHOUT_OPENAI = f"""
import asyncio, sys, django
django.setup()
from apps.core.language_model import LanguageModelSettings
from apps.rag.llm_service import registry
from apps.rag.llm_service.connection_test import probe_model
registry.PROVIDERS["parrot"] = "{PARROT}"
configured = LanguageModelSettings(provider="parrot", base_url="", api_key="", model="grey")
assert asyncio.run(probe_model(configured)).state == "ok"
assert "openai" not in sys.modules, "another provider's library was loaded"
"""


@pytest.fixture
def with_parrots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.PROVIDERS, "parrot", PARROT)


def parrot(model: str = "grey", base_url: str = "") -> LanguageModelSettings:
    return LanguageModelSettings(provider="parrot", base_url=base_url, api_key="", model=model)


@pytest.mark.usefixtures("with_parrots")
async def test_it_writes_answers_and_they_are_checked_like_any_others(settings: Any) -> None:
    settings.LANGUAGE_MODEL = parrot()
    service = create_llm_service()
    assert service is not None
    assert (service.provider, service.model) == ("parrot", "grey")
    finished = await answer(pipeline_with(registry.create_provider(parrot())))
    assert finished.trace.provider == "parrot"
    assert "24 months" in finished.text
    assert finished.citations


@pytest.mark.usefixtures("with_parrots")
def test_the_connection_test_asks_it_what_is_wrong() -> None:
    assert asyncio.run(probe_model(parrot())).state == "ok"
    assert asyncio.run(probe_model(parrot(), slow=-1)).state == "slow"
    found = asyncio.run(probe_model(parrot("asleep")))
    assert (found.state, found.advice) == ("broken", "Wake the parrot.")


def test_the_connection_test_of_one_loads_no_library_of_another() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT_OPENAI], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.usefixtures("with_parrots")
def test_it_says_itself_what_is_wrong_in_the_settings() -> None:
    with pytest.raises(SettingsError, match="Leave TACIT_LLM_BASE_URL empty"):
        registry.create_provider(parrot(base_url="http://127.0.0.1:9"))


def test_a_provider_that_there_is_not_is_told() -> None:
    with pytest.raises(SettingsError, match=r"no such provider. Use one of: openai-compatible\."):
        registry.create_provider(parrot())
