"""Alice's settings in a real browser: what she sets visitors see, keys open and close the API, and people come in."""

import re
import zipfile
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Download, Page, expect

from tests.browser.accessibility import is_sound
from tests.browser.owners_page import DESK, PHONE, link_for, sign_in
from tests.browser.share_page import chromium, complaints_of
from tests.conftest import Owner

REFUSED = "400 (Bad Request)"  # what the browser notes of a form that came back


@pytest.fixture
def bot(alice: Owner) -> dict[str, Any]:
    return alice.make_bot("Shop")


@pytest.fixture
def link(alice: Owner) -> str:
    """A link that signs Alice in."""
    return link_for(alice)


@pytest.fixture
def browser(bot: dict[str, Any], link: str) -> Iterator[Browser]:  # the fixtures before it use the database
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser, link: str) -> Iterator[Page]:
    """Alice's browser, signed in; it may complain of nothing but a form that was refused."""
    opened = visit(browser, link)
    complaints = complaints_of(opened)
    yield opened
    assert [one for one in complaints if REFUSED not in one] == []


def visit(browser: Browser, link: str) -> Page:
    """Open a browser of somebody's own, and come in by a link."""
    opened = browser.new_context(viewport=DESK).new_page()
    sign_in(opened, link)
    return opened


def settings_of(alice: Owner, bot: dict[str, Any]) -> str:
    return f"{alice.address}/dashboard/bots/{bot['id']}/settings"


def check_for_everybody(page: Page) -> None:
    """Look for what shuts people out, and whether the page fits a phone."""
    is_sound(page)
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    page.set_viewport_size(DESK)


def test_what_alice_sets_is_what_visitors_see(page: Page, alice: Owner, bot: dict[str, Any]) -> None:
    page.goto(settings_of(alice, bot))
    about, answers = page.locator("#about"), page.locator("#answers")
    about.get_by_label("Name").fill("The Old Boathouse")
    about.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").filter(has_text="saved")).to_be_visible()
    expect(page).to_have_url(re.compile("#about$"))
    answers.get_by_label("Greeting").fill("Ahoy! What would you like to know?")
    answers.get_by_role("radio", name="Friendly").check()
    answers.get_by_role("button", name="Save").click()
    expect(page).to_have_url(re.compile("#answers$"))
    assert alice.api.get(f"/chatbots/{bot['id']}").json()["tone"] == "friendly"

    page.goto(f"{alice.address}/c/{bot['public_id']}")
    expect(page.get_by_role("heading", name="The Old Boathouse")).to_be_visible()
    expect(page.get_by_text("Ahoy! What would you like to know?")).to_be_visible()


def test_a_mistake_is_told_beside_its_field_by_keyboard_alone(page: Page, alice: Owner, bot: dict[str, Any]) -> None:
    page.goto(settings_of(alice, bot))
    limit = page.get_by_label("Characters of a question")
    limit.focus()
    page.keyboard.type("20")
    page.keyboard.press("Enter")
    expect(limit).to_have_attribute("aria-invalid", "true")
    expect(limit).to_have_accessible_description(re.compile("Choose a whole number from 50 to 4,000"))
    expect(limit).to_have_value("20")
    expect(page.locator("#limits").get_by_role("alert")).to_be_visible()
    check_for_everybody(page)
    assert alice.api.get(f"/chatbots/{bot['id']}").json()["longest_message"] is None


def test_a_key_is_made_copied_used_and_revoked(page: Page, alice: Owner) -> None:
    page.goto(f"{alice.address}/dashboard/organization/")
    page.get_by_role("link", name="API keys").click()
    page.get_by_label("What is it for?").fill("Nightly import")
    page.get_by_role("radio", name="Read and write").check()
    page.get_by_role("button", name="Make the key").click()
    secret = page.get_by_label("Copy it now").input_value()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("status").filter(has_text="Copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == secret
    check_for_everybody(page)
    assert asked_with(secret, alice).status_code == 200

    page.get_by_role("link", name="Done").click()
    row = page.get_by_role("row", name=re.compile("Nightly import"))
    expect(row).not_to_contain_text(secret)
    row.get_by_role("link", name="Revoke").click()
    check_for_everybody(page)
    page.get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("row", name=re.compile("Nightly import"))).to_have_count(0)
    assert asked_with(secret, alice).status_code == 401


def asked_with(secret: str, alice: Owner) -> httpx.Response:
    return httpx.get(f"{alice.address}/api/v1/chatbots", headers={"Authorization": f"Bearer {secret}"})


def test_who_is_invited_comes_in_by_the_link_looks_at_everything_and_changes_nothing(
    page: Page, browser: Browser, alice: Owner, bot: dict[str, Any]
) -> None:
    page.goto(f"{alice.address}/dashboard/organization/")
    page.get_by_label("E-mail address").fill("victor@example.org")
    page.get_by_label("Role", exact=True).select_option("viewer")
    page.get_by_role("button", name="Invite").click()
    invitation = page.get_by_label("Copy it now").input_value()
    page.get_by_role("link", name="Done").click()
    expect(page.get_by_role("row", name=re.compile("victor@example.org"))).to_contain_text("Has not come in yet")

    victor = visit(browser, invitation)
    victor.goto(settings_of(alice, bot))
    expect(victor.get_by_label("Greeting")).to_be_disabled()
    expect(victor.get_by_role("button", name=re.compile("^(Save|Delete|Archive|Look)"))).to_have_count(0)
    victor.goto(f"{alice.address}/dashboard/organization/")
    expect(victor.get_by_text("You are viewer here")).to_be_visible()
    expect(victor.get_by_role("button", name="Invite")).to_have_count(0)
    page.reload()
    expect(page.get_by_role("row", name=re.compile("victor@example.org"))).not_to_contain_text("Has not come in yet")


def test_the_last_owner_stays(page: Page, alice: Owner) -> None:
    page.goto(f"{alice.address}/dashboard/organization/")
    page.get_by_label("Role of alice@example.org").select_option("viewer")
    page.get_by_role("button", name="Change the role of alice@example.org").click()
    expect(page.get_by_role("alert")).to_contain_text("An organization needs an owner")
    expect(page.get_by_label("Role of alice@example.org")).to_have_value("owner")
    check_for_everybody(page)


def kept_file(download: Download) -> list[str]:
    """Return the originals in an export."""
    with zipfile.ZipFile(download.path()) as zipped:
        return [zipped.read(name).decode() for name in zipped.namelist() if name.startswith("originals/")]


def test_alice_takes_her_data_with_her(page: Page, alice: Owner, bot: dict[str, Any]) -> None:
    alice.upload(bot, ("hours.txt", b"Open at nine."))
    page.goto(f"{alice.address}/dashboard/organization/")
    page.get_by_role("link", name="Data").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download all of it").click()
    assert download.value.suggested_filename == "tacit-export.zip"
    assert kept_file(download.value) == ["Open at nine."]
    page.get_by_label("With the files of all sources").uncheck()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download all of it").click()
    assert kept_file(download.value) == []


def test_a_conversation_is_deleted_from_its_page(page: Page, alice: Owner, bot: dict[str, Any]) -> None:
    answer = httpx.post(
        f"{alice.address}/api/v1/chat/{bot['public_id']}/messages", json={"message": "Hello!"}, timeout=60
    ).json()
    page.goto(f"{alice.address}/dashboard/bots/{bot['id']}/conversations")
    page.get_by_role("link", name="Hello!").first.click()
    page.get_by_role("link", name="Delete this conversation").click()
    check_for_everybody(page)
    page.get_by_role("button", name="Delete this conversation").click()
    expect(page.get_by_role("status").filter(has_text="deleted")).to_be_visible()
    gone = httpx.get(
        f"{alice.address}/api/v1/chat/{bot['public_id']}/conversation",
        headers={"Authorization": f"Bearer {answer['conversation_token']}"},
    )
    assert gone.status_code == 404
