"""The owner API for the proof of an answer."""

from uuid import UUID

from django.http import HttpRequest
from ninja import Path, Router

from apps.accounts import audit
from apps.accounts.audit import Action
from apps.accounts.authentication import OwnerKey
from apps.chatbots.api_views import chatbot_of
from apps.conversations.proof import Proof, proof_of
from apps.conversations.services import chat
from apps.core.error_handling import NotFoundError

router = Router(auth=OwnerKey(), tags=["Conversations"])


@router.get(
    "/{uuid:conversation_id}/messages/{uuid:message_id}/proof",
    response=Proof,
    summary="See how an answer came about: passages with scores, what was held back, timings",
)
def show_proof(request: HttpRequest, chatbot_id: Path[UUID], conversation_id: UUID, message_id: UUID) -> Proof:
    conversation = chat().of(chatbot_of(request, chatbot_id)).filter(pk=conversation_id).first()
    if conversation is None:
        raise NotFoundError("This chatbot has no conversation with that id.")
    message = chat().answer_of(conversation, message_id)
    audit.record(Action.CONVERSATION_OPENED, conversation, message=str(message.pk))
    return proof_of(message)
