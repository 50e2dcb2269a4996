"""Where sentences end, in streams and in passages."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.chunking import BlockKind
from apps.rag.passages.structure import units_of
from apps.rag.privacy_filter.splitter import INVISIBLE, LONGEST, Piece, SentenceSplitter
from apps.rag.tests.shop import hit, shop_context

SNIPPETS = st.sampled_from(
    [
        "The warranty lasts 24 months.", " [1]", "[2][3]", " ", "\n", "\n\n", "- item", "1. Open it", "Dr. Smith",
        "e.g.", "It costs 3.5 EUR!", "am 3. Mai", "costs 20. It", "这是一个句子。", "「真的吗？」", "```\n",
        "code[0]\n", "`x`", "| a | b |\n", "[1](http://a.example/x.y)", "[unclosed", "【1†source】", "...", "?!",
        "\u200b", "\U000e0041", "<b>", '..."', "no", "No. 5", "क्या? हाँ।", "x" * 700,
    ]
)  # fmt: skip
TEXTS = st.lists(st.one_of(SNIPPETS, st.text(max_size=8)), max_size=14).map("".join)


def pieces_of(chunks: list[str], *, complete: bool = True) -> list[Piece]:
    splitter = SentenceSplitter()
    return [piece for chunk in chunks for piece in splitter.feed(chunk)] + splitter.flush(complete=complete)


def texts_of(text: str) -> list[str]:
    return [piece.text for piece in pieces_of([text])]


@given(TEXTS, st.lists(st.integers(1, 9), min_size=1, max_size=8), st.booleans())
@settings(max_examples=400, deadline=None)
def test_how_a_stream_is_split_changes_nothing(text: str, sizes: list[int], complete: bool) -> None:
    chunks, place, turn = [], 0, 0
    while place < len(text):
        chunks.append(text[place : place + sizes[turn % len(sizes)]])
        place += sizes[turn % len(sizes)]
        turn += 1
    assert pieces_of(chunks, complete=complete) == pieces_of([text], complete=complete)


@given(TEXTS)
@settings(max_examples=200, deadline=None)
def test_nothing_visible_is_lost(text: str) -> None:
    kept = "".join(piece.gap + piece.text for piece in pieces_of([text]))
    assert "".join(kept.split()) == "".join(INVISIBLE.sub("", text).split())


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("It lasts 24 months. [1] It covers the motor.[2][3] Yes [1].", 3),
        ("Dr. Smith, e.g., pays 3.5 EUR vs. 4 EUR. No. 5 lives!", 2),
        ("Am 3. Mai 2020 ist zu. Der 2. Stock auch.", 2),
        ("It costs 20. It is blue.", 2),
        ("“Why?” she asked. Because.", 2),
        ("No. It is not.", 2),
        ("句子一。[1]句子二！「真的吗？」", 3),
        ("Here:\n- one\n- two\n\nThree", 4),
        ("See [1](https://a.example/x). Next.", 2),
    ],
)
def test_sentences_end_where_a_reader_sees_them_end(text: str, sentences: int) -> None:
    assert len(texts_of(text)) == sentences


def test_a_marker_belongs_to_the_sentence_before_it() -> None:
    assert texts_of("One. [1][2] Two. [passage 3]\nThree") == ["One. [1][2]", "Two. [passage 3]", "Three"]


def test_a_sentence_is_given_out_as_soon_as_the_next_one_begins() -> None:
    splitter = SentenceSplitter()
    assert splitter.feed("It lasts 24 months. [1]") == []
    assert [piece.text for piece in splitter.feed(" And ")] == ["It lasts 24 months. [1]"]


def test_a_sentence_without_end_is_not_whole_and_neither_is_its_rest() -> None:
    pieces = pieces_of(["word " * LONGEST, "end. Short."])
    assert [piece.whole for piece in pieces][-1]
    assert not any(piece.whole for piece in pieces[:-1])


def test_a_broken_off_stream_leaves_no_half_sentence() -> None:
    assert [piece.whole for piece in pieces_of(["One. And the oth"], complete=False)] == [True, False]
    assert [piece.whole for piece in pieces_of(["One. Two."], complete=False)] == [True, True]


def test_code_stays_in_one_piece() -> None:
    block = "```python\nprint('a. b')\n# c. d\n```"
    assert texts_of(f"Do this:\n{block}\nDone.") == ["Do this:", block, "Done."]


PASSAGE = """Warranty

The warranty lasts 24 months. It covers e.g. the motor, as a long line that was
wrapped. Batteries are excluded.

Question: Can I return it?; Answer: Yes, within 30 days.
Model: X100; Price: 20 EUR

- first item. With two sentences
- second item[12]

Q: How long is it? A: 24 months."""


def test_a_passage_is_cut_into_sentences_items_and_rows() -> None:
    (passage,) = shop_context(hit(1, "Manual", PASSAGE)).passages
    units = [(unit.kind, PASSAGE[unit.start : unit.end], unit.about) for unit in units_of(passage)]
    assert units == [
        (BlockKind.HEADING, "Warranty", ""),
        (BlockKind.PARAGRAPH, "The warranty lasts 24 months.", "Warranty"),
        (BlockKind.PARAGRAPH, "It covers e.g. the motor, as a long line that was\nwrapped.", "Warranty"),
        (BlockKind.PARAGRAPH, "Batteries are excluded.", "Warranty"),
        (BlockKind.TABLE_ROW, "Question: Can I return it?; Answer: Yes, within 30 days.", "Warranty"),
        (BlockKind.TABLE_ROW, "Model: X100; Price: 20 EUR", "Warranty"),
        (BlockKind.LIST_ITEM, "- first item. With two sentences", "Warranty"),
        (BlockKind.LIST_ITEM, "- second item[12]", "Warranty"),
        (BlockKind.PARAGRAPH, "Q: How long is it?", "Warranty"),
        (BlockKind.PARAGRAPH, "A: 24 months.", "Warranty"),
    ]


@given(st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_every_unit_is_a_stretch_of_its_passage_in_order(text: str) -> None:
    end = 0
    for passage in shop_context(hit(1, "Manual", text)).passages:
        for unit in units_of(passage):
            assert end <= unit.start < unit.end <= len(text)
            end = unit.end
