"""Writes about people: owners, API keys and one-time sign-in links."""

import hashlib
import secrets
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import cast

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.validators import MaxLengthValidator, validate_email
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.accounts import audit
from apps.accounts.actors import acting, by_link
from apps.accounts.audit import Action
from apps.accounts.models import ApiKey, Member, Organization, Role, SignInLink, User
from apps.core.error_handling import AuthenticationError, NotFoundError, ValidationError
from apps.core.services import ServiceRegistry

SCOPES = ("read", "write")
SCOPES_OF_ROLE = {Role.OWNER: ("read", "write"), Role.EDITOR: ("read", "write"), Role.VIEWER: ("read",)}
SIGN_IN_LINK_LIFETIME = timedelta(hours=24)
KEY_PREFIX = "tacit_"
LONGEST_EMAIL = 254  # what RFC 5321 leaves for an address
FIRST_OWNER = "owner@localhost"  # who signs in before anybody has given an e-mail address


@dataclass(frozen=True, kw_only=True, slots=True)
class NewApiKey:
    """A key just made; the only time its text is known."""

    key: ApiKey
    secret: str = field(repr=False)


def digest(secret: str) -> bytes:
    """Return what is stored of a key or token: it is long and random, so a plain hash is enough."""
    return hashlib.sha256(secret.encode()).digest()


def clean_email(text: str) -> str:
    """Return an address as it is kept. Raises ValidationError."""
    email = text.strip().lower()
    try:
        MaxLengthValidator(LONGEST_EMAIL)(email)
        validate_email(email)
    except DjangoValidationError:
        wrong = f"{email!r} is no e-mail address. Write it like name@example.org."
        raise ValidationError(wrong, fields={"email": wrong}) from None
    return email


class UserService:
    """Users, their membership, keys and links."""

    @transaction.atomic
    def ensure_owner(self, *, email: str, organization_name: str = "") -> Member:
        """Return the first membership of `email`, making user and organization if there is none."""
        email = clean_email(email)
        user = User.objects.get_or_create(email=email, defaults={"password": make_password(None)})[0]
        member = Member.objects.filter(user=user).select_related("organization", "user").order_by("created_at").first()
        if member is None:
            organization = self._organization_to_take_over() or Organization.objects.create(
                name=organization_name or f"{email}'s organization"
            )
            member = Member.objects.create(organization=organization, user=user, role=Role.OWNER)
            audit.record(Action.MEMBER_ADDED, audit.member_subject(member), role=member.role)
        return member

    @staticmethod
    def _organization_to_take_over() -> Organization | None:
        """What the command line made before anybody gave an e-mail address belongs to the first who does."""
        taken = Member.objects.exclude(user__email=FIRST_OWNER).values("organization")
        return Organization.objects.exclude(pk__in=taken).order_by("created_at").first()

    @transaction.atomic
    def default_organization(self) -> Organization:
        """Return the oldest organization, making one if there is none (for the command line)."""
        return Organization.objects.order_by("created_at").first() or Organization.objects.create(
            name="My organization"
        )

    @transaction.atomic
    def create_api_key(self, *, member: Member, name: str = "", scopes: Iterable[str] = ()) -> NewApiKey:
        """Make a key for `member`; without `scopes` it may do what the member's role may."""
        allowed = SCOPES_OF_ROLE[Role(member.role)]
        wanted = tuple(scopes) or allowed
        if unknown := set(wanted) - set(allowed):
            raise ValidationError(
                f"This key can't have {', '.join(sorted(unknown))}. Choose from: {', '.join(allowed)}."
            )
        secret = KEY_PREFIX + secrets.token_urlsafe(32)
        key = ApiKey.objects.create(
            member=member, name=name, prefix=secret[:12], key_hash=digest(secret), scopes=list(wanted)
        )
        audit.record(Action.KEY_CREATED, audit.key_subject(key), scopes=key.scopes, owner=member.user.email)
        return NewApiKey(key=key, secret=secret)

    def keys_of(self, member: Member) -> QuerySet[ApiKey]:
        """Return the valid keys that a member may see and revoke: an owner everybody's, others their own."""
        keys = ApiKey.objects.filter(member__organization=member.organization_id, revoked_at=None)
        seen = keys if member.role == Role.OWNER else keys.filter(member=member)
        return seen.select_related("member__user").order_by("created_at")

    def authenticate_key(self, secret: str) -> ApiKey:
        """Return the living key whose text is `secret`. Raises AuthenticationError for any other."""
        key = (
            ApiKey.objects.filter(key_hash=digest(secret), revoked_at=None, member__user__is_active=True)
            .select_related("member__organization", "member__user")
            .first()
        )
        if key is None:
            raise AuthenticationError
        key.scopes = [scope for scope in key.scopes if scope in SCOPES_OF_ROLE[Role(key.member.role)]]
        now = timezone.now()
        if key.last_used_at is None or now - key.last_used_at > timedelta(minutes=1):
            ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
        return key

    @transaction.atomic
    def revoke_api_key(self, *, member: Member, key_id: uuid.UUID) -> None:
        """End a key of the member's organization; it fails from the next request on."""
        keys = ApiKey.objects.filter(pk=key_id, member__organization=member.organization, revoked_at=None)
        key = keys.select_related("member__user").first()
        if key is None or not keys.update(revoked_at=timezone.now()):
            raise NotFoundError("There is no such key in your organization. `tacit key list` shows the keys there are.")
        audit.record(Action.KEY_REVOKED, audit.key_subject(key), owner=key.member.user.email)

    @transaction.atomic
    def create_sign_in_link(self, *, user: User, lifetime: timedelta = SIGN_IN_LINK_LIFETIME) -> str:
        """Return a token that signs `user` in once, within a day if nothing else is said."""
        token = secrets.token_urlsafe(32)
        SignInLink.objects.create(user=user, token_hash=digest(token), expires_at=timezone.now() + lifetime)
        audit.record_of_user(Action.SIGN_IN_LINK_CREATED, user)
        return token

    @transaction.atomic
    def redeem_sign_in_link(self, token: str) -> User:
        """Return the user whom `token` signs in, and use it up.

        Raises AuthenticationError for a spent or unknown one.
        """
        link = (
            SignInLink.objects.select_for_update()
            .filter(token_hash=digest(token), used_at=None, expires_at__gt=timezone.now(), user__is_active=True)
            .select_related("user")
            .first()
        )
        if link is None:
            raise AuthenticationError(
                "This link was used already or is too old. Run `tacit sign-in-link` on the server for a new one, or ask"
                " an owner of your organization."
            )
        link.used_at = timezone.now()
        link.save(update_fields=["used_at"])
        with acting(by_link(link.user)):
            audit.record_of_user(Action.SIGNED_IN, link.user)
        return link.user


def users() -> UserService:
    """Return the service of people, keys and sign-in links."""
    return cast("UserService", ServiceRegistry.get("users"))
