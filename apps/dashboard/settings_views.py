"""A chatbot's settings: sections that are saved one by one, and the language model with a test."""

import asyncio
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from apps.chatbots.budget_service import budget
from apps.chatbots.lifecycle import KEPT_DELETED
from apps.chatbots.models import Chatbot
from apps.chatbots.services import chatbots
from apps.conversations.retention import retention
from apps.core.error_handling import ConflictError, NotFoundError, ValidationError
from apps.dashboard.access import Visit, for_editors, for_members
from apps.dashboard.settings_forms import SECTIONS, TONES, RetentionForm, SectionForm
from apps.rag.llm_service.connection_test import probe_model

# Loaded when a test is asked for: the library behind it takes two seconds and 30 MB.


@for_members
def show(request: HttpRequest, visit: Visit) -> HttpResponse:
    return page(request, visit)


def page(
    request: HttpRequest,
    visit: Visit,
    typed: Mapping[str, SectionForm] | None = None,
    keeping: RetentionForm | None = None,
    **more: Any,
) -> HttpResponse:  # fmt: skip
    """Render all sections; those that were `typed` and refused as they were typed."""
    forms = {name: section.of(visit.chatbot) for name, section in SECTIONS.items()} | dict(typed or {})
    kept = retention().days(visit.chatbot)
    context = {
        **visit.context("settings"),
        "sections": forms,
        "tones": TONES,
        "kept_days": KEPT_DELETED.days,
        "language_model": settings.LANGUAGE_MODEL,
        "retention": keeping or RetentionForm(initial={"days": kept}),
        "budget": budget().this_month(visit.chatbot),
        **more,
    }
    refused = typed or (keeping and keeping.errors)
    return render(request, "dashboard/settings.html", context, status=400 if refused else 200)


@for_editors
def save(request: HttpRequest, visit: Visit, section: str) -> HttpResponse:
    """Save one section; what is wrong is told beside its fields, and what was typed stays."""
    if section not in SECTIONS:
        raise Http404
    form = SECTIONS[section].of(visit.chatbot, request.POST)
    had_secret = visit.chatbot.contact_webhook_secret
    if not form.is_valid() or not saved(visit.chatbot, form):
        return page(request, visit, {section: form})
    secret = visit.chatbot.contact_webhook_secret
    if section == "contact" and secret and secret != had_secret and not form.cleaned_data["contact_webhook_secret"]:
        return shown_once(request, visit, secret)
    messages.success(request, f"{form.title}: saved. It holds from the next question on.")
    return back_to(visit.chatbot, section)


def saved(chatbot: Chatbot, form: SectionForm) -> bool:
    """Hand the section to the service, and its complaints to the form."""
    try:
        chatbots().update(chatbot, **form.changes(chatbot))
    except ConflictError as error:
        form.refuse({"name": str(error)})
    except (ValidationError, NotFoundError) as error:
        form.refuse((error.fields if isinstance(error, ValidationError) else {}) or {"": str(error)})
    else:
        return True
    chatbot.refresh_from_db()
    return False


def shown_once(request: HttpRequest, visit: Visit, secret: str) -> HttpResponse:
    """Show the secret that was made for a webhook, which nobody can look up later."""
    context = {
        **visit.context("settings"),
        "title": "The secret of your webhook",
        "value": secret,
        "lead": "Saved. Give this secret to the program that receives the contacts: by it, it checks that they come"
        " from here. It is shown this once; if it gets lost, type a new one into the settings.",
        "back": f"{reverse('bot-settings', args=[visit.chatbot.pk])}#contact",
    }
    return render(request, "dashboard/shown_once.html", context)


@for_editors
def keep_for(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Choose how long conversations are kept; where some are older already, ask before they go."""
    form, service = RetentionForm(request.POST, label_suffix=""), retention()
    if not form.is_valid():
        return page(request, visit, keeping=form)
    days = form.cleaned_data["days"]
    older = 0 if days is None else service.older(visit.chatbot, days).count()
    if older and request.POST.get("sure") != str(days):
        return page(request, visit, keeping=form, older=older)
    try:
        service.keep_for(visit.chatbot, days)
    except ValidationError as error:
        form.add_error("days", error.fields["days"])
        return page(request, visit, keeping=form)
    messages.success(request, f"Conversations are kept {f'for {days} days' if days else 'until they are deleted'}.")
    return back_to(visit.chatbot, "visitors")


def back_to(chatbot: Chatbot, section: str) -> HttpResponse:
    return HttpResponseRedirect(f"{reverse('bot-settings', args=[chatbot.pk])}#{section}")


@for_editors
def test_model(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Ask the language model for one word, and say what is wrong with it."""
    if settings.LANGUAGE_MODEL is None:
        return back_to(visit.chatbot, "model")
    finding = asyncio.run(probe_model(settings.LANGUAGE_MODEL))
    if request.headers.get("HX-Request"):
        return render(request, "dashboard/model_finding.html", {"finding": finding})
    return page(request, visit, finding=finding)
