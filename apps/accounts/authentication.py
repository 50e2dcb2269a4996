"""Who asks: the owner API's key, and what its scopes and role allow."""

from typing import Any

from django.http import HttpRequest
from ninja.security import HttpBearer

from apps.accounts.actors import become, by_key
from apps.accounts.models import ApiKey, Member
from apps.accounts.services import users
from apps.core.error_handling import AuthenticationError, PermissionDeniedError

READING = {"GET", "HEAD", "OPTIONS"}


class OwnerKey(HttpBearer):
    """`Authorization: Bearer KEY`; a key without `write` may only read."""

    def __call__(self, request: HttpRequest) -> Any:
        if not request.headers.get("Authorization", "").strip():
            raise AuthenticationError
        return super().__call__(request)

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey:
        key = users().authenticate_key(token)
        needed = "read" if request.method in READING else "write"
        if needed not in key.scopes:
            raise PermissionDeniedError(f"This key may only {' and '.join(key.scopes)}. Use one that may {needed}.")
        become(by_key(key))
        return key


def member_of(request: HttpRequest) -> Member:
    """Return on whose behalf an authenticated request comes."""
    member: Member = request.auth.member  # type: ignore[attr-defined]  # ninja puts what `authenticate` returned there
    return member
