"""People: users, organizations, who belongs to them, and the keys and links they come in by."""

import uuid
from datetime import datetime
from typing import Any, ClassVar, NoReturn

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone


class Role(models.TextChoices):
    OWNER = "owner", "Owner"
    EDITOR = "editor", "Editor"
    VIEWER = "viewer", "Viewer"


class UserManager(BaseUserManager["User"]):
    """Makes users, who are known by their e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser, PermissionsMixin):
    """Somebody who signs in."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(unique=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []


class Organization(models.Model):
    """A business; everything that belongs to somebody belongs to one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200)
    members: "models.ManyToManyField[User, Member]" = models.ManyToManyField(User, through="Member")
    created_at = models.DateTimeField(default=timezone.now)


class Member(models.Model):
    """A user in an organization, with a role."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.VIEWER)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["organization", "user"], name="one_membership_each")]


class ApiKey(models.Model):
    """A key for the owner API: shown once, kept as a hash."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=200, blank=True)
    prefix = models.CharField(max_length=16)
    key_hash = models.BinaryField(max_length=32, unique=True)
    scopes = ArrayField(models.CharField(max_length=10))
    created_at = models.DateTimeField(default=timezone.now)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)


class SignInLink(models.Model):
    """A link that signs a user in once, kept as a hash."""

    user = models.ForeignKey(User, on_delete=models.CASCADE)
    token_hash = models.BinaryField(max_length=32, unique=True)
    expires_at: "models.DateTimeField[datetime, datetime]" = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


ONLY_GROWS = "The audit trail only grows: its entries are neither changed nor deleted."


class AppendOnly(models.QuerySet["AuditEntry"]):
    """Rows that are added and read, and never changed or taken away."""

    def update(self, **changes: Any) -> NoReturn:
        raise TypeError(ONLY_GROWS)

    def delete(self) -> NoReturn:
        raise TypeError(ONLY_GROWS)

    def bulk_update(self, *args: Any, **options: Any) -> NoReturn:
        raise TypeError(ONLY_GROWS)


class AuditEntry(models.Model):
    """Who did what to what, and when; a trigger in the database refuses every change to it.

    Nothing is a foreign key but the organization, with which its trail goes: an entry outlives the user, the key and
    the thing it tells of.
    """

    organization = models.ForeignKey(  # the migration adds the constraint, with ON DELETE CASCADE
        Organization, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    at = models.DateTimeField(default=timezone.now)
    action = models.CharField(max_length=40)
    actor_kind = models.CharField(max_length=12)
    actor_label = models.TextField()
    user_id = models.UUIDField(null=True)
    key_id = models.UUIDField(null=True)
    chatbot_id = models.UUIDField(null=True)
    object_kind = models.CharField(max_length=20)
    object_id = models.CharField(max_length=64)
    object_name = models.CharField(max_length=300, blank=True)
    details = models.JSONField(default=dict)

    objects = AppendOnly.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["organization", "-id"]),
            models.Index(fields=["organization", "at"]),
            models.Index(fields=["chatbot_id", "-id"]),
        ]

    def save(self, *args: Any, **options: Any) -> None:
        if not self._state.adding:
            raise TypeError(ONLY_GROWS)
        super().save(*args, **options)

    def delete(self, *args: Any, **options: Any) -> NoReturn:
        raise TypeError(ONLY_GROWS)
