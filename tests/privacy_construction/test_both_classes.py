"""The same text citable in one format and learn-only in another: the stricter class wins until the owner decides."""

from collections.abc import Callable
from typing import Any

import pytest

from apps.knowledge.likeness import ALIKE, bands_of, likeness
from apps.retrieval.models import CitablePassage, LearnOnlyPassage
from tests.conftest import Owner
from tests.flows import documents
from tests.privacy_construction.conftest import source_named

HEADING = "Service prices"
LINES = [
    "Replacing the grinder of a Wren costs 84 euros including the work of one technician.",
    "A new pump costs 61 euros and is fitted within three working days at our workshop.",
    "Descaling by our technicians costs 25 euros and takes about an hour and a half.",
    "We collect machines on Tuesdays and return them on Fridays within the city limits.",
]
PDF = ("prices.pdf", documents.pdf([[HEADING, *LINES]]))
WORD = ("internal price list.docx", documents.docx(HEADING, LINES))
OTHER = ("opening.md", b"# Opening hours\n\nThe workshop is open from nine to five, Monday to Friday.\n")
QUESTION = "What does a new pump cost?"
CODE = "in_both_classes"


def warned(owner: Owner, bot: dict[str, Any]) -> set[str]:
    return {
        source["file_name"]
        for source in owner.sources(bot)
        if any(warning["code"] == CODE for warning in source["warnings"])
    }


def told(owner: Owner, bot: dict[str, Any]) -> bool:
    return "61 euros" in owner.ask(bot, QUESTION)["text"]


@pytest.fixture
def shop(alice: Owner, work_off: Callable[[], None]) -> dict[str, Any]:
    """A bot that knows the prices from a citable PDF."""
    bot = alice.make_bot()
    alice.upload(bot, PDF, OTHER)
    work_off()
    assert told(alice, bot)
    assert warned(alice, bot) == set()
    return bot


@pytest.fixture
def both(alice: Owner, shop: dict[str, Any], work_off: Callable[[], None]) -> dict[str, Any]:
    """The prices were added as a learn-only Word document, too."""
    alice.upload(shop, WORD, disclosure="learn_only")
    work_off()
    return shop


def change(owner: Owner, bot: dict[str, Any], name: str, **changes: Any) -> dict[str, Any]:
    address = f"/chatbots/{bot['id']}/sources/{source_named(owner, bot, name)['id']}"
    changed = owner.api.patch(address, json=changes)
    assert changed.status_code == 200, changed.text
    return dict(changed.json())


def test_a_learn_only_copy_in_another_format_takes_the_citable_one_from_visitors(
    alice: Owner, both: dict[str, Any]
) -> None:
    assert not told(alice, both)
    assert warned(alice, both) == {"prices.pdf", "internal price list.docx"}
    assert [passage.title for passage in CitablePassage.objects.all()] == ["Opening hours"]


def test_it_makes_no_difference_which_one_came_first(alice: Owner, work_off: Callable[[], None]) -> None:
    bot = alice.make_bot()
    alice.upload(bot, WORD, disclosure="learn_only")
    work_off()
    alice.upload(bot, PDF)
    work_off()

    assert not CitablePassage.objects.exists()
    assert warned(alice, bot) == {"prices.pdf", "internal price list.docx"}


def test_both_added_at_once_end_the_same_way(alice: Owner, work_off: Callable[[], None]) -> None:
    bot = alice.make_bot()
    alice.upload(bot, WORD, disclosure="learn_only")
    alice.upload(bot, PDF)
    work_off()  # two jobs side by side

    assert not CitablePassage.objects.exists()
    assert warned(alice, bot) == {"prices.pdf", "internal price list.docx"}


@pytest.mark.parametrize("text", ["61 euros", "We collect machines"])
def test_a_source_that_only_shares_a_sentence_stays_as_it_is(
    text: str, alice: Owner, shop: dict[str, Any], work_off: Callable[[], None]
) -> None:
    """A fact may stand in both classes; it is the source that is protected."""
    note = next(line for line in LINES if text in line)
    alice.upload(
        shop,
        ("ticket.md", f"# Ticket 81\n\nCustomer called. {note} She was content.\n".encode()),
        disclosure="learn_only",
    )
    work_off()

    assert told(alice, shop)
    assert warned(alice, shop) == set()


def test_the_owner_accepts_that_both_stand(alice: Owner, both: dict[str, Any]) -> None:
    changed = change(alice, both, "prices.pdf", accept_both=True)

    assert changed["warnings"] == []
    assert told(alice, both)
    assert warned(alice, both) == set()
    assert {passage.title for passage in LearnOnlyPassage.objects.all()} == {HEADING}


def test_the_owner_takes_it_back(alice: Owner, both: dict[str, Any]) -> None:
    change(alice, both, "prices.pdf", accept_both=True)
    change(alice, both, "prices.pdf", accept_both=False)

    assert not told(alice, both)
    assert warned(alice, both) == {"prices.pdf", "internal price list.docx"}


@pytest.mark.parametrize(
    ("name", "changes"),
    [("internal price list.docx", {"disclosure": "citable"}), ("prices.pdf", {"disclosure": "learn_only"})],
)
def test_one_class_for_both_settles_it(name: str, changes: dict[str, str], alice: Owner, both: dict[str, Any]) -> None:
    change(alice, both, name, **changes)

    assert warned(alice, both) == set()
    assert told(alice, both) == (changes["disclosure"] == "citable")


def test_deleting_the_learn_only_copy_brings_the_citable_one_back(alice: Owner, both: dict[str, Any]) -> None:
    source = source_named(alice, both, "internal price list.docx")
    assert alice.api.delete(f"/chatbots/{both['id']}/sources/{source['id']}").status_code == 204

    assert told(alice, both)
    assert warned(alice, both) == set()


def test_a_learn_only_copy_that_is_rewritten_lets_go_of_the_citable_one(
    alice: Owner, both: dict[str, Any], work_off: Callable[[], None]
) -> None:
    other = documents.docx("Margins", ["Our margin on pumps is secret, and nobody but the owner knows what it is."])
    alice.upload(both, (WORD[0], other), disclosure="learn_only")
    work_off()

    assert told(alice, both)
    assert warned(alice, both) == set()


def test_reading_the_citable_one_again_does_not_publish_it(
    alice: Owner, both: dict[str, Any], work_off: Callable[[], None]
) -> None:
    source = source_named(alice, both, "prices.pdf")
    alice.api.post(f"/chatbots/{both['id']}/sources/{source['id']}/retry")
    work_off()
    assert not told(alice, both)
    reworked = documents.pdf([[HEADING, *LINES[:3], LINES[3].replace("Tuesdays", "Mondays")]])
    alice.upload(both, (PDF[0], reworked))
    work_off()

    assert not told(alice, both)
    assert "prices.pdf" in warned(alice, both)


def test_another_chatbot_s_learn_only_sources_have_no_say(
    alice: Owner, shop: dict[str, Any], work_off: Callable[[], None]
) -> None:
    other = alice.make_bot("Other")
    alice.upload(other, WORD, disclosure="learn_only")
    work_off()

    assert told(alice, shop)


def test_one_line_of_an_import_is_withheld_and_the_others_are_not(
    alice: Owner, shop: dict[str, Any], work_off: Callable[[], None]
) -> None:
    lines = "".join(
        f'{{"id": "{number}", "title": "Line {number}", "text": "{line}"}}\n' for number, line in enumerate(LINES)
    )
    alice.upload(shop, ("faq.jsonl", lines.encode()))
    alice.upload(shop, ("note.md", f"{LINES[1]}\n".encode()), disclosure="learn_only")
    work_off()

    assert warned(alice, shop) == {"faq.jsonl", "note.md"}
    citable = set(CitablePassage.objects.values_list("external_id", flat=True))
    assert {"0", "2", "3"} <= citable
    assert "1" not in citable


def test_bands_bring_together_what_is_nearly_the_same_and_not_what_is_half_so() -> None:
    words = [f"word{number}" for number in range(400)]
    text = " ".join(words)
    reworked = " ".join([*words[:390], *(f"new{number}" for number in range(10))])
    unrelated = " ".join(f"other{number}" for number in range(400))

    assert likeness(text, text.upper().replace(" ", "\n")) == 1
    assert likeness(text, reworked) > ALIKE
    assert set(bands_of(text)) & set(bands_of(reworked))
    assert likeness(text, unrelated) == 0
    assert not set(bands_of(text)) & set(bands_of(unrelated))
    assert likeness("", text) == 0
    assert bands_of("") == []


def test_texts_without_spaces_are_compared_by_their_characters() -> None:
    text = "保修期为自购买之日起二十四个月请保留收据并在需要时出示给我们的技术人员"

    assert likeness(text, text[:-2]) > ALIKE
    assert likeness(text, "每两个月用柠檬酸除垢一次然后用清水冲洗两遍并让机器干燥一晚") < 0.1
