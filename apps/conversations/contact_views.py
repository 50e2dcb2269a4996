"""The API for contacts: a visitor leaves word, and the owner reads, marks, deletes and sends again."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Header, Path, Query, Router, Schema, Status
from pydantic import ConfigDict, Field

from apps.accounts import audit
from apps.accounts.audit import Action
from apps.accounts.authentication import OwnerKey
from apps.chatbots.api_views import chatbot_of
from apps.chatbots.models import Chatbot
from apps.chatbots.services import NO_SUCH_CHATBOT, published_chatbot
from apps.conversations.contact_form import checked, form_of
from apps.conversations.contact_models import Contact, ContactDelivery, ContactMessage, ContactState
from apps.conversations.contacts import LONGEST_KEY, contacts
from apps.conversations.guard import check_origin, check_rate
from apps.core.error_handling import NotFoundError

visitor_router = Router(tags=["Visitors"])
owner_router = Router(auth=OwnerKey(), tags=["Contacts"])
State = Literal["new", "done"]
RequestKey = Annotated[str, Header(alias="Idempotency-Key", max_length=LONGEST_KEY)]


class ContactIn(Schema):
    """What a visitor sends; `consent_text` is the text that was agreed to, as the page showed it."""

    fields: dict[str, str] = Field(description="The fields that the owner chose: name, email, phone, company, message.")
    consent: bool = False
    consent_text: str | None = None
    conversation_token: str = Field("", max_length=200)
    message_id: UUID | None = Field(None, description="The answer under which the form was offered.")


class ReceivedOut(Schema):
    model_config = ConfigDict(extra="forbid")

    received: bool


@visitor_router.post("/contact", response={201: ReceivedOut}, summary="Leave word for a person")
def give_contact(
    request: HttpRequest, public_id: Path[str], payload: ContactIn, request_key: RequestKey = ""
) -> Status[ReceivedOut]:
    """A bot that offers no form and one that does not exist are the same."""
    chatbot = published_chatbot(public_id)
    form = form_of(chatbot)
    if form is None:
        raise NotFoundError(NO_SUCH_CHATBOT)
    check_origin(request, chatbot)
    check_rate(request, chatbot)
    submission = checked(form, payload.fields, consent=payload.consent, consent_text=payload.consent_text)
    contacts().take(
        chatbot=chatbot,
        submission=submission,
        request_key=request_key,
        conversation_token=payload.conversation_token,
        message_id=payload.message_id,
    )
    return Status(201, ReceivedOut(received=True))


class DeliveryOut(Schema):
    id: UUID
    channel: str
    state: str
    attempts: int
    last_error: str
    next_try_at: datetime | None
    delivered_at: datetime | None


class ContactMessageOut(Schema):
    number: int
    fields: dict[str, str]
    consent_text: str
    consented_at: datetime | None
    conversation_id: UUID | None
    created_at: datetime
    deliveries: list[DeliveryOut]

    @staticmethod
    def resolve_deliveries(message: ContactMessage) -> list[ContactDelivery]:
        return list(message.deliveries.all())


class ContactOut(Schema):
    id: UUID
    state: str
    name: str
    email: str
    phone: str
    company: str
    created_at: datetime
    last_message_at: datetime
    messages: list[ContactMessageOut]

    @staticmethod
    def resolve_messages(contact: Contact) -> list[ContactMessage]:
        return list(contact.messages.all())


class ContactQuery(Schema):
    q: str = Field("", max_length=200, description="Words that stand in its fields or messages.")
    state: State | None = None
    offset: int = Field(0, ge=0)
    limit: int = Field(50, ge=1, le=500)


class ContactChanges(Schema):
    state: State


@owner_router.get("", response=list[ContactOut], summary="List a chatbot's contacts, the latest first")
def list_contacts(request: HttpRequest, chatbot_id: Path[UUID], asked: Query[ContactQuery]) -> list[Contact]:
    chatbot = chatbot_of(request, chatbot_id)
    audit.record(Action.CONTACTS_OPENED, chatbot)
    found = contacts().of(chatbot, search=asked.q, state=asked.state or "")
    return list(found[asked.offset : asked.offset + asked.limit])


@owner_router.get("/{uuid:contact_id}", response=ContactOut, summary="Show a contact")
def show_contact(request: HttpRequest, chatbot_id: Path[UUID], contact_id: UUID) -> Contact:
    chatbot, contact = contact_of(request, chatbot_id, contact_id)
    audit.record(Action.CONTACTS_OPENED, chatbot)
    return contact


@owner_router.patch("/{uuid:contact_id}", response=ContactOut, summary="Mark a contact as done, or as new again")
def change_contact(request: HttpRequest, chatbot_id: Path[UUID], contact_id: UUID, payload: ContactChanges) -> Contact:
    _, contact = contact_of(request, chatbot_id, contact_id)
    contacts().mark(contact, state=ContactState(payload.state))
    contact.refresh_from_db(fields=["state"])
    return contact


@owner_router.delete("/{uuid:contact_id}", response={204: None}, summary="Delete a contact")
def delete_contact(request: HttpRequest, chatbot_id: Path[UUID], contact_id: UUID) -> Status[None]:
    _, contact = contact_of(request, chatbot_id, contact_id)
    contacts().delete(contact)
    return Status(204, None)


@owner_router.post(
    "/{uuid:contact_id}/deliveries/{uuid:delivery_id}/retry", response={202: DeliveryOut}, summary="Send it again"
)
def send_again(
    request: HttpRequest, chatbot_id: Path[UUID], contact_id: UUID, delivery_id: UUID
) -> Status[ContactDelivery]:
    _, contact = contact_of(request, chatbot_id, contact_id)
    return Status(202, contacts().send_again(contact, delivery_id=delivery_id))


def contact_of(request: HttpRequest, chatbot_id: UUID, contact_id: UUID) -> tuple[Chatbot, Contact]:
    """Return a contact of who asks. Raises NotFoundError."""
    chatbot = chatbot_of(request, chatbot_id)
    return chatbot, contacts().get(chatbot=chatbot, contact_id=contact_id)
