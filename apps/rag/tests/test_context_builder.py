"""The context of a turn: the best passages, none twice, within the budget."""

import uuid

from apps.rag.context_builder import ContextBuilder, approximate_tokens
from apps.rag.tests.shop import SHOP, WARRANTY, hit


def test_passages_are_numbered_best_first_and_keep_their_place() -> None:
    context = ContextBuilder().build(SHOP)
    assert [passage.number for passage in context.passages] == [1, 2, 3, 4, 5]
    first = context.passages[0]
    assert (first.title, first.heading_path, first.page) == ("Manual", ("Warranty",), 7)
    assert first.heading == "Manual › Warranty"
    assert first.text == WARRANTY


def test_a_copy_of_a_passage_is_left_out_even_when_its_lines_break_elsewhere() -> None:
    copy = hit(9, "Manual (old)", WARRANTY.replace(" ", "\n", 3).upper())
    assert [passage.title for passage in ContextBuilder().build([SHOP[0], copy, SHOP[1]]).passages] == [
        "Manual",
        "Price list",
    ]


def test_chinese_copies_are_recognised_too() -> None:
    text = "保修期为自购买之日起二十四个月，电池不在保修范围之内。"
    assert len(ContextBuilder().build([hit(1, "a", text), hit(2, "b", f"{text}谢谢")]).passages) == 1


def test_what_repeats_a_chosen_passage_in_part_gives_way_to_what_is_new() -> None:
    half = hit(9, "Summary", f"{WARRANTY[:70]} and so on, as explained at length in another place of this document.")
    chosen = ContextBuilder(max_passages=2).build([SHOP[0], half, SHOP[1]]).passages
    assert [passage.title for passage in chosen] == ["Manual", "Price list"]


def test_one_document_does_not_crowd_out_the_others() -> None:
    book = uuid.uuid4()
    pages = [hit(n, "Book", f"Page {n} tells of subject number {n} at length.", document_id=book) for n in range(1, 10)]
    titles = [passage.title for passage in ContextBuilder(max_passages=8).build([*pages, SHOP[1]]).passages]
    assert titles.count("Price list") == 1
    assert titles.count("Book") == 7


def test_a_single_document_fills_the_context() -> None:
    book = uuid.uuid4()
    pages = [hit(n, "Book", f"Page {n} tells of subject number {n} at length.", document_id=book) for n in range(1, 10)]
    assert len(ContextBuilder(max_passages=8).build(pages).passages) == 8


def test_the_budget_holds_and_a_passage_too_long_for_it_is_passed_over() -> None:
    long = hit(9, "Long", "many words " * 400)
    context = ContextBuilder(max_tokens=150).build([long, *SHOP])
    assert context.tokens <= 150
    assert "Long" not in [passage.title for passage in context.passages]
    assert context.passages


def test_the_budget_counts_with_the_tokenizer_that_is_passed_in() -> None:
    context = ContextBuilder(max_tokens=2, count_tokens=lambda text: 1).build(SHOP)
    assert len(context.passages) == 2
    assert context.tokens == 2


def test_tokens_are_estimated_in_every_script() -> None:
    assert approximate_tokens("The warranty lasts 24 months.") in range(5, 10)
    assert approximate_tokens("保修期为二十四个月。") in range(6, 12)


def test_nothing_found_makes_an_empty_context() -> None:
    assert ContextBuilder().build([hit(1, "Blank", "  \n ")]).passages == ()
