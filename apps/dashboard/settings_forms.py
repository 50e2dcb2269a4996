"""The sections of a chatbot's settings page: what each asks for; the rules themselves are the chatbot service's."""

import secrets
from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms

from apps.chatbots.languages import LANGUAGES
from apps.chatbots.models import Chatbot, ContactOffer, Tone
from apps.chatbots.setting_rules import CONTACT_FIELDS, LONGEST_MESSAGE_LIMIT, SHORTEST_MESSAGE_LIMIT
from apps.conversations.limits import server_limits
from apps.conversations.retention import FEWEST_DAYS, MOST_DAYS

FIELD_NAMES = {
    "name": "Name", "email": "E-mail address", "phone": "Phone number", "company": "Company", "message": "Message",
}  # fmt: skip
NAMED = "A chatbot needs a name of 1 to 200 characters."
DAYS = f"Choose {FEWEST_DAYS} to {MOST_DAYS:,} days, or leave it empty to keep them."
AS_ASKED = "As it is asked in, where that can be told"
TONES = {
    Tone.PLAIN: "Says what is, and no more.",
    Tone.FRIENDLY: "Warm and simple, as a kind colleague speaks.",
    Tone.FORMAL: "Polite and formal; where a language knows a formal “you”, that one.",
    Tone.BRIEF: "One sentence where one is enough.",
}


class SectionForm(forms.Form):
    """Some settings that belong together and are saved by themselves; each field is named as the setting."""

    title: ClassVar[str]
    lead: ClassVar[str] = ""

    @classmethod
    def of(cls, chatbot: Chatbot, data: Mapping[str, Any] | None = None) -> "SectionForm":
        initial = {name: getattr(chatbot, name) for name in cls.base_fields}
        return cls(data, initial=initial, label_suffix="")

    def changes(self, chatbot: Chatbot) -> dict[str, Any]:
        """Return the settings as they were typed."""
        return dict(self.cleaned_data)

    def refuse(self, wrong: Mapping[str, str]) -> None:
        """Show beside each field what the service says of it; what belongs to none stands above them."""
        for name, sentence in wrong.items():
            self.add_error(name if name in self.fields else None, sentence)


class AboutForm(SectionForm):
    title = "Name and language"
    lead = "How visitors know this chatbot."

    name = forms.CharField(
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": NAMED, "max_length": NAMED},
    )
    description = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="What it is for, in one sentence. Visitors read it before they ask, and so do search engines.",
    )
    language = forms.ChoiceField(
        required=False,
        choices=[("", AS_ASKED), *LANGUAGES.items()],
        help_text="Visitors are answered in the language they ask in. Where that can’t be told, in this one; the page"
        " around the chat speaks it too.",
    )


class AnswersForm(SectionForm):
    title = "How it answers"
    lead = "Tone and instructions are for the language model. Without one, answers are sentences of your sources."

    tone = forms.ChoiceField(choices=Tone.choices, widget=forms.RadioSelect)
    instructions = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="How it should speak, and what to point out: “Call our customers guests. Mention that we deliver on"
        " Saturdays.” What is true comes from your sources alone.",
    )
    welcome_message = forms.CharField(
        required=False,
        label="Greeting",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="The first thing that visitors read.",
    )
    unanswered_message = forms.CharField(
        required=False,
        label="When it can’t answer",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="What visitors can do then: “Call us on 555 0100, Monday to Friday.” It is shown below “I don’t"
        " know”.",
    )


class LimitsForm(SectionForm):
    title = "Limits"
    lead = "So that nobody uses up what is for all. Leave a field empty for this server’s own limit."

    visitor_messages_per_minute = forms.IntegerField(
        required=False, label="Questions of one visitor in a minute", help_text="Visitors are slowed down before it."
    )
    visitor_messages_per_day = forms.IntegerField(required=False, label="Questions of one visitor in a day")
    messages_per_day = forms.IntegerField(required=False, label="Questions of all visitors in a day")
    open_streams = forms.IntegerField(required=False, label="Answers at the same time")
    longest_message = forms.IntegerField(
        required=False,
        label="Characters of a question",
        help_text=f"{SHORTEST_MESSAGE_LIMIT} to {LONGEST_MESSAGE_LIMIT:,}.",
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        usual = server_limits()
        servers = {
            "visitor_messages_per_minute": usual.per_minute,
            "visitor_messages_per_day": usual.per_day,
            "messages_per_day": usual.bot_per_day,
            "open_streams": usual.open_streams,
            "longest_message": usual.longest_message,
        }
        for name, limit in servers.items():
            told = "No limit" if limit is None else f"{limit:,}, the server’s"
            self.fields[name].widget = forms.TextInput(attrs={"inputmode": "numeric", "placeholder": told})


class BudgetForm(SectionForm):
    title = "Budget"
    lead = (
        "What the language model may use up in a calendar month. After that, answers are sentences of your sources, "
        "and nobody is turned away."
    )

    monthly_cost = forms.DecimalField(
        required=False,
        label="Money in a month",
        widget=forms.TextInput(attrs={"inputmode": "decimal", "placeholder": "No limit"}),
        help_text="In the currency in which this server’s operator gave the model’s prices.",
    )
    monthly_tokens = forms.IntegerField(
        required=False,
        label="Tokens in a month",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "placeholder": "No limit"}),
        help_text="Read and written together. An answer takes about 2,000.",
    )


class ContactSectionForm(SectionForm):
    title = "Contact form"
    lead = "So that a visitor reaches a person. What comes in stands under Contacts, and is sent on from there."

    contact_offer = forms.ChoiceField(
        choices=ContactOffer.choices, widget=forms.RadioSelect, label="When it is offered"
    )
    contact_fields = forms.MultipleChoiceField(
        required=False,
        choices=[(name, FIELD_NAMES[name]) for name in CONTACT_FIELDS],
        widget=forms.CheckboxSelectMultiple,
        label="What it asks for",
        help_text="An e-mail address or a phone number is needed, or nobody could answer.",
    )
    consent_text = forms.CharField(
        required=False,
        label="Consent",
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What visitors tick before they send it. These very words are kept with every contact. Empty: nothing"
        " is asked.",
    )
    contact_email = forms.CharField(
        required=False,
        label="Send contacts to this e-mail address",
        widget=forms.EmailInput(attrs={"autocomplete": "off", "placeholder": "shop@example.org"}),
    )
    contact_webhook_url = forms.CharField(
        required=False,
        label="Post contacts to this address (webhook)",
        widget=forms.URLInput(attrs={"autocomplete": "off", "placeholder": "https://example.org/contacts"}),
        help_text="For another program: each contact as signed JSON.",
    )
    contact_webhook_secret = forms.CharField(
        required=False,
        label="Secret of the webhook",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="By this the program checks that a contact comes from here.",
    )

    def changes(self, chatbot: Chatbot) -> dict[str, Any]:
        """An empty secret keeps the one there is; the first address gets one made, and no address needs none."""
        wanted = super().changes(chatbot)
        if not wanted["contact_webhook_url"].strip():
            return {**wanted, "contact_webhook_secret": ""}
        kept = chatbot.contact_webhook_secret
        wanted["contact_webhook_secret"] = wanted["contact_webhook_secret"] or kept or secrets.token_urlsafe(32)
        return wanted


class RetentionForm(forms.Form):
    """How long conversations are kept."""

    days = forms.IntegerField(
        required=False,
        min_value=FEWEST_DAYS,
        max_value=MOST_DAYS,
        error_messages={"min_value": DAYS, "max_value": DAYS},
        label="Keep conversations for so many days",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "placeholder": "Until they are deleted"}),
        help_text="Counted from the last message; after that they go by themselves. Contacts stay.",
    )


SECTIONS: Mapping[str, type[SectionForm]] = {
    "about": AboutForm,
    "answers": AnswersForm,
    "limits": LimitsForm,
    "budget": BudgetForm,
    "contact": ContactSectionForm,
}
