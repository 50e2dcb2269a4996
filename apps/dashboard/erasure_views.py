"""Deleting what visitors said, for good: one conversation, or everything of one visitor. Each asks once."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from apps.conversations.erasure import erasure
from apps.conversations.models import Conversation
from apps.conversations.services import chat
from apps.core.error_handling import NotFoundError
from apps.dashboard.access import Visit, for_editors, for_members


def conversation(request: HttpRequest, chatbot_id: UUID, conversation_id: UUID) -> HttpResponseBase:
    """Ask whether a conversation is to be deleted, and delete it once that was said."""
    view = delete_conversation if request.method == "POST" else ask_about_conversation
    return view(request, chatbot_id=chatbot_id, conversation_id=conversation_id)


@for_members
def ask_about_conversation(request: HttpRequest, visit: Visit, conversation_id: UUID) -> HttpResponse:
    if not visit.may_change:
        raise PermissionDenied
    return asked_about(request, visit, found(visit, conversation_id))


@for_editors
def delete_conversation(request: HttpRequest, visit: Visit, conversation_id: UUID) -> HttpResponse:
    """Delete the conversation, or all of its visitor's, as the pressed button says."""
    talk, service = found(visit, conversation_id), erasure()
    what = request.POST.get("what", "")
    if what == "conversation":
        service.delete_conversation(talk)
        messages.success(request, "The conversation is deleted.")
    elif what == "visitor":
        service.delete_visitor(visit.chatbot, service.traces_of(talk))
        messages.success(request, "Everything of this visitor is deleted.")
    else:
        return asked_about(request, visit, talk)
    return redirect("bot-conversations", visit.chatbot.pk)


def found(visit: Visit, conversation_id: UUID) -> Conversation:
    talk = chat().of(visit.chatbot).filter(pk=conversation_id).first()
    if talk is None:
        raise Http404
    return talk


def asked_about(request: HttpRequest, visit: Visit, talk: Conversation) -> HttpResponse:
    context = {
        **visit.context("conversations"),
        "conversation": talk,
        "messages_said": talk.messages.count(),
        "traces": erasure().traces_of(talk),
    }
    return render(request, "dashboard/delete_conversation.html", context)


@for_editors
def visitor(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Find all that is of whoever left an e-mail address; ask, and delete it once that was said."""
    email, service = request.POST.get("email", ""), erasure()
    try:
        traces = service.traces_by_email(visit.chatbot, email)
    except NotFoundError as error:
        messages.error(request, str(error))
        return redirect(f"{reverse('bot-settings', args=[visit.chatbot.pk])}#visitors")
    if request.POST.get("sure") != "yes":
        context = {**visit.context("settings"), "traces": traces, "email": email}
        return render(request, "dashboard/delete_visitor.html", context)
    service.delete_visitor(visit.chatbot, traces)
    messages.success(request, "Everything of this visitor is deleted.")
    return redirect(f"{reverse('bot-settings', args=[visit.chatbot.pk])}#visitors")
