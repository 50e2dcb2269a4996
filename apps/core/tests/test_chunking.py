"""What holds of every chunk, and what an owner's documents look like once they are cut."""

import re
import time
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from apps.core.chunking import (
    Block,
    BlockKind,
    Chunk,
    ChunkingOptions,
    chunk_blocks,
    chunk_semantically,
    join_blocks,
)
from apps.core.chunking.sections import LONGEST_HEADING
from apps.core.chunking.sentences import split_text
from apps.core.error_handling import ValidationError

SMALL = ChunkingOptions(target=100, maximum=160, minimum=20)


def heading(text: str, level: int = 1, page: int | None = None) -> Block:
    return Block(kind=BlockKind.HEADING, text=text, level=level, page=page)


def paragraph(text: str, page: int | None = None) -> Block:
    return Block(kind=BlockKind.PARAGRAPH, text=text, page=page)


def row(text: str) -> Block:
    return Block(kind=BlockKind.TABLE_ROW, text=text)


def texts(blocks: Sequence[Block], options: ChunkingOptions = SMALL) -> list[str]:
    return [chunk.text for chunk in chunk_blocks(blocks, options)[1]]


def sentences(text: str) -> list[str]:
    return [text[piece.start : piece.end] for piece in split_text(text, longest=10_000, fragment=3_000)]


def size(text: str) -> int:
    return len(text.encode())


# What holds of every document.

words = st.text(st.sampled_from("abcdeXYZ.,;:!?。、？؟ é漢字ก\u0301\u200d😀-0123  \n"), max_size=60)
prose = st.lists(words, max_size=12).map(" ".join)
blocks_of_any_kind = st.lists(
    st.builds(
        Block,
        kind=st.sampled_from(BlockKind),
        text=prose,
        level=st.integers(0, 6),
        page=st.none() | st.integers(1, 3),
    ),
    max_size=25,
)
any_options = st.builds(
    lambda minimum, more, most, overlap: ChunkingOptions(
        minimum=minimum, target=minimum + more, maximum=minimum + more + most, overlap=overlap
    ),
    st.integers(0, 60),
    st.integers(40, 200),
    st.integers(0, 200),
    st.integers(0, 20),
)
thorough = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def embed_by_letters(sentences: Sequence[str]) -> np.ndarray:
    return np.array([[sentence.count(letter) for letter in "abcdeXYZ漢"] for sentence in sentences], dtype=np.float32)


def cut_both_ways(blocks: Sequence[Block], options: ChunkingOptions) -> list[tuple[str, list[Chunk]]]:
    return [chunk_blocks(blocks, options), chunk_semantically(blocks, embed_by_letters, options)]


@given(blocks_of_any_kind, any_options)
@example([heading("A"), paragraph("a"), heading("bare", 2), heading("B"), paragraph("b")], SMALL)
@thorough
def test_each_chunk_is_the_stretch_of_the_document_that_it_says(blocks: list[Block], options: ChunkingOptions) -> None:
    for text, chunks in cut_both_ways(blocks, options):
        assert text == join_blocks(blocks)[0]
        assert all(text[chunk.start : chunk.end] == chunk.text and chunk.text.strip() for chunk in chunks)


@given(blocks_of_any_kind, any_options)
@thorough
def test_chunks_stand_in_order_and_overlap_only_as_far_as_asked(blocks: list[Block], options: ChunkingOptions) -> None:
    for text, chunks in cut_both_ways(blocks, options):
        for before, after in pairwise(chunks):
            assert before.start < after.start
            assert before.end < after.end
            assert size(text[after.start : before.end]) <= options.overlap


@given(blocks_of_any_kind, any_options)
@thorough
def test_no_word_is_lost(blocks: list[Block], options: ChunkingOptions) -> None:
    for text, chunks in cut_both_ways(blocks, options):
        covered = {place for chunk in chunks for place in range(chunk.start, chunk.end)}
        titles = {title for chunk in chunks for title in chunk.heading_path}
        for block, span in zip(blocks, join_blocks(blocks)[1], strict=True):
            places = {place for place in range(span.start, span.end) if not text[place].isspace()}
            in_path = block.kind is BlockKind.HEADING and " ".join(block.text.split()) in titles
            assert places <= covered or in_path


@given(blocks_of_any_kind, any_options)
@thorough
def test_no_table_row_and_no_code_line_is_cut(blocks: list[Block], options: ChunkingOptions) -> None:
    for text, chunks in cut_both_ways(blocks, options):
        edges = {edge for chunk in chunks for edge in (chunk.start, chunk.end)}
        for block, span in zip(blocks, join_blocks(blocks)[1], strict=True):
            whole = [span] if block.kind is BlockKind.TABLE_ROW else []
            assert not any(part.start < edge < part.end for part in whole for edge in edges)
            if block.kind is BlockKind.CODE:
                inside = [edge for edge in edges if span.start < edge < span.end]
                assert all(text[edge - 1] == "\n" or text[edge] == "\n" for edge in inside)


@given(blocks_of_any_kind, any_options)
@thorough
def test_a_chunk_is_larger_than_the_maximum_only_if_it_is_one_row_line_or_heading(
    blocks: list[Block], options: ChunkingOptions
) -> None:
    uncut = {BlockKind.TABLE_ROW, BlockKind.HEADING, BlockKind.CODE}
    spans = join_blocks(blocks)[1]
    for _, chunks in cut_both_ways(blocks, options):
        for chunk in chunks:
            if size(chunk.text) > options.maximum:
                touched = [
                    block
                    for block, span in zip(blocks, spans, strict=True)
                    if span.start < chunk.end and span.end > chunk.start and block.text.strip()
                ]
                assert len(touched) == 1
                assert touched[0].kind in uncut
                assert touched[0].kind is not BlockKind.CODE or "\n" not in chunk.text


# Headings and sections.


def test_a_chunk_knows_the_headings_it_stands_under() -> None:
    blocks = [
        heading("Manual"),
        paragraph("About this."),
        heading("Care", 2),
        paragraph("Wash it by hand in cold water."),
        heading("Storage", 3),
        paragraph("Keep it dry and out of the sun."),
        heading("Returns", 2),
        paragraph("Within thirty days of purchase."),
    ]
    _, chunks = chunk_blocks(blocks, ChunkingOptions(target=100, maximum=160, minimum=0))
    assert [(chunk.heading_path, chunk.text) for chunk in chunks] == [
        (("Manual",), "About this."),
        (("Manual", "Care"), "Wash it by hand in cold water."),
        (("Manual", "Care", "Storage"), "Keep it dry and out of the sun."),
        (("Manual", "Returns"), "Within thirty days of purchase."),
    ]


def test_tiny_sections_are_merged_under_their_parent_and_keep_their_own_headings() -> None:
    blocks = [heading("Contact"), heading("Phone", 2), paragraph("555 123"), heading("Fax", 2), paragraph("555 124")]
    _, chunks = chunk_blocks(blocks, SMALL)
    assert [(chunk.heading_path, chunk.text) for chunk in chunks] == [
        (("Contact",), "Phone\n\n555 123\n\nFax\n\n555 124")
    ]


def test_tiny_sections_of_different_parents_or_pages_are_not_merged() -> None:
    apart = [heading("A"), heading("A1", 2), paragraph("a"), heading("B"), heading("B1", 2), paragraph("b")]
    assert texts(apart) == ["a", "b"]
    slides = [heading("One", 1, 1), paragraph("a", 1), heading("Two", 1, 2), paragraph("b", 2)]
    assert [chunk.page for chunk in chunk_blocks(slides, SMALL)[1]] == [1, 2]


def test_a_title_without_text_goes_with_the_text_that_follows_it() -> None:
    blocks = [heading("Chapter 1"), heading("The Whale"), paragraph("Call me Ishmael."), heading("The End")]
    (chunk,) = chunk_blocks(blocks, SMALL)[1]
    assert chunk.text == "Chapter 1\n\nThe Whale\n\nCall me Ishmael.\n\nThe End"
    assert chunk.heading_path == ("The Whale",)


def test_a_document_of_titles_alone_is_still_found() -> None:
    assert texts([heading("Agenda"), heading("Thanks")]) == ["Agenda\n\nThanks"]


def test_a_heading_within_cut_text_is_never_the_end_of_a_chunk() -> None:
    body = "The quick brown fox jumps over the lazy dog. " * 2
    blocks = [paragraph(body), *(block for number in range(20) for block in (heading(f"T{number}"), paragraph(body)))]
    for chunk in chunk_blocks(blocks, SMALL)[1]:
        assert not re.search(r"T\d+$", chunk.text)


def test_a_paragraph_set_in_large_type_is_no_heading() -> None:
    shouted = "Everything in this brochure is large. " * (LONGEST_HEADING // 30)
    (chunk, *_) = chunk_blocks([heading(shouted), paragraph("Small.")])[1]
    assert chunk.heading_path == ()
    assert chunk.text.startswith("Everything")


def test_a_slide_that_is_only_a_title_does_not_move_the_next_slides_page() -> None:
    slides = [heading("Agenda", 1, 1), heading("Plan", 1, 2), paragraph("We will see.", 2)]
    (chunk,) = chunk_blocks(slides, SMALL)[1]
    assert (chunk.page, chunk.text) == (2, "Agenda\n\nPlan\n\nWe will see.")


def test_pages_are_those_where_the_chunks_begin() -> None:
    page = "The quick brown fox jumps over the lazy dog and runs away. " * 2
    _, chunks = chunk_blocks([paragraph(page.strip(), number) for number in (1, 2, 3)], SMALL)
    assert [chunk.page for chunk in chunks] == [1, 2, 3]


# Sizes.


def test_an_abstract_stays_whole() -> None:
    abstract = "We measured what happens when a text is cut. It is found less often. " * 21
    assert 1400 < len(abstract) < 1500
    assert len(texts([paragraph(abstract)], ChunkingOptions())) == 1


def test_a_long_text_is_cut_evenly_and_not_into_full_chunks_and_a_crumb() -> None:
    chunks = texts([paragraph("Each of these sentences has about forty-four letters. " * 62)], ChunkingOptions())
    sizes = [len(chunk) for chunk in chunks]
    assert len(sizes) > 2
    assert min(sizes) > 0.7 * max(sizes)


def test_chinese_chunks_hold_as_many_tokens_as_english_ones_and_so_fewer_characters() -> None:
    chunks = texts([paragraph("我们把文本切成小块。这样就能找到答案。" * 200)], ChunkingOptions())
    assert all(250 < len(chunk) < 550 for chunk in chunks)
    assert all(chunk.endswith("。") for chunk in chunks)


def test_paragraphs_are_parted_before_sentences_are() -> None:
    first, second = "Alpha beta gamma delta. Epsilon zeta eta theta iota.", "Kappa lambda mu. " * 6
    assert texts([paragraph(first), paragraph(first), paragraph(second.strip())]) == [
        f"{first}\n\n{first}",
        second.strip(),
    ]


def test_a_list_stays_with_the_sentence_that_announces_it() -> None:
    items = [Block(kind=BlockKind.LIST_ITEM, text=f"item number {number} of the list") for number in range(4)]
    chunks = texts([paragraph("The quick brown fox jumps over the dog. " * 3), paragraph("You need:"), *items])
    assert any("You need:\n\nitem number 0" in chunk for chunk in chunks)


def test_an_overlong_row_and_an_overlong_line_of_code_stay_whole() -> None:
    long = "Name: value; " * 50
    assert texts([row("a: b"), row(long), row("c: d")])[1] == long
    code = Block(kind=BlockKind.CODE, text="def f():\n    return '" + "x" * 400 + "'\n\nprint(f())")
    assert "    return '" + "x" * 400 + "'" in texts([code])


def test_overlap_repeats_whole_sentences_of_the_chunk_before() -> None:
    text = " ".join(f"Sentence number {number} is here." for number in range(40))
    options = ChunkingOptions(target=100, maximum=160, minimum=0, overlap=40)
    chunks = texts([paragraph(text)], options)
    for before, after in pairwise(chunks):
        repeated = after.split(". ")[0]
        assert before.endswith(repeated + ".")
    assert max(map(size, chunks)) <= 160


def test_sizes_that_do_not_fit_together_are_refused() -> None:
    with pytest.raises(ValidationError, match="minimum <= target <= maximum"):
        ChunkingOptions(target=500, maximum=400)


# Sentences.


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It works. Does it? Yes!", ["It works.", "Does it?", "Yes!"]),
        (
            "Dr. Smith paid 3.50 to J. Doe, i.e. too much. He left.",
            ["Dr. Smith paid 3.50 to J. Doe, i.e. too much.", "He left."],
        ),
        ("“Why?” she asked. “Because.” He left.", ["“Why?” she asked.", "“Because.”", "He left."]),
        ("Am 3. Mai kam er z. B. nach Köln. Dann ging er.", ["Am 3. Mai kam er z. B. nach Köln.", "Dann ging er."]),
        ("これは文です。次の文です！「本当？」はい。", ["これは文です。", "次の文です！", "「本当？」", "はい。"]),
        ("هل هذا صحيح؟ نعم. شكرا.", ["هل هذا صحيح؟", "نعم.", "شكرا."]),
        ("यह वाक्य है। यह दूसरा है।", ["यह वाक्य है।", "यह दूसरा है।"]),
        ("Wait ... what? In 2020. Then more.", ["Wait ... what?", "In 2020.", "Then more."]),
        ("lower case starts. so does this one.", ["lower case starts.", "so does this one."]),
    ],
)
def test_sentences_end_where_a_reader_says_they_do(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_an_overlong_sentence_is_cut_at_clauses_then_words_then_anywhere_but_never_inside_a_character() -> None:
    clauses = ", ".join(["a clause of some length here"] * 20)
    assert all(chunk.endswith(("here,", "here")) for chunk in texts([paragraph(clauses)]))
    assert all(set(chunk.split()) == {"word"} for chunk in texts([paragraph("word " * 200)]))
    accented = texts([paragraph("e\u0301" * 400)])
    assert len(accented) > 5
    assert all(chunk.startswith("e") and chunk.endswith("\u0301") for chunk in accented)


# The semantic variant.


def test_the_semantic_variant_cuts_where_the_subject_changes() -> None:
    fish = [f"Fish number {number} swims in the cold sea." for number in range(5)]
    tax = [f"Tax number {number} is due in the old town." for number in range(3)]

    def embed(sentences: Sequence[str]) -> np.ndarray:
        return np.array([[1.0, 0.0] if "Fish" in sentence else [0.0, 1.0] for sentence in sentences])

    text = paragraph(" ".join(fish + tax))
    options = ChunkingOptions(target=170, maximum=220, minimum=0)
    assert texts([text], options) != [" ".join(fish), " ".join(tax)]
    _, chunks = chunk_semantically([text], embed, options)
    assert [chunk.text for chunk in chunks] == [" ".join(fish), " ".join(tax)]


def test_the_semantic_variant_embeds_nothing_when_nothing_has_to_be_cut() -> None:
    def embed(sentences: Sequence[str]) -> np.ndarray:
        raise AssertionError(f"{len(sentences)} sentences were embedded")

    assert chunk_semantically([paragraph("Short.")], embed) == chunk_blocks([paragraph("Short.")])
    assert chunk_semantically([], embed) == ("", [])


# Speed and privacy.


def test_a_megabyte_is_cut_in_well_under_a_second() -> None:
    text = " ".join(f"Sentence number {number} tells us nothing new, as ever." for number in range(200))
    blocks = [paragraph(text) for _ in range(100)]
    began = time.process_time()
    chunk_blocks(blocks)
    assert time.process_time() - began < 1.5


@pytest.mark.parametrize(
    "hostile",
    [
        "." * 100_000,
        ". " * 50_000,
        "a" * 100_000,
        "\n" * 100_000,
        "“" * 100_000,
        '?"' * 50_000,
        "\u0301" * 100_000,
        "a.b" * 30_000,
        " " * 100_000 + "x",
    ],
)
def test_text_made_to_be_slow_is_not(hostile: str) -> None:
    began = time.process_time()
    chunk_blocks([paragraph(hostile)])
    assert time.process_time() - began < 1.5


def test_text_and_headings_stay_out_of_reprs() -> None:
    (chunk,) = chunk_blocks([heading("Secret plan"), paragraph("Sell everything.")])[1]
    assert "Secret" not in repr(chunk)
    assert "Sell" not in repr(chunk)
