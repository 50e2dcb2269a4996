"""Alice links to her booking page: visitors get the address with the answer, and no pile of addresses."""

from io import BytesIO

import docx
import pytest
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from apps.knowledge.extraction import ExtractionLimits
from apps.knowledge.extraction.link_targets import Link, TargetWriter, without_targets
from apps.knowledge.extraction.reading import extract_bytes


def texts(content: str | bytes, name: str) -> list[str]:
    data = content.encode() if isinstance(content, str) else content
    (document,) = extract_bytes(data, file_name=name, limits=ExtractionLimits()).documents
    return [block.text for block in document.blocks]


def page(body: str, head: str = "") -> list[str]:
    return texts(f"<!doctype html><html><head>{head}</head><body><main>{body}</main></body></html>", "page.html")


def test_a_link_in_running_text_keeps_where_it_leads() -> None:
    assert page(
        '<p>Rooms are let on <a href="https://rooms.example.org/free">our list </a>only; ask '
        '<a href="mailto:rooms@example.org?subject=Room">the desk</a> or call <a href="tel:+15550177">us</a>.</p>'
    ) == [
        "Rooms are let on our list (https://rooms.example.org/free) only; "
        "ask the desk (rooms@example.org) or call us (+15550177)."
    ]


def test_markdown_and_word_keep_it_alike() -> None:
    expected = ["Rooms are let on our list (https://rooms.example.org/free)."]
    assert texts("Rooms are let on [our list](https://rooms.example.org/free).\n", "rooms.md") == expected
    document = docx.Document()
    paragraph = document.add_paragraph("Rooms are let on ")
    target = document.part.relate_to("https://rooms.example.org/free", RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
    runs = "<w:r><w:t xml:space='preserve'>our </w:t></w:r><w:r><w:t>list</w:t></w:r>"
    paragraph._p.append(parse_xml(f"<w:hyperlink {nsdecls('w', 'r')} r:id='{target}'>{runs}</w:hyperlink>"))
    paragraph.add_run(".")
    buffer = BytesIO()
    document.save(buffer)
    assert texts(buffer.getvalue(), "rooms.docx") == expected


@pytest.mark.parametrize(
    "link",
    [
        '<a href="/free">our list</a>',
        '<a href="#free">our list</a>',
        '<a href="javascript:show()">our list</a>',
        f'<a href="https://rooms.example.org/free?visitor={"7" * 300}">our list</a>',
        '<a href="https://rooms.example.org/free" style="display:none">to staff</a>our list',
        '<a href="https://rooms.example.org/free"><img src="key.png" alt="key"></a>our list',
    ],
)
def test_links_that_lead_nowhere_for_a_reader_keep_their_words_alone(link: str) -> None:
    assert page(f"<p>Rooms are let on {link}.</p>") == ["Rooms are let on our list."]


@pytest.mark.parametrize(
    ("href", "words"),
    [
        ("https://www.rooms.example.org/", "rooms.example.org"),
        ("https://rooms.example.org/free", "https://rooms.example.org/free"),
        ("mailto:rooms@example.org", "rooms@example.org"),
        ("tel:+15550177", "+1 (555) 01-77"),
    ],
)
def test_an_address_that_can_be_read_already_is_not_said_twice(href: str, words: str) -> None:
    assert page(f'<p>Write here: <a href="{href}">{words}</a>.</p>') == [f"Write here: {words}."]


def test_links_within_the_site_are_like_relative_ones() -> None:
    head = '<link rel="canonical" href="https://www.inn.example/rooms">'
    body = '<p>See <a href="https://inn.example/food">the menu</a> or <a href="https://eel.example/">the eels</a>.</p>'
    assert page(body, head) == ["See the menu or the eels (https://eel.example/)."]


def test_headings_and_menus_get_no_addresses() -> None:
    body = (
        '<nav><a href="https://inn.example/">Home of the inn</a></nav>'
        '<h2><a href="https://inn.example/rooms">Rooms</a></h2><p>All rooms look to the river.</p>'
        '<p><b><a href="https://inn.example/food">Food</a></b></p><p>Eels every day.</p>'
    )
    assert page(body) == ["Rooms", "All rooms look to the river.", "Food", "Eels every day."]
    assert texts("## [Rooms](https://inn.example/rooms)\n\nAll look out.\n", "a.md") == ["Rooms", "All look out."]


def test_a_button_that_comes_again_and_again_keeps_its_address_once() -> None:
    button = '<p><a href="https://rooms.example.org/">Book now</a></p><p>Breakfast is at eight.</p>'
    assert page(button * 2) == [
        "Book now (https://rooms.example.org/)",
        "Breakfast is at eight.",
        "Book now",
        "Breakfast is at eight.",
    ]


def test_a_list_of_links_stays_readable_and_keeps_whom_to_write_to() -> None:
    tags = " ".join(f'<a href="https://tags.example/{tag}">{tag}</a>' for tag in ("eels", "boats", "nets"))
    assert page(f'<p>Tags: {tags} <a href="mailto:a@inn.example">Ann</a></p>') == [
        "Tags: eels boats nets Ann (a@inn.example)"
    ]
    many = " ".join(f'Then turn to <a href="https://inn.example/{day}">day {day}</a> of it.' for day in range(6))
    assert "https://" not in page(f"<p>{many}</p>")[0]
    few = " ".join(f'Then turn to <a href="https://inn.example/{day}">day {day}</a> of it.' for day in range(5))
    assert page(f"<p>{few}</p>")[0].count("https://") == 5


def test_a_table_cell_keeps_where_its_link_leads() -> None:
    table = '<table><tr><th>Form<th>Where<tr><td>Stay<td><a href="https://inn.example/stay.pdf">open</a></table>'
    assert page(table) == ["Form: Stay; Where: open (https://inn.example/stay.pdf)"]


def test_what_was_written_in_can_be_taken_out_again() -> None:
    links = [
        Link(words="the eel", href="https://de.example.org/wiki/Aal_(Fisch)"),
        Link(words="Ann", href="mailto:a@inn.example"),
    ]
    first, second = TargetWriter().targets(links, "Here is more of the eel, and more of Ann (the cook).")
    text = f"Here is more of the eel ({first}), and more of Ann ({second}) (the cook)."
    assert without_targets(text) == "Here is more of the eel, and more of Ann (the cook)."
