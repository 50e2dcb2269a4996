"""Says in Tacit's words what went wrong in somebody else's code, without loading that code.

Classes are known by their package and name, and so are their bases: the most specific one that stands here counts.
A package alone stands for whatever else it raises. That none is missed is tested over what each package exports.
"""

import errno
from types import MappingProxyType

from apps.core.error_handling import (
    AddressRefusedError,
    ConflictError,
    DamagedDocumentError,
    DatabaseError,
    DocumentTooLargeError,
    EncryptedDocumentError,
    FetchError,
    FetchUnavailableError,
    LocalModelError,
    NotFoundError,
    PermissionDeniedError,
    ProviderAnswerError,
    ProviderBusyError,
    ProviderRejectedError,
    ProviderRequestError,
    ProviderUnavailableError,
    RequestTooLargeError,
    StorageFullError,
    TacitError,
    ValidationError,
)

# A class that only a mistake of ours leads to stands for `TacitError` itself.
OUR_MISTAKE = TacitError

LANGUAGE_MODELS = {
    "openai.OpenAIError": ProviderRejectedError,  # it refused to send the request: a key or an address is missing
    "openai.APIError": ProviderUnavailableError,  # refused, timed out, broken off, or an error event within the stream
    "openai.APIResponseValidationError": ProviderAnswerError,
    "openai.APIStatusError": ProviderRejectedError,
    "openai.BadRequestError": ProviderRequestError,
    "openai.UnprocessableEntityError": ProviderRequestError,
    "openai.InternalServerError": ProviderUnavailableError,
    "openai.ConflictError": ProviderUnavailableError,
    "openai.RateLimitError": ProviderBusyError,
    "openai.LengthFinishReasonError": ProviderAnswerError,
    "openai.ContentFilterFinishReasonError": ProviderAnswerError,
    "openai.InvalidWebhookSignatureError": OUR_MISTAKE,
    # Its own HTTP client, where it lets through what that raises while a stream is read.
    "httpx2.HTTPError": ProviderUnavailableError,
    "httpx2.DecodingError": ProviderAnswerError,
    "httpx2.SSEError": ProviderAnswerError,
    "httpx2.InvalidURL": ProviderRejectedError,
    "httpx2.UnsupportedProtocol": ProviderRejectedError,
    "httpx2.StreamError": OUR_MISTAKE,
    "httpx2.CookieConflict": OUR_MISTAKE,
    "onnxruntime": LocalModelError,
    "safetensors": LocalModelError,
}
WEB = {
    "httpx.HTTPError": FetchUnavailableError,
    "httpx.HTTPStatusError": FetchError,
    "httpx.TooManyRedirects": FetchError,
    "httpx.UnsupportedProtocol": AddressRefusedError,
    "httpx.InvalidURL": AddressRefusedError,
    "httpx.StreamError": OUR_MISTAKE,
    "httpx.CookieConflict": OUR_MISTAKE,
    "httpcore": FetchUnavailableError,
    "httpcore.UnsupportedProtocol": AddressRefusedError,
}
DATABASE = {
    prefix + name: ours
    for prefix in ("psycopg.", "django.")
    for name, ours in {
        "Error": DatabaseError,
        "OperationalError": DatabaseError,
        "InterfaceError": DatabaseError,
        "DataError": ValidationError,  # text with NUL characters, for one
        "IntegrityError": ConflictError,
        "InternalError": DatabaseError,
        "ProgrammingError": OUR_MISTAKE,
        "NotSupportedError": OUR_MISTAKE,
    }.items()
} | {
    "psycopg.DiskFull": StorageFullError,
    "psycopg.Rollback": OUR_MISTAKE,
    "psycopg.Warning": OUR_MISTAKE,
    "psycopg_pool": DatabaseError,
    "procrastinate": OUR_MISTAKE,
    "procrastinate.ConnectorException": DatabaseError,
}
REQUESTS = {
    "django.Http404": NotFoundError,
    "django.ObjectDoesNotExist": NotFoundError,
    "django.PermissionDenied": PermissionDeniedError,
    "django.SuspiciousOperation": ValidationError,
    "django.BadRequest": ValidationError,
    "django.ValidationError": ValidationError,
    "django.RequestDataTooBig": RequestTooLargeError,
    "django.TooManyFieldsSent": RequestTooLargeError,
    "django.TooManyFilesSent": RequestTooLargeError,
}
DOCUMENTS = {
    "pypdfium2": DamagedDocumentError,
    "mammoth": DamagedDocumentError,
    "pptx": DamagedDocumentError,
    "python_calamine": DamagedDocumentError,
    "python_calamine.PasswordError": EncryptedDocumentError,
    "lxml": DamagedDocumentError,
    "selectolax": DamagedDocumentError,
    "striprtf": DamagedDocumentError,
    "trafilatura": DamagedDocumentError,
    "xml": DamagedDocumentError,
    "zipfile": DamagedDocumentError,
    "zipfile.LargeZipFile": DocumentTooLargeError,
    "zlib": DamagedDocumentError,
    "email": DamagedDocumentError,
}
TRANSLATIONS = MappingProxyType[str, type[TacitError]](LANGUAGE_MODELS | WEB | DATABASE | REQUESTS | DOCUMENTS)


def translated(error: BaseException) -> TacitError | None:
    """Return what a foreign exception is called here, its own words left out; None for what nobody foresaw."""
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StorageFullError()
    if isinstance(error.__cause__, Exception) and package(type(error)) == "django":
        return translated(error.__cause__) or told_as(type(error))  # Django wraps what the driver said
    return told_as(type(error))


def told_as(foreign: type[BaseException]) -> TacitError | None:
    """Return the error that a class of foreign exceptions stands for."""
    names = [f"{package(base)}.{base.__name__}" for base in foreign.__mro__]
    packages = [package(base) for base in foreign.__mro__]
    return next((TRANSLATIONS[name]() for name in (*names, *packages) if name in TRANSLATIONS), None)


def package(one: type) -> str:
    """Return the name under which a class is installed; extension modules written in C leave its underscores."""
    return one.__module__.partition(".")[0].removeprefix("_")
