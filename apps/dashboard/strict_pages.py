"""Gives every page that says nothing of its own about scripts and frames the owner's pages' strict rules."""

from collections.abc import Awaitable, Callable

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse

from apps.dashboard.access import HEADERS

Answer = Callable[[HttpRequest], Awaitable[HttpResponse]]
POLICY = "Content-Security-Policy"
ELSEWHERE = ("/api/",)  # the API's reference page brings scripts of its own


class StrictPagesMiddleware:
    """Home, sign-in, the account's pages and errors: whatever is HTML and has no policy gets ours."""

    async_capable = True
    sync_capable = False

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        response = await self.get_response(request)
        is_page = response.get("Content-Type", "").startswith("text/html")
        if is_page and POLICY not in response and not request.path.startswith(ELSEWHERE):
            for name, value in HEADERS.items():
                response[name] = value
        return response
