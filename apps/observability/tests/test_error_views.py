"""What went wrong on the server is for owners to read; who looks on sees what their own organization met."""

import pytest
from django.test import Client

from apps.accounts.models import Member, Role, User
from apps.accounts.services import UserService
from apps.incidents.models import ErrorOccurrence

pytestmark = pytest.mark.django_db


def codes_seen_by(member: Member) -> list[str]:
    key = UserService().create_api_key(member=member).secret
    told = Client().get("/api/v1/errors", headers={"Authorization": f"Bearer {key}"})
    assert told.status_code == 200
    return [error["code"] for error in told.json()]


def test_errors_of_the_server_are_told_to_keys_of_owners_alone() -> None:
    alice = UserService().ensure_owner(email="alice@example.org")
    victor, bob = (
        Member.objects.create(
            organization=alice.organization, user=User.objects.create_user(f"{role}@example.org"), role=role
        )
        for role in (Role.VIEWER, Role.EDITOR)
    )
    ErrorOccurrence.objects.create(fingerprint="ab", kind="unhandled", code="internal_error", process="web")
    ErrorOccurrence.objects.create(
        organization=alice.organization, fingerprint="cd", kind="source", code="document_empty", process="worker"
    )
    assert codes_seen_by(alice) == ["document_empty", "internal_error"]
    assert codes_seen_by(bob) == codes_seen_by(victor) == ["document_empty"]
