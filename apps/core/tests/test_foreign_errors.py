"""Whatever somebody else's code raises, people are told of it in Tacit's words, and none of its own come through."""

import errno
import importlib
import zipfile
from collections.abc import Iterator
from typing import Any

import django.core.exceptions
import django.db
import httpx
import onnxruntime
import openai
import psycopg
import pypdfium2
import pytest
from django.conf import settings
from lxml import etree

from apps.core.embedding_service import LocalEmbeddingService, create_embedding_service
from apps.core.error_handling import (
    ConflictError,
    DamagedDocumentError,
    DatabaseError,
    EncryptedDocumentError,
    FetchError,
    FetchUnavailableError,
    LocalModelError,
    ProviderAnswerError,
    ProviderBusyError,
    ProviderError,
    ProviderRejectedError,
    ProviderUnavailableError,
    StorageFullError,
    TacitError,
    ValidationError,
)
from apps.core.foreign_errors import TRANSLATIONS, told_as, translated
from apps.core.local_models.sessions import RUN_ERRORS
from apps.core.problems import as_tacit_error, in_our_words, terminal_line

SECRET = "the margin on the RX-200 is 43 %"

# What the packages that Tacit speaks to may raise, and the branches of our tree that each must end in.
PACKAGES: dict[str, tuple[type[TacitError], ...]] = {
    "openai": (ProviderError,),
    "httpx": (FetchError,),
    "httpx2": (ProviderError,),
    "httpcore": (FetchError,),
    "psycopg": (DatabaseError, ValidationError, ConflictError),
    "psycopg.errors": (DatabaseError, ValidationError, ConflictError, StorageFullError),
    "psycopg_pool": (DatabaseError,),
    "django.db": (DatabaseError, ValidationError, ConflictError),
    "onnxruntime.capi.onnxruntime_pybind11_state": (LocalModelError,),
    "safetensors": (LocalModelError,),
    "pypdfium2": (DamagedDocumentError,),
    "pptx.exc": (DamagedDocumentError,),
    "python_calamine": (DamagedDocumentError, EncryptedDocumentError),
    "lxml.etree": (DamagedDocumentError,),
    "mammoth.docx.files": (DamagedDocumentError,),
    "zipfile": (DamagedDocumentError,),
    "procrastinate.exceptions": (DatabaseError,),
}
# Only a mistake of ours leads to these: they are told as an internal error, under a number.
MISTAKES = {
    "CookieConflict", "StreamError", "StreamConsumed", "StreamClosed", "ResponseNotRead", "RequestNotRead",
    "InvalidWebhookSignatureError", "Rollback", "Warning",
}  # fmt: skip
ELSEWHERE = {"CancelledError", "PdfiumWarning", "LargeZipFile"}


def public_errors(module: str) -> Iterator[type[BaseException]]:
    """Yield every exception class that a module shows."""
    home = importlib.import_module(module)
    for name in list(vars(home)):
        shown = getattr(home, name)
        if isinstance(shown, type) and issubclass(shown, Exception) and not name.startswith("_"):
            yield shown


def all_errors() -> list[Any]:
    return [
        pytest.param(foreign, branches, id=f"{module}.{foreign.__name__}")
        for module, branches in PACKAGES.items()
        for foreign in sorted(public_errors(module), key=lambda one: one.__name__)
        if foreign.__name__ not in ELSEWHERE
    ]


def is_our_mistake(foreign: type[BaseException]) -> bool:
    database = (psycopg.ProgrammingError, psycopg.NotSupportedError, django.db.ProgrammingError)
    ours = foreign.__name__ in MISTAKES or issubclass(foreign, (*database, django.db.NotSupportedError))
    return ours or foreign.__module__ == "procrastinate.exceptions"


@pytest.mark.parametrize(("foreign", "branches"), all_errors())
def test_no_public_exception_of_a_package_is_missed(
    foreign: type[BaseException], branches: tuple[type[TacitError], ...]
) -> None:
    ours = told_as(foreign)
    assert ours is not None, "give it a line in apps/core/foreign_errors.py"
    assert isinstance(ours, branches) or (type(ours) is TacitError and is_our_mistake(foreign))


def test_the_packages_do_show_their_exceptions() -> None:
    counted = {module: len(list(public_errors(module))) for module in PACKAGES}
    assert counted["openai"] >= 15
    assert counted["httpx"] >= 25
    assert counted["psycopg.errors"] >= 200
    assert counted["onnxruntime.capi.onnxruntime_pybind11_state"] >= 10
    assert min(counted.values()) >= 1


@pytest.mark.parametrize("name", [name for name in TRANSLATIONS if "." in name and name.partition(".")[0] != "django"])
def test_every_class_that_is_named_is_there(name: str) -> None:
    package, _, shown = name.partition(".")
    places = {"procrastinate": ["procrastinate.exceptions"], "psycopg": ["psycopg", "psycopg.errors"]}
    homes = [importlib.import_module(place) for place in places.get(package, [package])]
    assert any(hasattr(home, shown) for home in homes)


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (openai.APITimeoutError(httpx.Request("POST", "http://model")), ProviderUnavailableError),  # type: ignore[arg-type]
        (openai.APIConnectionError(request=httpx.Request("POST", "http://model")), ProviderUnavailableError),  # type: ignore[arg-type]
        (openai.OpenAIError(SECRET), ProviderRejectedError),
        (httpx.ConnectTimeout(SECRET), FetchUnavailableError),
        (httpx.TooManyRedirects(SECRET), FetchError),
        (psycopg.errors.DeadlockDetected(SECRET), DatabaseError),
        (psycopg.errors.UniqueViolation(SECRET), ConflictError),
        (psycopg.errors.DiskFull(SECRET), StorageFullError),
        (onnxruntime.capi.onnxruntime_pybind11_state.InvalidGraph(SECRET), LocalModelError),
        (pypdfium2.PdfiumError(SECRET), DamagedDocumentError),
        (zipfile.BadZipFile(SECRET), DamagedDocumentError),
        (etree.XMLSyntaxError(SECRET, 1, 1, 1), DamagedDocumentError),  # type: ignore[call-arg, arg-type]
        (django.db.DataError(SECRET), ValidationError),
        (django.core.exceptions.ObjectDoesNotExist(SECRET), TRANSLATIONS["django.ObjectDoesNotExist"]),
        (OSError(errno.ENOSPC, SECRET), StorageFullError),
    ],
)
def test_it_is_told_in_our_words_on_every_way_out(error: Exception, ours: type[TacitError]) -> None:
    for told in (translated(error), as_tacit_error(error), in_our_words(error)):
        assert type(told) is ours
        assert SECRET not in str(told)
    line = terminal_line(error)
    assert line.startswith("tacit: ")
    assert SECRET not in line
    assert line.isprintable()


@pytest.mark.parametrize("name", ["RateLimitError", "InternalServerError", "AuthenticationError", "BadRequestError"])
def test_what_a_models_server_answers_is_told_by_whether_a_retry_helps(name: str) -> None:
    ours = told_as(getattr(openai, name))
    assert ours is not None
    assert ours.retryable == (name in {"RateLimitError", "InternalServerError"})
    assert isinstance(ours, ProviderBusyError) == (name == "RateLimitError")
    assert isinstance(told_as(openai.LengthFinishReasonError), ProviderAnswerError)


def test_what_django_wraps_is_told_by_what_the_driver_said() -> None:
    full = django.db.OperationalError(SECRET)
    full.__cause__ = psycopg.errors.DiskFull(SECRET)
    away = django.db.OperationalError(SECRET)
    away.__cause__ = psycopg.OperationalError(SECRET)
    assert isinstance(translated(full), StorageFullError)
    assert isinstance(translated(away), DatabaseError)


def test_what_nobody_foresaw_is_told_as_such() -> None:
    assert translated(ZeroDivisionError(SECRET)) is None
    assert type(in_our_words(ZeroDivisionError(SECRET))) is TacitError


def test_a_class_of_our_own_with_a_foreign_name_is_not_mistaken_for_it() -> None:
    class OpenAIError(Exception):
        pass

    assert told_as(OpenAIError) is None


def test_a_local_model_that_fails_is_told_as_such() -> None:
    service = create_embedding_service("local", settings.MODELS_DIR)
    assert isinstance(service, LocalEmbeddingService)
    with pytest.raises(LocalModelError) as caught:
        service._run([[10**8]])  # a token that the model doesn't have
    assert type(caught.value.__cause__) in RUN_ERRORS
    assert len(RUN_ERRORS) >= 10
