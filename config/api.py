"""The API: its routers, its documentation, and how errors leave it."""

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import DataError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError as NinjaAuthenticationError
from ninja.errors import HttpError
from ninja.errors import ValidationError as NinjaValidationError

from apps.accounts.audit_views import router as audit
from apps.chatbots.api_views import router as chatbots
from apps.chatbots.usage_views import router as usage
from apps.conversations.answer_views import router as answers
from apps.conversations.api_views import owner_router as conversations
from apps.conversations.api_views import visitor_router as chat
from apps.conversations.contact_views import owner_router as contacts
from apps.conversations.contact_views import visitor_router as contact
from apps.conversations.proof_views import router as proofs
from apps.conversations.retention_views import router as retention
from apps.core.error_handling import (
    AuthenticationError,
    NotFoundError,
    RequestTooLargeError,
    TacitError,
    ValidationError,
)
from apps.core.problems import problem_response, unexpected
from apps.knowledge.api_views import router as sources
from apps.knowledge.link_views import router as links
from apps.observability.alert_views import router as alerts
from apps.observability.error_views import router as recorded_errors
from apps.observability.leaktest.api_views import router as leak_tests
from apps.retrieval.api_views import router as search
from apps.widget.api_views import router as widget

api = NinjaAPI(
    title="Tacit",
    version="1",
    description="Owners use a key (`Authorization: Bearer KEY`); visitors need none. Errors are RFC 9457 problem+json.",
    docs_url="/docs",
)
api.add_router("/chatbots", chatbots)
api.add_router("/chatbots/{uuid:chatbot_id}/usage", usage)
api.add_router("/chatbots/{uuid:chatbot_id}/sources", sources)
api.add_router("/chatbots/{uuid:chatbot_id}/links", links)
api.add_router("/chatbots/{uuid:chatbot_id}/search", search)
api.add_router("/chatbots/{uuid:chatbot_id}/conversations", conversations)
api.add_router("/chatbots/{uuid:chatbot_id}/conversations", proofs)
api.add_router("/chatbots/{uuid:chatbot_id}/retention", retention)
api.add_router("/chatbots/{uuid:chatbot_id}/leaktests", leak_tests)
api.add_router("/chat/{public_id}", chat)
api.add_router("/chat/{public_id}", widget)
api.add_router("/chat/{public_id}", answers)
api.add_router("/chat/{public_id}", contact)
api.add_router("/chatbots/{uuid:chatbot_id}/contacts", contacts)
api.add_router("/audit", audit)
api.add_router("/errors", recorded_errors)
api.add_router("/alerts", alerts)


@api.exception_handler(TacitError)
def ours(request: HttpRequest, error: TacitError) -> HttpResponse:
    fields = error.fields if isinstance(error, ValidationError) else {}
    return problem_response(error, errors=[{"field": name, "reason": reason} for name, reason in fields.items()])


@api.exception_handler(NinjaValidationError)
def wrong_shape(request: HttpRequest, error: NinjaValidationError) -> HttpResponse:
    """Say which fields are wrong and why, without repeating what was sent."""
    errors: list[dict[str, Any]] = [
        {"field": ".".join(str(part) for part in one["loc"] if part not in {"body", "payload"}), "reason": one["msg"]}
        for one in error.errors
    ]
    fields = ", ".join(sorted({one["field"] or "body" for one in errors}))
    return problem_response(
        ValidationError(f"These fields are missing or wrong: {fields}. The reasons stand in `errors`."), errors=errors
    )


@api.exception_handler(NinjaAuthenticationError)
def no_key(request: HttpRequest, error: NinjaAuthenticationError) -> HttpResponse:
    return problem_response(AuthenticationError())


@api.exception_handler(Http404)
def nothing_there(request: HttpRequest, error: Http404) -> HttpResponse:
    return problem_response(NotFoundError())


@api.exception_handler(HttpError)
def bad_request(request: HttpRequest, error: HttpError) -> HttpResponse:
    """What ninja refuses before a view runs: a body that is no JSON, for one."""
    return problem_response(ValidationError("The body is no valid JSON. Send a JSON object in UTF-8."))


@api.exception_handler(RequestDataTooBig)
def too_large(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return problem_response(RequestTooLargeError())


@api.exception_handler(DataError)
def not_storable(request: HttpRequest, error: DataError) -> HttpResponse:
    """What PostgreSQL can't keep: text with NUL characters, for one."""
    return problem_response(ValidationError("The text holds characters that can't be stored. Send plain text."))


@api.exception_handler(Exception)
def anything_else(request: HttpRequest, error: Exception) -> HttpResponse:
    return unexpected(request, error)
