"""What a visitor sends by the contact form: what is kept, what is refused, and what the refusal says."""

from typing import Any

import pytest

from apps.chatbots.models import Chatbot
from apps.conversations.contact_form import LONGEST, Submission, checked, form_of, offering_of, phone_key
from apps.core.error_handling import ValidationError

EVERYTHING = ["name", "email", "phone", "company", "message"]


def bot(**settings: Any) -> Chatbot:
    return Chatbot(**{"contact_offer": "unanswered", "contact_fields": EVERYTHING, **settings})


def send(chatbot: Chatbot, consent: bool = False, consent_text: str | None = None, **fields: str) -> Submission:
    form = form_of(chatbot)
    assert form is not None
    return checked(form, fields, consent=consent, consent_text=consent_text)


def refusal(chatbot: Chatbot, **sent: Any) -> dict[str, str]:
    with pytest.raises(ValidationError) as raised:
        send(chatbot, **sent)
    return dict(raised.value.fields)


def test_a_bot_that_offers_no_form_has_none() -> None:
    assert form_of(bot()) is not None
    assert form_of(bot(contact_offer="never")) is None
    assert form_of(bot(contact_fields=["name", "message"])) is None


def test_what_is_sent_is_kept_on_one_line_and_without_invisible_characters() -> None:
    sent = send(bot(), name=" Eve \n Smith\x00 ", email="Eve@Example.ORG ", message=" Hello\r\nthere \x07", company=" ")

    assert dict(sent.fields) == {"name": "Eve Smith", "email": "Eve@Example.ORG", "message": "Hello\nthere"}
    assert sent.email_key == "eve@example.org"


def test_one_way_to_answer_must_be_given() -> None:
    assert set(refusal(bot(), name="Eve")) == {"email"}
    assert set(refusal(bot(contact_fields=["phone"]), phone=" ")) == {"phone"}
    assert send(bot(contact_fields=["name", "phone"]), phone="030 1234567").phone_key == "0301234567"


@pytest.mark.parametrize(
    "wrong", ["eve", "eve@", "@example.org", "eve@example.org, bob@example.org", "a b@example.org"]
)
def test_an_address_that_is_none_is_refused(wrong: str) -> None:
    assert "name@example.org" in refusal(bot(), email=wrong)["email"]


@pytest.mark.parametrize("wrong", ["call me", "12", "1" * 30, "+49 (0) x"])
def test_a_number_that_is_none_is_refused(wrong: str) -> None:
    assert "phone number" in refusal(bot(), email="eve@example.org", phone=wrong)["phone"]


def test_the_same_number_is_the_same_however_it_is_written() -> None:
    written = ["+49 (0) 30 / 123-4567", "0049 30 1234567", "+49301234567", "＋４９ ３０ １２３４５６７", "+٤٩٣٠١٢٣٤٥٦٧"]
    assert {phone_key(one) for one in written} == {"+49301234567"}


def test_fields_that_were_not_asked_for_are_refused_by_name() -> None:
    told = refusal(bot(contact_fields=["email"]), email="eve@example.org", phone="030 1234567", **{"x" * 400: "y"})

    assert set(told) == {"phone", "x" * 50}


@pytest.mark.parametrize("name", EVERYTHING)
def test_too_much_is_refused(name: str) -> None:
    fields = {"email": "eve@example.org", name: "1" * (LONGEST[name] + 1)}
    assert "too long" in refusal(bot(), **fields)[name]


def test_of_megabytes_no_more_than_the_beginning_is_looked_at() -> None:
    kept = send(bot(), email="eve@example.org", message="\x07" * 20_000 + "Hello?")
    assert kept.fields == {"email": "eve@example.org"}


def test_without_consent_nothing_is_taken_and_an_older_text_is_no_consent() -> None:
    asked = bot(consent_text="You may write to me.\nI can withdraw this.")
    fields: dict[str, Any] = {"email": "eve@example.org"}

    assert set(refusal(asked, **fields)) == {"consent"}
    assert "changed" in refusal(asked, consent=True, consent_text="You may write to me.", **fields)["consent"]
    kept = send(asked, consent=True, consent_text="You may write to me.\r\nI can withdraw this.", **fields)
    assert kept.consent_text == asked.consent_text
    assert send(bot(), **fields).consent_text == ""


def test_the_form_is_offered_as_the_owner_chose() -> None:
    wish, question = "Can I talk to a human?", "How long is the warranty?"

    assert not offering_of(bot(contact_offer="never"), wish).holds(answered=False)
    assert offering_of(bot(contact_offer="always"), question).holds(answered=True)
    assert not offering_of(bot(), question).holds(answered=True)
    assert offering_of(bot(), question).holds(answered=False)
    assert offering_of(bot(), wish).holds(answered=True)
