"""What django-allauth asks us: who may sign up, who may take a new address, and where a request comes from."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from apps.accounts.invitation_mail import mail_is_sent
from apps.accounts.models import Organization
from apps.core.client_address import parsed, visitor_address

UNPROVEN_ADDRESS = (
    "This server sends no e-mail, so nobody can tell whether the address is yours, and other organizations are here"
    " too. Keep the address you have, or ask whoever runs the server to set up a mail server (TACIT_EMAIL_HOST)."
)
NOWHERE = "unknown"  # all whose address can't be told are counted as one


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Closes sign-up unless the server's operator opened it, and keeps people from each other's addresses."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return bool(settings.SIGN_UP_OPEN)

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> Any:
        """Keep the address in the form that sign-in looks for."""
        user = super().save_user(request, user, form, commit=False)
        user.email = user.email.lower()
        if commit:
            user.save()
        return user

    def clean_email(self, email: str) -> str:
        """Refuse who is signed in a new address that nobody can prove. Raises Django's ValidationError.

        An invitation by another organization would let them into it. Alone on a server, an organization may.
        """
        email = str(super().clean_email(email))
        user = getattr(self.request, "user", None)
        changes = user is not None and user.is_authenticated and email.lower() != user.email
        if changes and not mail_is_sent() and Organization.objects.count() > 1:
            raise ValidationError(UNPROVEN_ADDRESS, code="unproven_address")
        return email

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return whom failed sign-ins are counted for: the visitor behind our proxy, not the proxy."""
        return str(parsed(visitor_address(request)) or NOWHERE)
