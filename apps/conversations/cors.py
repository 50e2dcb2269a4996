"""Lets pages of the sites that an owner allowed talk to the visitor API: preflights, and the header on every answer."""

import re
from collections.abc import Awaitable, Callable

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse

from apps.chatbots.services import published_chatbot
from apps.conversations.guard import check_origin
from apps.core.database.threads import in_database
from apps.core.error_handling import TacitError

VISITOR_API = re.compile(r"/api/v1/chat/([^/]+)/")
ALLOWED_HEADERS = "Content-Type, Authorization, Accept, Last-Event-ID, Idempotency-Key"
Answer = Callable[[HttpRequest], Awaitable[HttpResponse]]


class AllowedSitesMiddleware:
    """Adds `Access-Control-Allow-Origin` to the visitor API's answers, errors too, for allowed sites only."""

    async_capable = True
    sync_capable = False

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        called = VISITOR_API.match(request.path)
        if called is None or not request.headers.get("Origin"):
            return await self.get_response(request)
        origin = await in_database(allowed_origin, request, called[1])
        preflight = request.method == "OPTIONS"
        response = HttpResponse(status=204) if preflight else await self.get_response(request)
        response["Vary"] = "Origin"
        response["Cache-Control"] = "no-store"
        if origin:
            response["Access-Control-Allow-Origin"] = origin
            response["Access-Control-Expose-Headers"] = "Retry-After"
        if origin and preflight:
            response["Access-Control-Allow-Methods"] = "GET, POST"
            response["Access-Control-Allow-Headers"] = ALLOWED_HEADERS
            response["Access-Control-Max-Age"] = "600"
        return response


def allowed_origin(request: HttpRequest, public_id: str) -> str:
    """Return the page's origin if the chatbot's owner allowed it, else ""; an unknown bot allows none."""
    try:
        return check_origin(request, published_chatbot(public_id))
    except TacitError:
        return ""
