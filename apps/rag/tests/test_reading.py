"""What is quoted without a language model: whole blocks, of the thing that was asked about, or nothing."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from apps.core.chunking import Block, BlockKind, Part, chunk_blocks
from apps.core.embedding_service import EmbeddingResult, EmbeddingService, FakeEmbeddingService
from apps.core.error_handling import ProviderUnavailableError
from apps.core.reader.fake import FakeReader
from apps.rag.context_builder import Context
from apps.rag.languages import no_answer
from apps.rag.passages.structure import units_of
from apps.rag.reading.asked import asked_in, missing_from
from apps.rag.reading.blocks import blocks_of
from apps.rag.reading.reading import Reader
from apps.rag.reading.result import ReadContext, read_context
from apps.rag.tests.shop import ShopHit, hit, shop_context

P, H, L, R, C = (
    BlockKind.PARAGRAPH,
    BlockKind.HEADING,
    BlockKind.LIST_ITEM,
    BlockKind.TABLE_ROW,
    BlockKind.CODE,
)


def passage(number: int, title: str, *blocks: tuple[BlockKind, str], **more: object) -> ShopHit:
    """Return a hit that consists of blocks, as the index keeps them."""
    _, (chunk,) = chunk_blocks([Block(kind=kind, text=words) for kind, words in blocks])
    return hit(number, title, chunk.text, layout=chunk.layout, heading_path=chunk.heading_path, **more)


@pytest.fixture
def ask(local_embeddings: EmbeddingService, local_reader: Reader):  # type: ignore[no-untyped-def]
    def read(question: str, *hits: ShopHit, language: str = "en") -> ReadContext:
        context = shop_context(*hits)
        return read_context(question, context, language=language, embeddings=local_embeddings, reader=local_reader)

    return read


def said(read: ReadContext) -> str:
    return "".join(checked.text for checked in read.quoted())


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("How long is the warranty?", "The warranty lasts 24 months from the date of purchase."),
        ("Are batteries covered?", "Batteries are not covered."),
        ("What does the X100 cost?", "Model: X100; Price: 20 EUR; Weight: 3 kg"),
        ("What is the weight of the X200?", "Model: X200; Price: 30 EUR; Weight: 4 kg"),
        ("Can I return a cleaner?", "Yes, within 30 days of purchase. Keep the receipt."),
        ("Who founded Acme?", "Acme was founded by Jane Miller in Hamburg on 7 February 1998."),
        (
            "How do I clean the filter?",
            "1. Switch the cleaner off.\n2. Open the lid and take out the filter.\n3. Rinse",
        ),
    ],
)
def test_a_question_gets_the_block_that_answers_it(ask, question: str, expected: str) -> None:  # type: ignore[no-untyped-def]
    assert expected in said(ask(question))


@pytest.mark.parametrize(
    "question",
    [
        "Who won the world cup in 2014?",
        "What is the weather like today?",
        "Is the moon made of cheese?",
        "How do I reset my password?",
        "asdf qwer",
        "?",
    ],
)
def test_what_the_passages_do_not_answer_is_not_answered(ask, question: str) -> None:  # type: ignore[no-untyped-def]
    assert said(ask(question)) == ""


def test_a_list_comes_whole_with_what_announces_it(ask) -> None:  # type: ignore[no-untyped-def]
    read = ask(
        "Which parts are not covered by the warranty?",
        passage(1, "Manual", (P, "These parts are not covered:"), (L, "filters"), (L, "brushes"), (P, "It is blue.")),
    )
    assert "These parts are not covered:\n\n- filters\n- brushes" in said(read)


def test_a_list_right_after_a_paragraph_belongs_to_it(ask) -> None:  # type: ignore[no-untyped-def]
    read = ask(
        "What are the levels of membership?",
        passage(1, "Club", (P, "Membership has three levels."), (L, "Guest"), (L, "Friend"), (L, "Patron")),
    )
    assert said(read).startswith("Membership has three levels.\n\n- Guest\n- Friend\n- Patron")


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        (
            "What the warranty does not cover",
            "What the warranty does not cover\n\n- damage from frost\n- scratches [1]",
        ),
        ("What does the warranty not cover?", "- damage from frost\n- scratches [1]"),
    ],
)
def test_items_that_no_sentence_announces_come_under_their_heading(ask, heading: str, expected: str) -> None:  # type: ignore[no-untyped-def]
    items = passage(1, "Manual", (H, heading), (L, "damage from frost"), (L, "scratches"))
    assert said(ask("What is not covered by the warranty?", items)) == expected


def test_commands_come_as_code_after_the_line_that_announces_them(ask) -> None:  # type: ignore[no-untyped-def]
    read = ask(
        "How do I install Kestrel?",
        passage(1, "Kestrel", (P, "To install Kestrel, run:"), (C, "kestrel get --all\nkestrel start")),
    )
    assert said(read) == "To install Kestrel, run:\n\n```\nkestrel get --all\nkestrel start\n```\n[1]"


def test_steps_that_were_cut_between_two_passages_come_in_order(ask) -> None:  # type: ignore[no-untyped-def]
    first = passage(1, "Kettle", (L, "1. Fill the kettle with water."), (L, "2. Add a spoon of salt."))
    second = passage(2, "Kettle", (L, "3. Boil it and wait an hour."), (L, "4. Rinse the kettle twice."))
    same: dict[str, Any] = {"document_id": first.document_id, "heading_path": ("Cleaning the kettle",)}
    read = ask("How do I clean the kettle?", replace(second, **same), replace(first, **same))
    steps = [line[:2] for line in said(read).splitlines() if line[:1].isdigit()]
    assert steps == ["1.", "2.", "3.", "4."]
    assert [citation.n for checked in read.quoted() for citation in checked.citations] == [1, 2]


def test_items_keep_their_numbers_and_their_levels() -> None:
    _, (chunk,) = chunk_blocks([
        Block(kind=P, text="Options:"), Block(kind=L, text="colour", level=0), Block(kind=L, text="red", level=1),
    ])  # fmt: skip
    assert [(part.kind, part.level) for part in chunk.layout] == [(P, 0), (L, 0), (L, 1)]


FARES = "The bus to Hale costs 3 dollars. The bus to Orme costs 7 dollars. The bus to Penn leaves at nine."


def test_of_sentences_alike_only_the_one_about_what_was_asked_is_shown(ask) -> None:  # type: ignore[no-untyped-def]
    assert (
        said(ask("What does the bus to Orme cost?", hit(1, "Buses", FARES))) == "The bus to Orme costs 7 dollars. [1]"
    )


def test_both_of_two_things_that_are_compared_are_shown(ask) -> None:  # type: ignore[no-untyped-def]
    shown = said(ask("What do the bus to Hale and the bus to Orme cost?", hit(1, "Buses", FARES)))
    assert "3 dollars" in shown
    assert "7 dollars" in shown


PARTS = (
    "The hose KL-301-A fits the Merlin pump and costs 9 dollars. "
    "The hose KL-301-B fits the Merlin Mini pump and costs 8 dollars. The lid LD_7 fits the Merlin kettle."
)


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        ("What does the hose KL-301-C cost?", "KL-301-C"),
        ("What does fault F9 mean?", "F9"),
        ("How far is the shop from Lisbon?", "Lisbon"),
    ],
)
def test_what_is_asked_about_something_that_is_nowhere_is_not_answered(ask, question: str, missing: str) -> None:  # type: ignore[no-untyped-def]
    read = ask(question, hit(1, "Parts", PARTS))
    assert said(read) == ""
    assert read.decision.missing == (missing,)
    assert missing in read.refusal()


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("What is peer-t0-peer lending?", "Peer-to-peer lending goes without a bank."),
        ("Which clinics in the USA treat it?", "Clinics in the United States of America treat it."),
        ("where is the best bakery in SF?", "San Francisco has many bakeries."),
        ("which family was Huguenot-descended?", "A family of Huguenot origin."),
        ("Was kostet der X100?", "Der X 100 kostet 20 Euro."),
        ("什么是LC-34的测试?", "LC-34 的测试是一次演习。"),
    ],
)
def test_a_name_or_code_may_be_written_in_another_way(question: str, text: str) -> None:
    asked = asked_in(question, "en")
    assert asked.codes or asked.named
    assert missing_from((*asked.codes, *asked.named), text) == []


@pytest.mark.parametrize(
    ("question", "expected"),
    [("deposit", True), ("What is the deposit?", True), ("Is there a deposit for it?", False), ("保修期有多长", False)],
)
def test_a_question_that_is_nothing_but_its_words_is_told(question: str, expected: bool) -> None:
    assert asked_in(question, "en").is_keywords is expected


@pytest.mark.parametrize("language", ["ru", "th", "it", "ko", "pl", ""])
def test_a_language_without_phrases_of_its_own_is_read_all_the_same(language: str) -> None:
    assert not asked_in("Сколько стоит и где этот залог у вас?", language).is_keywords


def test_in_a_script_without_spaces_a_number_makes_no_code_of_a_sentence() -> None:
    assert asked_in("1564年建立的法国殖民地叫什么名字?", "zh").codes == ()


PARKS = (
    hit(1, "Hale State Park", "Dogs are welcome in the park on a leash of two metres."),
    hit(2, "Orme State Park", "Dogs are not allowed in the park between April and October."),
)


def test_an_answer_that_fits_several_things_says_which_there_are(ask) -> None:  # type: ignore[no-untyped-def]
    read = ask("Are dogs allowed in the park?", *PARKS)
    assert read.decision.answers
    assert sorted(read.meanings) == ["Hale State Park", "Orme State Park"]
    choice = read.choice(said(read))
    assert choice.startswith("\n\nThis may depend on which one you mean:\n- ")
    assert read.choice("Hale State Park allows dogs, Orme State Park doesn't.") == "", "both are named already"


@pytest.mark.parametrize("question", ["Are dogs allowed in Hale State Park?", "When was the tower built?"])
def test_a_question_that_names_its_thing_has_one_meaning(ask, question: str) -> None:  # type: ignore[no-untyped-def]
    assert ask(question, *PARKS, hit(3, "Hale Tower", "The tower was built in 1904.")).meanings == ()


def test_an_overview_names_the_sections_below_it(ask) -> None:  # type: ignore[no-untyped-def]
    overview = hit(1, "Paid leave", "Below are the states that have paid leave.")
    states = [
        hit(
            place,
            "Paid leave",
            f"The state of {state} has paid leave of {place} weeks.",
            heading_path=(f"Leave in {state}",),
        )
        for place, state in enumerate(("Colorado", "Oregon"), 2)
    ]
    assert ask("Which states have paid leave?", overview, *states).meanings == ("Leave in Colorado", "Leave in Oregon")
    assert ask("Which states have paid leave?", overview, states[0]).meanings == (), "one is no choice"
    assert ask("How long is paid leave in Oregon?", overview, *states).meanings == ()


def test_what_is_not_answered_and_fits_several_things_is_asked_back(ask) -> None:  # type: ignore[no-untyped-def]
    read = ask("Are dogs allowed in the park?", *PARKS)
    unsure = replace(read, decision=replace(read.decision, answers=False, confidence=0.2))
    assert unsure.refusal().splitlines()[0] == "Which one do you mean?"
    assert "- Orme State Park" in unsure.refusal()
    hopeless = replace(read, decision=replace(read.decision, answers=False, confidence=0.02))
    assert hopeless.refusal().splitlines()[0] == no_answer("en")


def test_what_is_said_of_another_thing_is_no_answer_and_may_be_offered_as_that(ask) -> None:  # type: ignore[no-untyped-def]
    read = ask("How much is the hose KL-301-C?", hit(1, "Parts", PARTS))
    assert read.has_something_close
    offered = "".join(checked.text for checked in read.closest())
    assert offered.startswith("I found nothing on KL-301-C. This is the closest I have:\n\nThe hose KL-301-A")


def test_of_a_wide_row_the_cell_of_the_asked_column_is_shown(ask) -> None:  # type: ignore[no-untyped-def]
    rows = [
        "Zone: North; Card – child: 2.10; Card – adult: 4.20; Bag – small: 1.00",
        "Zone: South; Card – child: 3.10; Card – adult: 6.20; Bag – small: 1.50",
    ]
    read = ask("What does an adult card cost in zone South?", passage(1, "Fares", *((R, row) for row in rows)))
    assert said(read) == "Zone: South; Card – adult: 6.20 [1]"
    (checked,) = read.quoted()
    assert checked.citations[0].quote == rows[1], "the proof is the row as it is"


def test_an_address_is_given_where_an_address_is_asked_for(ask) -> None:  # type: ignore[no-untyped-def]
    contact = hit(1, "Contact", "You can reach us at hello@kestrel.example or +1 (555) 010-0111.")
    other = hit(2, "About", "We have built pumps since 1931, and our address is known to every farmer.")
    assert "hello@kestrel.example" in said(ask("What is your e-mail address?", other, contact))
    assert said(ask("What is your phone number?", other)) == "", "the words are there, and no number is"


def test_a_page_is_that_of_the_quote(ask) -> None:  # type: ignore[no-untyped-def]
    text = "The hall is on the left.\n\nThe cistern is in room three."
    layout = (Part(kind=P, start=0, end=24, page=1), Part(kind=P, start=26, end=len(text), page=3))
    (checked,) = ask("Where is the cistern?", hit(1, "Plan", text, page=1, layout=layout)).quoted()[:1]
    assert checked.citations[0].page == 3


def test_numbers_in_brackets_stay_and_no_mark_is_taken_for_one(ask) -> None:  # type: ignore[no-untyped-def]
    read = ask("When was the tower built?", hit(1, "Wiki", "The tower was built in 1904 [1]. In a[0] is the first."))
    (checked,) = read.quoted()
    assert "built in 1904 [1]." in checked.text
    assert [citation.n for citation in checked.citations] == [2]
    assert checked.text.endswith("[2]")


def test_a_long_paragraph_is_cut_at_sentences_round_the_one_that_answers(ask) -> None:  # type: ignore[no-untyped-def]
    filler = " ".join(f"The library keeps the books of family {number} in a room of its own." for number in range(14))
    read = ask("When does the library close?", hit(1, "House", f"{filler} The library closes at nine. Ask us."))
    shown = said(read).removesuffix(" [1]")
    assert "The library closes at nine." in shown
    assert len(shown) < len(filler)
    assert shown.startswith("The library keeps")
    assert shown.endswith("Ask us.")


def test_addresses_behind_links_make_no_paragraph_long(ask) -> None:  # type: ignore[no-untyped-def]
    sentences = [
        f"Room {number} has its own list (https://library.example/rooms/{number}/{'shelf/' * 12})."
        for number in range(9)
    ]
    text = " ".join(["There are 20 quiet seats in the house.", *sentences, "Quiet seats are not kept free."])
    read = ask("How many quiet seats are there?", hit(1, "House", text))
    assert said(read) == f"{text} [1]", "it is as short to read as it would be without them"


@pytest.mark.parametrize(
    ("question", "named"), [("¿Cómo abro la caja?", ()), ("¿Cuánto cuesta el envío a Francia?", ("Francia",))]
)
def test_a_word_after_an_opening_mark_is_no_name(question: str, named: tuple[str, ...]) -> None:
    assert asked_in(question, "es").named == named


@pytest.mark.parametrize(
    ("language", "question", "text", "expected"),
    [
        ("de", "Wie lange gilt die Garantie?", "Die Garantie gilt 24 Monate. Akkus nicht.", "gilt 24 Monate."),
        ("zh", "保修期多长？", "保修期为24个月。电池不在保修范围内。", "保修期为24个月。"),
    ],
)  # fmt: skip
def test_other_languages_are_answered_too(ask, language: str, question: str, text: str, expected: str) -> None:  # type: ignore[no-untyped-def]
    assert expected in said(ask(question, hit(1, "Info", text), language=language))


def test_a_refusal_names_what_could_be_asked_instead(ask) -> None:  # type: ignore[no-untyped-def]
    read = ask("How do I reset my password?", hit(1, "Manual", "It lasts 24 months.", heading_path=("Warranty",)))
    assert read.refusal().splitlines()[0] == no_answer("en")
    assert "- Warranty" in read.refusal()


class FailingEmbeddings(FakeEmbeddingService):
    """A model on another server that is away."""

    def embed_documents(self, texts: Sequence[str]) -> list[EmbeddingResult]:
        raise ProviderUnavailableError


class FailingReader(FakeReader):
    """A reader that fails."""

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        raise ProviderUnavailableError


@pytest.mark.parametrize("reader", [None, FailingReader(), FakeReader()])
def test_without_a_reader_and_without_vectors_the_words_decide(reader: Reader | None) -> None:
    read = read_context(
        "How long does the warranty last?", shop_context(), language="en", embeddings=FailingEmbeddings(), reader=reader
    )
    assert said(read).startswith("The warranty lasts 24 months")


def test_no_passages_give_no_answer() -> None:
    read = read_context("Why?", Context(), language="en", embeddings=FakeEmbeddingService(), reader=FakeReader())
    assert (read.quoted(), read.ranks) == ([], [])
    assert read.refusal() == no_answer("en")


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Steps:\n\n1. Open it.\n2. Close it.", [P, L, L]),
        ("Model: A; Price: 3\nModel: B; Price: 4", [R, R]),
        ("Opening hours\n\nWe open at nine.", [H, P]),
        ("apples\npears", [L, L]),
        ("A line that was broken here because the page was\ntoo narrow for it.", [P]),
    ],
)
def test_what_was_read_before_layouts_were_kept_is_told_by_its_lines(text: str, kinds: list[BlockKind]) -> None:
    (old,) = shop_context(hit(1, "Old", text)).passages
    assert [unit.kind for unit in units_of(old)] == kinds


def test_every_block_is_a_stretch_of_its_passage() -> None:
    for one in shop_context().passages:
        for block in blocks_of(one):
            assert block.text in one.text
            assert all(0 <= part.start < part.end <= len(one.text) for part in block.shown)
