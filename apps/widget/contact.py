"""The contact form as the page shows it: the allow-list of what of it visitors may know."""

from collections.abc import Mapping
from dataclasses import dataclass

from apps.chatbots.models import Chatbot
from apps.conversations.contact_form import LONGEST, form_of

# What a field is to a browser: its type, and what it may fill it in with.
KINDS: Mapping[str, tuple[str, str]] = {
    "name": ("text", "name"),
    "email": ("email", "email"),
    "phone": ("tel", "tel"),
    "company": ("text", "organization"),
    "message": ("lines", "off"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownField:
    """One field of the form."""

    name: str
    label: str
    kind: str
    autocomplete: str
    longest: int
    required: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownForm:
    """When the form is offered, what it asks for, and what one agrees to."""

    offer: str
    fields: tuple[ShownField, ...]
    consent_text: str


def contact_shown(chatbot: Chatbot, words: Mapping[str, str]) -> ShownForm | None:
    """Return the form of a chatbot that offers one, with its labels in the page's language."""
    form = form_of(chatbot)
    if form is None:
        return None
    fields = (
        ShownField(
            name=name,
            label=words[f"contact_{name}"],
            kind=KINDS[name][0],
            autocomplete=KINDS[name][1],
            longest=LONGEST[name],
            required=name == form.required,
        )
        for name in form.fields
    )
    return ShownForm(offer=form.offer, fields=tuple(fields), consent_text=form.consent_text)
