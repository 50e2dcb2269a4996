"""Kinds of faults that were met in real documents: each document goes in and is asked, as a visitor would."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Owner
from tests.flows.documents import pdf, pptx, xlsx

SPARES = b"""The seal KR-880-A fits the Tern mixer and costs 6 dollars.
The seal KR-880-B fits the Tern Mini mixer and costs 7 dollars.
The whisk WSK_0031 fits the Tern blender and costs 11 dollars.
Fault F31 means that the lid is open. Fault F13 means that the bowl is missing."""
PARCELS = b"Delivery to Lund takes three days. Delivery to Odense takes four days.\nShipping costs 5.20 dollars."
TRIPS = (
    b"The tram to Nore costs 4 dollars. The tram to Vale costs 6 dollars. The tram to Ashby leaves at ten. "
    b"Ms. Varga teaches drawing. Mr. Holm teaches sewing."
)
CLASSES = b"""# Classes

## Drawing

The drawing class is held by Ms. Varga. It costs 60 dollars and takes place on Tuesdays.

## Sewing

The sewing class is held by Mr. Holm. It costs 75 dollars and takes place on Fridays.
"""
BROWSERS = b"# Browsers\n\nWe support the following browsers:\n\n- Firefox\n- Chromium\n- Safari\n"
KESTREL = b"# Kestrel\n\nTo install Kestrel, run:\n\n```bash\nkestrel get --port 8080\nkestrel start\n```\n"
ROOMS = (
    b"The boiler is in Bldg. 7 beside the gate. The library is kept in Rm. 310 of the tower. "
    b"Dr. Imani lives at Apt. 5 on the hill. Die Hausnr. 12 steht leer."
)
MARKS = b"The tower was built in 1888 [4]. In the list b[2] is the last value. The decree [1997] forbids fires."
NAMES = b"The start-up hook is called __begin__ and runs first. Write *dot* to mark a word."
MEMBERS = "Die Schlüssel für den Schuppen bekommt man bei Frau Schröder in der Mühlgasse 3.".encode()
THAI = "ร้านเปิดเวลาเก้าโมงเช้าถึงหกโมงเย็น ปิดวันพุธ ที่จอดรถอยู่หลังร้าน".encode()
REACH = b"You can reach us at desk@tern.example or +1 (555) 010-0177."
TOURS = (
    b"<html><head><title>Tours</title></head><body><main><p>The lighthouse museum shows lamps and ropes from three "
    b"centuries and has welcomed visitors since 1950.</p><h1>Tours</h1><p>Tours are booked on "
    b'<a href="https://book.example.net/tours">our booking page</a>, at least a day before.</p></main></body></html>'
)
BAKERY = (
    b"<html><head><title>Bakery Sol</title></head><body><header><h1>Bakery Sol</h1></header><main><p>We bake bread "
    b"every night in an old stone oven, for the neighbours and for guests from far away.</p></main><footer><p>"
    b"Opening hours: Wed to Sun, 7 to 15. 4 Hill Lane, Orme. Phone 555 0121.</p></footer></body></html>"
)
PLANS = (
    b"<html><head><title>Prices</title></head><body><main><h1>Prices</h1>"
    b'<div class="card"><h3>Solo</h3><div>&euro;7 per month</div><div>1 seat</div></div>'
    b'<div class="card"><h3>Crew</h3><div>&euro;21 per month</div><div>5 seats</div></div></main></body></html>'
)
POSTAGE = xlsx({
    "Postage": [
        ("Zone", "Letter", "", "Box", ""), ("", "up to 30 g", "up to 60 g", "up to 1 kg", "up to 3 kg"),
        ("Home", "0.85", "1.35", "4.90", "7.20"), ("Abroad", "1.15", "2.10", "14.00", "21.00"),
    ],
})  # fmt: skip


@pytest.fixture
def asked(alice: Owner, work_off: Callable[[], None]) -> Callable[..., dict[str, object]]:
    def ask(file: tuple[str, bytes], *turns: str) -> dict[str, object]:
        bot = alice.make_bot()
        alice.upload(bot, file)
        work_off()
        token = None
        for turn in turns:
            answer = alice.ask(bot, turn, token)
            token = answer["conversation_token"]
        return answer

    return ask


@pytest.mark.parametrize(
    ("file", "turns", "right", "wrong"),
    [
        (("parts.md", SPARES), ["What does the seal KR-880-A cost?"], "6 dollars", "7 dollars"),
        (("trips.md", TRIPS), ["What does the tram to Nore cost?", "And to Vale?"], "6 dollars", "4 dollars"),
        (("classes.md", CLASSES), ["Who holds the drawing class?", "What does it cost?", "And the sewing class?"],
         "75 dollars", "60 dollars"),
        (("browsers.md", BROWSERS), ["Which browsers do you support?"], "- Firefox\n- Chromium\n- Safari", "\0"),
        (("kestrel.md", KESTREL), ["How do I install Kestrel?"],
         "```\nkestrel get --port 8080\nkestrel start\n```", "\0"),
        (("rooms.txt", ROOMS), ["Where is the boiler?"], "Bldg. 7 beside the gate", "\0"),
        (("rooms.txt", ROOMS), ["Welches Haus steht leer?"], "Die Hausnr. 12 steht leer", "\0"),
        (("marks.txt", MARKS), ["What is b[2]?"], "b[2] is the last value", "\0"),
        (("marks.txt", MARKS), ["Which decree forbids fires?"], "The decree [1997] forbids fires", "\0"),
        (("names.txt", NAMES), ["What is the start-up hook called?"], "__begin__", "\0"),
        (("members.md", MEMBERS), ["Schroeder"], "Frau Schröder", "\0"),
        (("shop.txt", THAI), ["ที่จอดรถ"], "ที่จอดรถอยู่หลังร้าน", "\0"),
        (("reach.txt", REACH), ["What is your e-mail address?"], "desk@tern.example", "\0"),
        (("reach.txt", REACH), ["What is your phone number?"], "+1 (555) 010-0177", "\0"),
        (("tours.html", TOURS), ["Where can I book a tour online?"], "https://book.example.net/tours", "\0"),
        (("bakery.html", BAKERY), ["When are you open?"], "Wed to Sun, 7 to 15", "\0"),
        (("plans.html", PLANS), ["What does Solo cost?"], "€7 per month", "€21"),
        (("postage.xlsx", POSTAGE), ["What does a home letter up to 60 g cost?"], "up to 60 g: 1.35", "0.85"),
    ],
)  # fmt: skip
def test_a_visitor_gets_what_is_right_and_nothing_of_another(
    asked: Callable[..., dict[str, object]], file: tuple[str, bytes], turns: list[str], right: str, wrong: str
) -> None:
    answer = asked(file, *turns)
    assert answer["answered"] is True
    assert right in str(answer["text"])
    assert wrong not in str(answer["text"])
    assert answer["citations"]


@pytest.mark.parametrize(
    ("file", "question", "missing"),
    [
        (("parts.md", SPARES), "What does the seal KR-880-D cost?", "KR-880-D"),
        (("parts.md", SPARES), "What does fault F32 mean?", "F32"),
        (("parts.md", SPARES), "How much is the whisk for the Tern mixer?", "mixer"),
        (("parcels.md", PARCELS), "How long does delivery to Madrid take?", "Madrid"),
    ],
)
def test_what_is_asked_about_and_is_not_there_is_named(
    asked: Callable[..., dict[str, object]], file: tuple[str, bytes], question: str, missing: str
) -> None:
    answer = asked(file, question)
    assert answer["answered"] is False
    assert str(answer["text"]).startswith(f"I found nothing on {missing}.")


@pytest.mark.parametrize(
    "file",
    [
        ("three.pdf", pdf([("Halls", "The hall is wide."), ("Stairs", "The stairs are steep."),
                           ("Wells", "The well is in room three.")])),
        ("three.pptx", pptx([("Halls", "The hall is wide.", ""), ("Stairs", "The stairs are steep.", ""),
                             ("Wells", "The well is in room three.", "")])),
    ],
)  # fmt: skip
def test_a_citation_leads_to_the_page_of_its_quote(
    asked: Callable[..., dict[str, Any]], file: tuple[str, bytes]
) -> None:
    citation = asked(file, "Where is the well?")["citations"][0]
    assert "room three" in citation["quote"]
    assert citation["page"] == 3


def test_what_is_word_for_word_in_the_text_is_so_in_html(asked: Callable[..., dict[str, object]]) -> None:
    html = str(asked(("names.txt", NAMES), "What is the start-up hook called?")["html"])
    assert "__begin__" in html
    assert "*dot*" in html


def test_an_address_in_an_answer_can_be_opened(asked: Callable[..., dict[str, object]]) -> None:
    html = str(asked(("tours.html", TOURS), "Where can I book a tour online?")["html"])
    assert 'href="https://book.example.net/tours"' in html
