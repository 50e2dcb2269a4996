"""The ten errors of the integration log of the system before this one: none of them can come back unseen.

docs/incidents/0001 to 0010 tell what happened; each names its test here.
"""

import ast
import asyncio
import inspect
import typing
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from apps.core import monitoring
from apps.core.circuit_breaker import CircuitBreaker, CircuitState
from apps.core.embedding_service import (
    EmbeddingResult,
    EmbeddingService,
    FakeEmbeddingService,
    OpenAIEmbeddingService,
)
from apps.core.error_handling import CircuitOpenError
from apps.core.monitoring import AlertLevel, AlertManager, MetricsCollector, alert_manager, metrics_collector
from apps.core.services import ServiceRegistry
from apps.core.tests.embedding_server import embedding_server
from apps.rag.llm_service import Token
from apps.rag.llm_service.openai_compatible import OpenAICompatibleLLMService
from apps.rag.tests.test_llm_service import PROMPT
from tests.llm_server import LLMServer, says
from tests.regressions.imports import ROOT, declared, modules, product_files, undeclared


def sources() -> dict[str, str]:
    return {str(file.relative_to(ROOT)): file.read_text(encoding="utf-8") for file in product_files()}


# 1: import of a missing ChatService and PrivacyService


def test_the_services_that_others_import_are_there_and_are_the_ones_in_use() -> None:
    from apps.core.services import ChatService, PrivacyService  # noqa: PLC0415  # the import is what is tested

    assert inspect.isclass(ChatService)
    assert inspect.isclass(PrivacyService)
    assert isinstance(ServiceRegistry.get("privacy"), PrivacyService)
    with pytest.raises(ImportError, match="cannot import name"):
        from apps.core.services import ChattyService  # noqa: F401, PLC0415


# 2: track_metric missing


def test_a_metric_that_is_tracked_is_counted() -> None:
    labels = {"breaker": "regression-test", "to": "open"}
    series = ("tacit_breaker_changes_total", tuple(sorted(labels.items())))
    before = metrics_collector.samples().get(series, 0)

    monitoring.track_metric("tacit_breaker_changes_total", 2, labels)

    assert metrics_collector.samples()[series] == before + 2


# 3: metrics_collector not exported


def test_the_collector_is_exported_and_shows_what_it_holds() -> None:
    assert "metrics_collector" in monitoring.__all__
    assert all(hasattr(monitoring, name) for name in monitoring.__all__)
    assert isinstance(metrics_collector, MetricsCollector)
    monitoring.track_metric("tacit_breaker_changes_total", 1, {"breaker": "regression-test", "to": "open"})
    shown = metrics_collector.exposition(metrics_collector.samples())
    assert 'tacit_breaker_changes_total{breaker="regression-test",to="open"}' in shown


# 4: AlertSeverity against AlertLevel


def test_there_is_one_word_for_how_grave_an_alert_is() -> None:
    assert isinstance(alert_manager, AlertManager)
    assert alert_manager.rules
    assert all(isinstance(rule.level, AlertLevel) for rule in alert_manager.rules)
    assert not hasattr(monitoring, "AlertSeverity")
    names = {
        node.id if isinstance(node, ast.Name) else node.name
        for source in sources().values()
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Name | ast.ClassDef | ast.alias)
    }
    assert "AlertLevel" in names
    assert "AlertSeverity" not in names


# 5: a breaker given a tuple


@pytest.mark.parametrize("expected", [TimeoutError, (TimeoutError, KeyError)])
def test_a_breaker_takes_one_class_of_errors_or_several(expected: Any) -> None:
    breaker = CircuitBreaker(failure_threshold=3, recovery_timeout=60, expected_exception=expected, name="regression")
    kinds = expected if isinstance(expected, tuple) else (expected,)

    def fail(kind: type[Exception]) -> None:
        raise kind

    with pytest.raises(ZeroDivisionError):
        breaker.call(fail, ZeroDivisionError)
    for attempt in range(3):
        assert breaker.state is CircuitState.CLOSED
        with pytest.raises(kinds):
            breaker.call(fail, kinds[attempt % len(kinds)])
    with pytest.raises(CircuitOpenError):
        breaker.call(fail, kinds[0])


# 6: sentence-transformers undeclared


def test_everything_that_is_imported_is_declared() -> None:
    assert undeclared(sources(), declared()) == []


def test_an_import_that_nobody_declared_is_found() -> None:
    made_up = {"apps/x.py": "import numpy\nimport json\nfrom sentence_transformers import SentenceTransformer\n"}
    assert undeclared(made_up, declared()) == ["apps/x.py imports sentence_transformers"]
    assert undeclared({"apps/y.py": "import psycopg_pool"}, ["psycopg[binary,pool]>=3.2"]) == []
    assert undeclared({"apps/y.py": "import psycopg_pool"}, ["psycopg[binary]>=3.2"]) != []


# 7: an OpenAI client that rejects `proxies`


def test_the_clients_of_the_installed_openai_library_can_be_made_and_asked(llm_server: LLMServer) -> None:
    with embedding_server() as server:
        service = OpenAIEmbeddingService("sk-test", server.base_url, "any", server.dimensions)
        assert service.embed_query("warranty").vector.shape == (server.dimensions,)

    llm_server.behave(says("Two ", "years."))
    model = OpenAICompatibleLLMService(base_url=llm_server.base_url, api_key="sk-test", model="any")

    async def ask() -> str:
        async with aclosing(model.generate(PROMPT)) as answer:
            said = "".join([event.text async for event in answer if isinstance(event, Token)])
        await model.aclose()
        return said

    assert asyncio.run(ask()) == "Two years."


def test_no_client_is_given_proxies() -> None:
    given = [
        f"{name}:{node.value.lineno}"
        for name, source in sources().items()
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.keyword) and node.arg == "proxies"
    ]
    assert given == []


# 8: Tuple not imported


def nameless(module: ModuleType) -> Iterator[str]:
    """Yield what in a module is annotated with a name that isn't there."""
    own = [one for one in vars(module).values() if getattr(one, "__module__", None) == module.__name__]
    classes = [one for one in own if inspect.isclass(one)]
    methods = [member for one in classes for member in vars(one).values() if inspect.isfunction(member)]
    functions = [one for one in own if inspect.isfunction(one)]
    annotated: list[Any] = [*classes, *methods, *functions]
    for one in annotated:
        try:
            typing.get_type_hints(one)
        except NameError as error:
            yield f"{module.__name__}.{one.__qualname__}: {error}"
        except TypeError:  # generics that only the type checker knows, Django's fields for one
            continue


def test_every_name_in_an_annotation_is_there() -> None:
    found = [line for module in modules() for line in nameless(module)]
    assert [line for line in found if line.split("'")[1] not in names_for_types_only()] == []


def names_for_types_only() -> set[str]:
    """Return what modules import under `if TYPE_CHECKING`, which mypy resolves."""
    return {
        alias.asname or alias.name
        for source in sources().values()
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for inner in ast.walk(node)
        if isinstance(inner, ast.ImportFrom)
        for alias in inner.names
    }


def test_a_name_that_is_missing_is_found() -> None:
    module = ModuleType("apps.made_up")
    exec("def parted(text: str) -> 'Tuple[str, str]': ...", vars(module))  # noqa: S102  # our own line
    assert list(nameless(module)) == ["apps.made_up.parted: name 'Tuple' is not defined"]


# 9: EmbeddingResult without vector


@pytest.mark.parametrize("provider", ["fake", "local"])
def test_an_embedding_has_a_vector(provider: str, local_embeddings: EmbeddingService) -> None:
    embeddings = local_embeddings if provider == "local" else FakeEmbeddingService()
    result = embeddings.embed_query("How long is the warranty?")
    assert isinstance(result, EmbeddingResult)
    assert result.vector.shape == (embeddings.dimensions,)
    assert result.vector.dtype == np.float32
    assert float(np.linalg.norm(result.vector)) == pytest.approx(1.0, abs=1e-3)


# 10: a breaker that can't decorate


def decorated(breaker: CircuitBreaker) -> dict[str, Callable[[], Any]]:
    @breaker
    def plain() -> str:
        raise TimeoutError

    @breaker
    async def coroutine() -> str:
        raise TimeoutError

    @breaker
    async def stream() -> AsyncIterator[str]:
        yield "one"
        raise TimeoutError

    async def read() -> list[str]:
        return [piece async for piece in stream()]

    return {
        "function": plain,
        "coroutine": lambda: asyncio.run(coroutine()),
        "stream": lambda: asyncio.run(read()),
    }


@pytest.mark.parametrize("kind", ["function", "coroutine", "stream"])
def test_a_breaker_decorates_what_there_is_to_decorate(kind: str) -> None:
    breaker = CircuitBreaker(failure_threshold=2, recovery_timeout=60, expected_exception=TimeoutError, name=kind)
    call = decorated(breaker)[kind]
    for _ in range(2):
        with pytest.raises(TimeoutError):
            call()
    with pytest.raises(CircuitOpenError):
        call()
