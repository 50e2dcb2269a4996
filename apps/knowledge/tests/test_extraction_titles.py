"""Visitors see which document was quoted: a heading that many documents share is no name for one of them."""

import pytest

from apps.core.chunking.blocks import Block, BlockKind
from apps.knowledge.extraction import ExtractionLimits
from apps.knowledge.extraction.reading import extract_bytes
from apps.knowledge.extraction.titles import document_title


def title_of(content: str, name: str) -> str:
    (document,) = extract_bytes(content.encode(), file_name=name, limits=ExtractionLimits()).documents
    return document.title


@pytest.mark.parametrize(
    "opening", ["FOR IMMEDIATE RELEASE", "Press Release:", "UNITED STATES", "Form 8-K", "Pressemitteilung"]
)
def test_a_form_that_opens_many_documents_gives_way_to_the_next_heading(opening: str) -> None:
    text = f"# {opening}\n\nOrme, 3 May\n\n## The River Inn opens a second boathouse\n\nGuests may row from June on.\n"
    assert title_of(text, "news.md") == "The River Inn opens a second boathouse"
    page = f"<html><head><title>{opening}</title></head><body><h1>{opening}</h1><h2>A new boathouse</h2><p>Row!</p>"
    assert title_of(page, "news.html") == "A new boathouse"


def test_forms_and_sections_are_passed_over_and_the_file_has_the_last_word() -> None:
    forms = "# UNITED STATES SECURITIES AND EXCHANGE COMMISSION\n\n## FORM 10-K\n\n"
    assert title_of(f"{forms}## River Inn Ltd.\n\nText.\n\n## Part I\n\nMore.\n", "inn.md") == "River Inn Ltd."
    assert title_of(f"{forms}## Part I\n\nMore.\n", "inn-2024.md") == (
        "UNITED STATES SECURITIES AND EXCHANGE COMMISSION – inn-2024"
    )


def test_a_title_page_in_capitals_is_named_with_what_it_is_about() -> None:
    page = "# DEPARTMENT OF INLAND FISHERIES\n\n## Rules for eel traps\n\nText.\n\n### Size\n\nSmall.\n"
    assert title_of(page, "a.md") == "DEPARTMENT OF INLAND FISHERIES – Rules for eel traps"


@pytest.mark.parametrize(
    "rest",
    [
        "Text.\n\n## Welcome\n\nText.\n",
        "## Welcome\n\nText.\n\n## Boats\n\nText.\n",
        "## 1. Scope\n\nText.\n",
        "## Introduction\n\nText.\n",
    ],
)
def test_a_title_in_capitals_above_its_sections_stays_alone(rest: str) -> None:
    assert title_of(f"# HANDBOOK OF THE INN\n\n{rest}", "a.md") == "HANDBOOK OF THE INN"


def test_properties_that_name_the_document_are_preferred_and_those_that_name_its_form_are_not() -> None:
    blocks = [
        Block(kind=BlockKind.HEADING, text="NEWS RELEASE", level=1),
        Block(kind=BlockKind.PARAGRAPH, text="The inn opens a second boathouse in June."),
    ]
    assert document_title(blocks, declared="Second boathouse opens", otherwise="x") == "Second boathouse opens"
    assert document_title(blocks, declared="News release", otherwise="boathouse") == "NEWS RELEASE – boathouse"
