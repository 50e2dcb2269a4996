"""The error tree: what can go wrong, in words for the person it happens to, and whether a retry helps.

TacitError
├── ValidationError           the request or file can't be used as it is (400)
│   ├── MessageError             a question is empty, too long or not text
│   ├── RequestTooLargeError     the body is larger than the server accepts (413)
│   ├── MethodNotAllowedError    the address does not know this method (405)
│   └── SettingsError            a setting is missing or wrong (at start)
├── AuthenticationError       who asks is not known (401)
├── PermissionDeniedError     who asks is known and may not (403)
├── NotFoundError             there is no such thing for who asks (404)
├── ConflictError             it clashes with what is there (409)
│   └── AnswerBrokenOffError     an answer was stopped or lost before it was whole
├── RateLimitError            too much, too fast (429)
│   ├── DailyLimitError          as much as there may be in a day
│   └── OpenAnswersError         too many answers at once
├── DocumentError             a document could not be read (422)
│   ├── EncryptedDocumentError, DamagedDocumentError, EmptyDocumentError, ScannedDocumentError,
│   ├── UnknownFormatError, DocumentTooLargeError, ArchiveTooDeepError, ExtractionTimeoutError, ExtractionCrashError
├── FetchError                an address could not be fetched (422)
│   ├── AddressRefusedError      private, link-local or not http(s)
│   ├── FetchTooLargeError, FetchNotTextError, FetchForbiddenError
│   ├── FetchUnavailableError    the other server failed or was too slow (retry helps)
│   └── SiteCircuitOpenError     it failed several times, so it is left alone for a while; knows when that ends
├── ProviderError             an embedding or language model failed (502)
│   ├── ProviderUnavailableError (retry helps), ProviderRejectedError, ProviderAnswerError
│   ├── ProviderRequestError     refused because of what this one request holds
│   ├── CircuitOpenError         it failed several times, so it is left alone for a while; knows when that ends
│   ├── ProviderBusyError        unavailable because it has too much to do; knows when to come back
│   ├── LocalModelError          a model that runs in this process failed (500)
│   └── BudgetError              a chatbot has used up what its model may cost in a month
├── DeliveryError             something did not reach its owner (502)
│   ├── MailError                the mail server did not take it (retry helps)
│   ├── DeliveryDelayedError     an attempt failed, and the next one is due; knows when
│   └── DeliveryImpossibleError  there is no way to send it
├── DatabaseError             PostgreSQL is not as Tacit needs it (503)
└── StorageFullError          there is no room left on a disk (507)
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar


class TacitError(Exception):
    """Something went wrong in Tacit. Try again; if it happens again, tell whoever runs this server."""

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False

    def __init__(self, message: str = "") -> None:
        super().__init__(message or self.default_message())

    @classmethod
    def default_message(cls) -> str:
        """The first paragraph of the class's docstring, on one line."""
        return " ".join((cls.__doc__ or "").strip().split("\n\n")[0].split())


class ValidationError(TacitError):
    """The request can't be used as it is. Correct what the message names and send it again.

    `fields` says what is wrong with which field, where it is known.
    """

    code = "invalid_request"
    status = 400

    def __init__(self, message: str = "", *, fields: Mapping[str, str] = MappingProxyType({})) -> None:
        super().__init__(message)
        self.fields = fields


class MessageError(ValidationError):
    """The question is empty, too long or not text. Send a question of 1 to 4,000 characters."""

    code = "invalid_message"


class SettingsError(ValidationError):
    """A setting is missing or wrong. Correct the environment variable that the message names and start again."""

    code = "invalid_setting"


class RequestTooLargeError(ValidationError):
    """The request is larger than this server accepts. Send less at once, or upload it as a file."""

    code = "request_too_large"
    status = 413


class MethodNotAllowedError(ValidationError):
    """This address does not know this method. The API's page at /api/v1/docs shows which ones it does."""

    code = "method_not_allowed"
    status = 405


class AuthenticationError(TacitError):
    """This needs a valid API key. Make one with `tacit key create` and send it as `Authorization: Bearer KEY`."""

    code = "not_authenticated"
    status = 401


class PermissionDeniedError(TacitError):
    """Your role or key does not allow this. Ask an owner of the organization."""

    code = "not_allowed"
    status = 403


class NotFoundError(TacitError):
    """There is nothing here under that name. Check the address or the id."""

    code = "not_found"
    status = 404


class ConflictError(TacitError):
    """This clashes with something that is there already. Load it again and repeat the change."""

    code = "conflict"
    status = 409


class AnswerBrokenOffError(ConflictError):
    """This answer ended before it was whole. Ask again."""

    code = "answer_broken_off"
    retryable = True


class RateLimitError(TacitError):
    """Too many requests. Wait a moment and try again."""

    code = "too_many_requests"
    status = 429
    retryable = True

    def __init__(self, message: str = "", *, retry_after: int = 10) -> None:
        super().__init__(message)
        self.retry_after = retry_after  # seconds


class DailyLimitError(RateLimitError):
    """That was as much as there may be in a day. Come back tomorrow."""

    code = "daily_limit_reached"


class OpenAnswersError(RateLimitError):
    """Too many answers are open at once. Wait until one of them has ended and ask again."""

    code = "too_many_open_answers"


class DocumentError(TacitError):
    """The document could not be read. Open it in its own program, save it anew and upload it again."""

    code = "document_unreadable"
    status = 422


class EncryptedDocumentError(DocumentError):
    """The file is protected by a password. Save a copy without the password and upload that."""

    code = "document_encrypted"


class DamagedDocumentError(DocumentError):
    """The file is damaged: no text could be read. Open it in its own program, save it anew and upload it again."""

    code = "document_damaged"


class EmptyDocumentError(DocumentError):
    """The file holds no text. Upload one that does."""

    code = "document_empty"


class ScannedDocumentError(DocumentError):
    """The file holds pictures of text and no text. Run text recognition (OCR) over it and upload the result."""

    code = "document_needs_ocr"


class UnknownFormatError(DocumentError):
    """Tacit can't read this kind of file. Save it as PDF, DOCX, HTML or text and upload that."""

    code = "document_format_unknown"


class DocumentTooLargeError(DocumentError):
    """The file is larger than this server accepts. Split it and upload the parts."""

    code = "document_too_large"


class ArchiveTooDeepError(DocumentError):
    """The archive holds archives inside archives. Unpack it and upload the files themselves."""

    code = "archive_too_deep"


class ExtractionTimeoutError(DocumentError):
    """Reading the file took too long and was stopped. Split it, or save it in a simpler format."""

    code = "extraction_timeout"


class ExtractionCrashError(DocumentError):
    """Reading the file failed or needed too much memory. Save it anew in its own program or in a simpler format."""

    code = "extraction_crashed"


class FetchError(TacitError):
    """The address could not be fetched. Open it in a browser, check it and try again."""

    code = "fetch_failed"
    status = 422


class AddressRefusedError(FetchError):
    """The address is not on the public web. Give an http or https address that anyone can open, or upload the file."""

    code = "address_refused"


class FetchTooLargeError(FetchError):
    """The page is larger than this server accepts. Download what matters and upload it as a file."""

    code = "fetch_too_large"


class FetchNotTextError(FetchError):
    """The address does not give a page or document that Tacit can read. Give a page's address, or upload a file."""

    code = "fetch_not_text"


class FetchForbiddenError(FetchError):
    """The site's robots.txt forbids reading this page. Ask the site's owner, or upload the page as a file."""

    code = "fetch_forbidden"


class FetchUnavailableError(FetchError):
    """The other server did not answer properly. Tacit tries again; if it stays so, check the address."""

    code = "fetch_unavailable"
    retryable = True

    def __init__(self, message: str = "", *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after  # seconds, where the server tells


class SiteCircuitOpenError(FetchUnavailableError):
    """A site failed several times in a row and is left alone for a while. Tacit tries again by itself."""

    code = "site_circuit_open"
    status = 503


class ProviderError(TacitError):
    """A model's server failed. Check its address, key and model name in the settings."""

    code = "provider_failed"
    status = 502


class ProviderUnavailableError(ProviderError):
    """A model's server can't be reached or is overloaded. Tacit tries again; check that it runs if this goes on."""

    code = "provider_unavailable"
    retryable = True


class ProviderBusyError(ProviderUnavailableError):
    """A model's server has too much to do. Tacit tries again; raise the account's limits if this goes on."""

    code = "provider_busy"

    def __init__(self, message: str = "", *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after  # seconds, where the server tells


class CircuitOpenError(ProviderUnavailableError):
    """A model's server failed several times in a row and is left alone for a while. Tacit tries again by itself."""

    code = "circuit_open"
    status = 503

    def __init__(self, message: str = "", *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after  # seconds until the next try


class ProviderRejectedError(ProviderError):
    """A model's server refused the request. Check the key, the model's name and the account behind it."""

    code = "provider_rejected"


class ProviderRequestError(ProviderError):
    """A model's server could not take this one request. Shorten the text, or check the model's limits and rules."""

    code = "provider_request_refused"


class ProviderAnswerError(ProviderError):
    """A model's server answered with something unusable. Check that the address speaks the OpenAI protocol."""

    code = "provider_answer_unusable"


class LocalModelError(ProviderError):
    """A model on this machine failed. Run `tacit doctor`; a damaged model file is made anew once it is deleted."""

    code = "local_model_failed"
    status = 500


class BudgetError(ProviderError):
    """The chatbot's language model has used up its budget of this month. Raise the budget, or wait for the next one."""

    code = "budget_used_up"
    status = 503


class DeliveryError(TacitError):
    """A contact could not be delivered. Its page says why, and sends it again."""

    code = "delivery_failed"
    status = 502


class MailError(DeliveryError):
    """The mail server can't be reached or did not take an e-mail. Tacit tries again; look there if this goes on."""

    code = "mail_failed"
    retryable = True


class DeliveryDelayedError(DeliveryError):
    """A contact could not be delivered just now. Tacit tries again by itself; its page says when, and why it failed."""

    code = "delivery_delayed"
    retryable = True

    def __init__(self, message: str = "", *, retry_after: int = 10) -> None:
        super().__init__(message)
        self.retry_after = retry_after  # seconds


class DeliveryImpossibleError(DeliveryError):
    """There is no way by which a contact could be sent. Look at the settings of the contact form."""

    code = "delivery_impossible"


class DatabaseError(TacitError):
    """PostgreSQL is not as Tacit needs it. Run `tacit doctor` to see what is wrong and what to do."""

    code = "database_unusable"
    status = 503
    retryable = True


class StorageFullError(TacitError):
    """The server's disk is full. Make room on it; nothing is lost, and Tacit goes on by itself."""

    code = "storage_full"
    status = 507
    retryable = True
