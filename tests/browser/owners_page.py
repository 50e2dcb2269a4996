"""An owner's browser: signed in by a link, at a page of the dashboard, with nothing to complain of."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, ViewportSize

from tests.browser.share_page import chromium, complaints_of
from tests.conftest import Owner

PHONE: ViewportSize = {"width": 375, "height": 812}
DESK: ViewportSize = {"width": 1280, "height": 900}


def link_for(owner: Owner) -> str:
    """Return an address that signs the owner in once; to be made before a browser's event loop is there."""
    token = owner.users.create_sign_in_link(user=owner.users.ensure_owner(email="alice@example.org").user)
    return f"{owner.address}/sign-in/{token}"


def sign_in(page: Page, link: str) -> None:
    """Come in by a link, and wait until one is in."""
    page.goto(link)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/sign-in/" not in url)


@contextmanager
def owners_page(owner: Owner, path: str = "", *, screen: ViewportSize = DESK) -> Iterator[Page]:
    """Open a page of the owner's by its path (`dashboard/errors`, "" for home); the browser may complain of nothing."""
    link = link_for(owner)
    with chromium() as browser:
        page = browser.new_page(viewport=screen, reduced_motion="reduce")
        complaints = complaints_of(page)
        sign_in(page, link)
        page.goto(f"{owner.address}/{path}")
        yield page
        assert complaints == []
