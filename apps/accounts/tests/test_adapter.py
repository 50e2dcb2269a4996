"""Nobody takes an address that may be somebody else's, and nobody locks others out by wrong passwords."""

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from apps.accounts.models import Member, User
from apps.accounts.services import FIRST_OWNER, UserService

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough one"
STRANGER, VISITOR = "203.0.113.9", "198.51.100.7"


@pytest.fixture(autouse=True)
def nothing_counted() -> None:
    cache.clear()


@pytest.fixture
def alice() -> Member:
    return UserService().ensure_owner(email="alice@example.org", organization_name="Alice's shop")


def signed_in_as(user: User) -> Client:
    user.set_password(PASSWORD)
    user.save()
    client = Client()
    signing_in = client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    assert signing_in.status_code == 302
    return client


def take(client: Client, address: str) -> Any:
    """Give oneself another address: add it, and make it the one to sign in with."""
    added = client.post("/accounts/email/", {"action_add": "", "email": address})
    client.post("/accounts/email/", {"action_primary": "", "email": address})
    return added


# Addresses.


def test_mallory_cannot_take_an_address_that_nobody_can_prove(alice: Member) -> None:
    mallory = UserService().ensure_owner(email="mallory@example.org")
    added = take(signed_in_as(mallory.user), "bob@alice.example")
    assert "nobody can tell whether the address is yours" in added.content.decode().replace("&#x27;", "'")
    assert not User.objects.filter(email="bob@alice.example").exists()


def test_the_first_owner_gives_an_address_while_nobody_else_is_here() -> None:
    first = UserService().ensure_owner(email=FIRST_OWNER)
    take(signed_in_as(first.user), "alice@example.org")
    assert User.objects.get().email == "alice@example.org"


def test_with_a_mail_server_an_address_is_proved_by_mail(alice: Member, settings: Any) -> None:
    mallory = UserService().ensure_owner(email="mallory@example.org")
    client = signed_in_as(mallory.user)
    settings.EMAIL_HOST = "mail.example.org"
    added = client.post("/accounts/email/", {"action_add": "", "email": "new@mallory.example"})
    assert added.status_code == 302


def test_who_forgot_a_password_may_say_so_while_signed_in(alice: Member) -> None:
    assert UserService().ensure_owner(email="mallory@example.org")
    asked = signed_in_as(alice.user).post("/accounts/password/reset/", {"email": "Alice@example.org"})
    assert asked.status_code == 302


# Wrong passwords.


def tries(address: str, forwarded: str, password: str) -> str:
    page = Client(REMOTE_ADDR=address, headers={"X-Forwarded-For": forwarded}).post(
        "/accounts/login/", {"login": f"{password[:3]}@example.org", "password": password}
    )
    return str(page.content.decode()) if page.status_code == 200 else str(page.status_code)


@pytest.mark.parametrize("proxy", ["127.0.0.1", "192.0.2.1"])
def test_wrong_passwords_of_one_lock_nobody_else_out_behind_a_proxy(settings: Any, proxy: str) -> None:
    settings.TRUSTED_PROXIES = ["192.0.2.1"]
    wrong = [tries(proxy, STRANGER, f"{number:03} is wrong") for number in range(11)]
    assert "Too many failed login attempts" in wrong[-1]
    assert "Too many failed login attempts" not in tries(proxy, VISITOR, "bob is wrong")
    assert "Too many failed login attempts" not in tries(proxy, f"{STRANGER}, {VISITOR}", "bob is wrong too")


def test_a_strangers_word_of_where_he_comes_from_is_not_believed() -> None:
    wrong = [tries(STRANGER, f"198.51.100.{number}", f"{number:03} is wrong") for number in range(11)]
    assert "Too many failed login attempts" in wrong[-1]


def test_visitors_by_an_ipv6_socket_are_counted_one_by_one() -> None:
    for number in range(11):
        tries("::ffff:127.0.0.1", f"::ffff:{STRANGER}", f"{number:03} is wrong")
    assert "Too many failed login attempts" not in tries("::1", f"::ffff:{VISITOR}", "bob is wrong")
