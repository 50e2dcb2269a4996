"""What Tacit claims about a chatbot's learn-only sources, and the check that the claim's ground holds."""

from dataclasses import dataclass

from django.conf import settings

from apps.chatbots.models import Chatbot, LearnOnlyUse
from apps.core.database.requirements import check_learn_only_unreadable

CLAIMS = {
    LearnOnlyUse.SEALED: "Learn-only sources have no influence on what visitors see.",
    LearnOnlyUse.STEER: (
        "Learn-only text never reaches the model or a visitor. It may influence which citable passages are chosen."
    ),
}
# Steering and the output filter are not built yet: every chatbot is served as `sealed`, whatever it is set to.
BUILT = {LearnOnlyUse.SEALED}


@dataclass(frozen=True, kw_only=True, slots=True)
class Promise:
    """How a chatbot really uses its learn-only sources, and the sentence that its owner may publish."""

    mode: LearnOnlyUse
    claim: str


class PrivacyService:
    """The privacy of one installation."""

    def promise(self, chatbot: Chatbot) -> Promise:
        """Return the mode that is in force for a chatbot, with its claim word for word."""
        wanted = LearnOnlyUse(chatbot.learn_only_use)
        mode = wanted if wanted in BUILT else LearnOnlyUse.SEALED
        return Promise(mode=mode, claim=CLAIMS[mode])

    def verify(self) -> None:
        """Raise DatabaseError when the visitor login can read what it must not."""
        check_learn_only_unreadable(settings.VISITOR_DATABASE)
