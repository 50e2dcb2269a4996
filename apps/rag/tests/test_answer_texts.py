"""What may be an answer at all, and how a visitor's everyday words meet those of a table."""

import pytest

from apps.core.chunking import BlockKind, Part
from apps.core.chunking.sentences import sentence_ends
from apps.core.embedding_service import EmbeddingService
from apps.rag.languages import language_of
from apps.rag.passages.structure import units_of
from apps.rag.privacy_filter.splitter import SentenceSplitter
from apps.rag.reading.labels import is_contents, is_contents_entry, is_label
from apps.rag.reading.reading import Reader
from apps.rag.reading.result import read_context
from apps.rag.synonyms import widened
from apps.rag.tests.shop import hit, shop_context

PRICES = """Product: Lynx saw; Price in € incl. VAT: €90; Warranty: 3 years
Product: Otter drill; Price in € incl. VAT: €70"""
DATA = "Property: Value\nModel: Lynx\nPower: 900 W\nWeight, empty: 4.2 kg\nNoise while sawing: 91 dB(A)"
ROWS = tuple(
    Part(kind=BlockKind.TABLE_ROW, start=DATA.index(line), end=DATA.index(line) + len(line))
    for line in DATA.splitlines()
)
CONTENTS = "1 Welcome: 3\n\n1.1 What is in the box: 3\n\n1.2 Sawing safely: 5\n\n2 Warranty: 9"


def test_a_row_is_one_unit_whatever_full_stops_it_has() -> None:
    (passage,) = shop_context(
        hit(1, "P", f"{PRICES}\nPart: Blade; Note: Fits No. 5. Not for metal; Price: €9")
    ).passages
    assert [unit.kind for unit in units_of(passage)] == [BlockKind.TABLE_ROW] * 3


def test_a_sentence_with_a_colon_and_a_semicolon_is_no_row() -> None:
    text = "It is covered: three years for saws; one for blades. Call us first."
    (passage,) = shop_context(hit(1, "P", text)).passages
    assert [unit.kind for unit in units_of(passage)] == [BlockKind.PARAGRAPH] * 2


def test_a_row_stays_whole_however_it_is_streamed() -> None:
    splitter = SentenceSplitter()
    row = "Part: Blade; Note: Fits model five. Not for metal [1]\n"
    pieces = [piece.text for character in row for piece in splitter.feed(character)]
    assert [*pieces, *(piece.text for piece in splitter.flush())] == [row.strip()]


def test_incl_ends_no_sentence() -> None:
    assert list(sentence_ends("It is €90 incl. VAT. And free.")) == [21]


@pytest.mark.parametrize("text", ["Figure 6: Dimensions in millimetres", "LYNX TOOL WORKS", "4", "–"])
def test_what_only_names_something_is_no_answer(text: str) -> None:
    assert is_label(text)


@pytest.mark.parametrize("text", ["It is blue.", "Open until 18:00", "help@lynx.example", "保修期为24个月。"])
def test_what_says_something_is_no_label(text: str) -> None:
    assert not is_label(text)


def test_a_table_of_contents_is_known() -> None:
    assert is_contents(CONTENTS)
    assert all(is_contents_entry(line) for line in CONTENTS.split("\n\n"))
    assert not is_contents(PRICES)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What does the Lynx cost?", "Product: Lynx saw; Price in € incl. VAT: €90; Warranty: 3 years"),
        ("How heavy is the Lynx?", "Weight, empty: 4.2 kg"),
        ("How loud is the Lynx?", "Noise while sawing: 91 dB(A)"),
        ("How many watts does the Lynx use?", "Power: 900 W"),
    ],
)
def test_an_everyday_question_finds_its_row(
    local_embeddings: EmbeddingService, local_reader: Reader, question: str, expected: str
) -> None:
    context = shop_context(
        hit(1, "FAQ", "A repair costs a fixed €20 for the Otter and €30 for the Lynx."),
        hit(2, "Lynx manual", CONTENTS),
        hit(3, "Price list", PRICES),
        hit(4, "Lynx manual", DATA, layout=ROWS),
    )
    read = read_context(question, context, language="en", embeddings=local_embeddings, reader=local_reader)
    assert expected in "".join(checked.text for checked in read.quoted())


def test_a_question_is_searched_for_with_the_documents_word_too() -> None:
    assert widened("How heavy is the saw?", "en") == "How heavy is the saw?\nweight"
    assert widened("What is the weight?", "en") == "What is the weight?"


@pytest.mark.parametrize("text", ["=cmd|'/c calc'!A1", "logprobs: true, n: 8"])
def test_single_letters_tell_no_language(text: str) -> None:
    assert language_of(text, "en") == "en"
