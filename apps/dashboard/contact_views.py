"""A chatbot's contacts for its owner: read, mark, delete, send again, export, and try out where they are sent."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from apps.accounts import audit
from apps.accounts.audit import Action
from apps.conversations.contact_export import csv_lines
from apps.conversations.contact_form import form_of
from apps.conversations.contact_mail import mail_test
from apps.conversations.contact_models import Channel, Contact, ContactState
from apps.conversations.contact_webhook import post_test
from apps.conversations.contacts import contacts
from apps.core.error_handling import ConflictError, NotFoundError, TacitError
from apps.dashboard.access import Visit, for_editors, for_members
from apps.dashboard.contact_list import ContactFilter, listed, ways_of

DAY = timedelta(days=1)
TESTS_A_DAY = 20  # of an organization: a test writes to whatever address an editor typed
ENOUGH_TESTS = f"Your organization has sent {TESTS_A_DAY} tests within a day, as many as it may. Try again tomorrow."
MARKED = {ContactState.DONE: "Marked as done.", ContactState.NEW: "Open again."}


@for_members
def show(request: HttpRequest, visit: Visit) -> HttpResponse:
    """List the contacts, the latest first, with what became of their deliveries."""
    wanted = ContactFilter.of(request.GET)
    page = wanted.page(visit.chatbot, request.GET.get("page"))
    if page.paginator.count:
        audit.record(Action.CONTACTS_OPENED, visit.chatbot)
    context = {
        **visit.context("contacts"),
        "form": form_of(visit.chatbot),
        "ways": ways_of(visit.chatbot),
        "wanted": wanted,
        "choices": wanted.choices(visit.chatbot),
        "page": page,
        "listed": [listed(contact) for contact in page],
        "is_empty": not Contact.objects.filter(chatbot=visit.chatbot).exists(),
        "tested": request.session.pop(tested_in(visit), None),
    }
    return render(request, "dashboard/contacts.html", context)


@for_editors
def mark(request: HttpRequest, visit: Visit, contact_id: UUID, state: str) -> HttpResponse:
    """Mark a contact as done or as new; the toast takes it back."""
    if state in ContactState.values and (contact := found(visit, contact_id)):
        contacts().mark(contact, state=ContactState(state))
        other = ContactState.NEW if state == ContactState.DONE else ContactState.DONE
        undo = reverse("bot-contact-mark", args=[visit.chatbot.pk, contact_id, other])
        messages.success(request, MARKED[ContactState(state)], extra_tags=undo)
    return back_to_list(request, visit)


@for_editors
def delete(request: HttpRequest, visit: Visit, contact_id: UUID) -> HttpResponse:
    """Delete a contact; the page has asked before."""
    if contact := found(visit, contact_id):
        contacts().delete(contact)
        messages.success(request, "The contact is deleted.")
    return back_to_list(request, visit)


@for_editors
def send_again(request: HttpRequest, visit: Visit, contact_id: UUID, delivery_id: UUID) -> HttpResponse:
    """Begin a delivery anew."""
    if contact := found(visit, contact_id):
        try:
            contacts().send_again(contact, delivery_id=delivery_id)
            messages.success(request, "It is being sent again.")
        except (ConflictError, NotFoundError) as error:
            messages.error(request, str(error))
    return back_to_list(request, visit)


@for_editors
def test_way(request: HttpRequest, visit: Visit, channel: str) -> HttpResponse:
    """Send a test by one of the ways and say what came of it, in place where the page has its script."""
    tests: dict[str, Callable[[Any], object]] = {Channel.WEBHOOK: post_test, Channel.EMAIL: mail_test}
    if channel not in tests:
        return back_to_list(request, visit)
    told = {"channel": channel, "problem": ""}
    if audit.lately(visit.chatbot.organization_id, Action.CONTACT_DELIVERY_TESTED, DAY).count() >= TESTS_A_DAY:
        told["problem"] = ENOUGH_TESTS
    else:
        told["problem"] = problem_of(tests[channel], visit)
        audit.record(Action.CONTACT_DELIVERY_TESTED, visit.chatbot, channel=channel, arrived=not told["problem"])
    if request.headers.get("HX-Request"):
        return render(request, "dashboard/contact_tested.html", {"tested": told})
    request.session[tested_in(visit)] = told
    return back_to_list(request, visit)


def problem_of(test: Callable[[Any], object], visit: Visit) -> str:
    try:
        test(visit.chatbot)
    except TacitError as error:
        return str(error)
    return ""


@for_members
def export(request: HttpRequest, visit: Visit) -> HttpResponse | StreamingHttpResponse:
    """Hand out the contacts that are shown, or all of them, as CSV."""
    wanted = ContactFilter.of(request.GET)
    audit.record(Action.CONTACTS_EXPORTED, visit.chatbot, format="csv")
    response = HttpResponse("".join(csv_lines(wanted.contacts(visit.chatbot).iterator(200))), content_type="text/csv")
    response["Content-Disposition"] = 'attachment; filename="contacts.csv"'
    return response


def found(visit: Visit, contact_id: UUID) -> Contact | None:
    """Return a contact, or None when somebody deleted it meanwhile."""
    try:
        return contacts().get(chatbot=visit.chatbot, contact_id=contact_id)
    except NotFoundError:
        return None


def tested_in(visit: Visit) -> str:
    return f"contact test of {visit.chatbot.pk}"


def back_to_list(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Return to the list as it was shown."""
    wanted = ContactFilter.of(request.POST).address
    address = reverse("bot-contacts", args=[visit.chatbot.pk])
    return redirect(f"{address}?{wanted}" if wanted else address)
