"""Every address of the product."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views import defaults

from apps.core.error_handling import NotFoundError, TacitError, ValidationError
from apps.core.problems import problem_response
from config.api import api

urlpatterns = [
    path("api/v1/", api.urls),
    path("accounts/", include("allauth.urls")),
    path("", include("apps.observability.urls")),
    path("", include("apps.widget.urls")),
    path("", include("apps.dashboard.urls")),
]


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith("/api/"):
        return problem_response(NotFoundError())
    return defaults.page_not_found(request, exception)


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith("/api/"):
        return problem_response(ValidationError())
    return defaults.bad_request(request, exception)


def handler500(request: HttpRequest, *args: Any) -> HttpResponse:
    if request.path.startswith("/api/"):
        return problem_response(TacitError())
    return defaults.server_error(request)
