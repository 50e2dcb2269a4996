"""Records sign-ins with a password or at another provider, as allauth tells of them."""

from typing import Any

from allauth.account.signals import user_logged_in
from django.dispatch import receiver

from apps.accounts import audit
from apps.accounts.actors import acting, signed_in
from apps.accounts.audit import Action
from apps.accounts.models import User


@receiver(user_logged_in)
def note_sign_in(sender: object, user: User, **signal: Any) -> None:
    with acting(signed_in(user)):
        audit.record_of_user(Action.SIGNED_IN, user)
