"""Lets what Django and ninja refuse by themselves leave as problem+json too, and keeps the API out of caches."""

from collections.abc import Awaitable, Callable

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse

from apps.core.error_handling import MethodNotAllowedError
from apps.core.problems import CONTENT_TYPE, problem_response

Answer = Callable[[HttpRequest], Awaitable[HttpResponse]]


class ApiErrorsMiddleware:
    """Turns a bare 405 of the API into a problem document; the list of allowed methods stays.

    Nothing of the API is kept by a browser or a proxy: what an owner saw must not be served to a visitor, nor what was
    citable an hour ago.
    """

    async_capable = True
    sync_capable = False

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        response = await self.get_response(request)
        if request.path.startswith("/api/"):
            response.headers.setdefault("Cache-Control", "no-store")
        bare = response.status_code == 405 and response.headers.get("Content-Type") != CONTENT_TYPE
        if not (bare and request.path.startswith("/api/")):
            return response
        told = problem_response(MethodNotAllowedError())
        told["Cache-Control"] = "no-store"
        told["Allow"] = response.headers.get("Allow", "")
        return told
