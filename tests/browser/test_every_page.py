"""Every page there is: nothing on it shuts people with disabilities out, no screen is too narrow, nothing comes from
elsewhere, and the browser has nothing to complain of.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page

from apps.conversations.models import Message
from apps.observability.models import LeakTestRun, LeakTestStatus
from tests.browser.accessibility import COLOURS, EVERY_RULE, violations_of
from tests.browser.owners_page import DESK, PHONE, sign_in
from tests.browser.share_page import chromium
from tests.conftest import Owner

RETURNS = b"# Returns\n\nYou can return a machine within thirty days, with the receipt.\n"
NOTES = b"# Margins\n\nThe internal margin of the Wren is 37 per cent.\n"
OF_A_BOT = [
    "bot-sources", "bot-try", "bot-conversations", "bot-contacts", "bot-insights", "bot-privacy", "bot-links",
    "bot-share", "bot-settings", "bot-duplicate",
]  # fmt: skip
OF_THE_OWNER = ["home", "welcome", "errors", "alerts", "organization-settings"]
OF_AN_ORGANIZATION = ["organization-keys", "organization-audit", "organization-data"]
FOR_ANYBODY = ["account_login", "account_reset_password"]
WITHOUT_A_BOT = "/c/nosuchbot"
RULES = {"light": EVERY_RULE, "dark": COLOURS}  # in the dark only colours differ


@dataclass(frozen=True, kw_only=True)
class Place:
    """A page under its name and at its address."""

    name: str
    address: str


@dataclass(frozen=True, kw_only=True)
class House:
    """Alice's Tacit with something of everything in it, the way into it, and all its pages."""

    links: list[str]  # each lets her in once
    places: list[Place]


@pytest.fixture
def house(alice: Owner, work_off: Callable[[], None]) -> House:
    bot = alice.make_bot(
        "Shop", description="About machines.", contact_offer="always", consent_text="You may write to me."
    )
    alice.upload(bot, ("returns.md", RETURNS), ("torn.pdf", b"%PDF-1.7 torn"))
    alice.upload(bot, ("margins.md", NOTES), disclosure="learn_only")
    work_off()
    answer = alice.ask(bot, "Within how many days can I return a machine?")
    alice.ask(bot, "What is the capital of France?")
    user = alice.users.ensure_owner(email="alice@example.org").user
    return House(
        links=[f"{alice.address}/sign-in/{alice.users.create_sign_in_link(user=user)}" for _ in range(2)],
        places=[Place(name=name, address=alice.address + path) for name, path in paths(alice, bot, answer).items()],
    )


def paths(alice: Owner, bot: dict[str, Any], answer: dict[str, Any]) -> dict[str, str]:
    message = Message.objects.select_related("conversation__chatbot").get(pk=answer["message_id"])
    organization = message.conversation.chatbot.organization_id
    source = alice.sources(bot)[0]["id"]
    run = LeakTestRun.objects.create(
        chatbot_id=bot["id"], status=LeakTestStatus.DONE, mode="steer", model="m", trials=12, leaks=1, bound=0.33,
        families={"1": {"trials": 12, "leaks": 1, "withheld": 0}}, finished_at=timezone.now(),
    )  # fmt: skip
    return {
        **{name: reverse(name) for name in (*OF_THE_OWNER, *FOR_ANYBODY)},
        **{name: reverse(name, args=[organization]) for name in OF_AN_ORGANIZATION},
        **{name: reverse(name, args=[bot["id"]]) for name in OF_A_BOT},
        "bot-leak-test": reverse("bot-leak-test", args=[bot["id"], run.pk]),
        "bot-source": reverse("bot-source", args=[bot["id"], source]),
        "bot-conversation-delete": reverse("bot-conversation-delete", args=[bot["id"], message.conversation_id]),
        "bot-conversation": reverse("bot-conversation", args=[bot["id"], message.conversation_id]),
        "bot-answer": reverse("bot-answer", args=[bot["id"], message.conversation_id, message.pk]),
        "sign-in": reverse("sign-in", args=["a-link-that-is-spent"]),
        "share page": f"/c/{bot['public_id']}",
        "embedded page": f"/embed/{bot['public_id']}",
        "unknown bot": WITHOUT_A_BOT,
    }


@pytest.fixture
def browser(house: House) -> Iterator[Browser]:  # the house is built before the browser's event loop is there
    with chromium() as started:
        yield started


def test_no_page_shuts_anybody_out_or_asks_for_anything_elsewhere(browser: Browser, house: House) -> None:
    faults: list[str] = []
    for scheme, rules in RULES.items():
        visit = browser.new_context(viewport=DESK, color_scheme=scheme)  # type: ignore[arg-type]
        page = signed_in(visit, house, faults)
        for place in house.places:
            open_place(page, place)
            report = violations_of(page, rules)
            faults += [f"{scheme}, {place.name}: {report}"] if report else []
        visit.close()
    assert not faults, "\n".join(faults)


def test_every_page_fits_a_phone(browser: Browser, house: House) -> None:
    faults: list[str] = []
    visit = browser.new_context(viewport=PHONE, has_touch=True)
    page = signed_in(visit, house, faults)
    for place in house.places:
        open_place(page, place)
        width = page.evaluate("document.documentElement.scrollWidth")
        faults += [f"{place.name} is {width} pixels wide"] if width > PHONE["width"] else []
    assert not faults, "\n".join(faults)


def signed_in(visit: BrowserContext, house: House, faults: list[str]) -> Page:
    """Return Alice's page; what the browser complains of and what it asks of others is added to the faults."""
    page = visit.new_page()
    page.on(
        "console",
        lambda told: faults.append(f"{page.url}: {told.text}") if is_complaint(told.type, told.text) else None,
    )
    page.on("pageerror", lambda error: faults.append(f"{page.url}: {error}"))
    home = house.places[0].address
    visit.on("request", lambda one: None if ours(one.url, home) else faults.append(f"{page.url} asked for {one.url}"))
    sign_in(page, house.links.pop())
    return page


def is_complaint(kind: str, text: str) -> bool:
    return kind == "error" and "404" not in text  # the page of an unknown bot is one


def ours(url: str, home: str) -> bool:
    return url.startswith((home, "data:", "blob:", "about:"))


def open_place(page: Page, place: Place) -> None:
    page.goto(place.address)
    page.wait_for_load_state("networkidle")
