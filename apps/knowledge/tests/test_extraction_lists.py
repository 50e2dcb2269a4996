"""Dave writes instructions: each step, item and command stays what it is, in every format he writes them in."""

from io import BytesIO

import docx
import pytest

from apps.knowledge.extraction import ExtractionLimits
from apps.knowledge.extraction.reading import extract_bytes

Outline = list[tuple[str, int, str]]

STEPS_MARKDOWN = """To join the club:

1. Fill in the form:

   ```
   club join --year
   ```

   Wait for our letter.
2. Pay the fee.

   It is due in May.

   - by card
     - or by phone
   - in cash

   Keep the receipt.
3. `club login`
"""
STEPS_HTML = """<html><body><p>To join the club:</p><ol><li><p>Fill in the form:</p><pre>club join --year</pre>
<p>Wait for our letter.</p></li><li>Pay the fee.<p>It is due in May.</p><ul><li>by card
<ul><li>or by phone</li></ul></li><li>in cash</li></ul>Keep the receipt.</li><li><code>club login</code></li></ol>
</body></html>"""
STEPS = [
    ("paragraph", 0, "To join the club:"),
    ("list_item", 0, "1. Fill in the form:"),
    ("code", 0, "club join --year"),
    ("list_item", 1, "Wait for our letter."),
    ("list_item", 0, "2. Pay the fee.\nIt is due in May."),
    ("list_item", 1, "by card"),
    ("list_item", 2, "or by phone"),
    ("list_item", 1, "in cash"),
    ("list_item", 1, "Keep the receipt."),
    ("list_item", 0, "3. club login"),
]


def outline(content: str | bytes, name: str) -> Outline:
    data = content.encode() if isinstance(content, str) else content
    (document,) = extract_bytes(data, file_name=name, limits=ExtractionLimits()).documents
    return [(block.kind.value, block.level, block.text) for block in document.blocks]


@pytest.mark.parametrize(("content", "name"), [(STEPS_MARKDOWN, "join.md"), (STEPS_HTML, "join.html")])
def test_steps_keep_their_numbers_commands_and_paragraphs(content: str, name: str) -> None:
    assert outline(content, name) == STEPS


def test_the_lists_of_a_word_document_are_nested_as_they_look() -> None:
    document = docx.Document()
    for text, style in (
        ("The boathouse has", "Normal"),
        ("oars", "List Bullet"),
        ("short ones", "List Bullet 2"),
        ("for children", "List Bullet 3"),
        ("life jackets", "List Bullet"),
        ("Bring them back dry.", "List Continue"),
        ("Open from May on.", "Normal"),
    ):
        document.add_paragraph(text, style=style)
    buffer = BytesIO()
    document.save(buffer)
    assert outline(buffer.getvalue(), "boats.docx") == [
        ("paragraph", 0, "The boathouse has"),
        ("list_item", 0, "oars"),
        ("list_item", 1, "short ones"),
        ("list_item", 2, "for children"),
        ("list_item", 0, "life jackets\nBring them back dry."),
        ("paragraph", 0, "Open from May on."),
    ]


def test_an_item_of_plain_text_goes_on_after_an_empty_line() -> None:
    text = "We lend:\n\n- oars\n\n  Bring them back dry.\n- life jackets\n\nOpen from May on.\n"
    assert outline(text, "boats.txt") == [
        ("paragraph", 0, "We lend:"),
        ("list_item", 0, "oars\nBring them back dry."),
        ("list_item", 0, "life jackets"),
        ("paragraph", 0, "Open from May on."),
    ]


def test_terms_with_their_meanings_are_a_list_and_questions_with_answers_are_none() -> None:
    terms = "<p>Boats:</p><dl><dt>Skiff</dt><dd>two people</dd><dt>Punt</dt><dd>six people</dd></dl>"
    assert outline(f"<html><body>{terms}</body></html>", "a.html")[1:] == [
        ("list_item", 0, "Skiff: two people"),
        ("list_item", 0, "Punt: six people"),
    ]
    question = "<dl><dt>May dogs come?</dt><dd>Yes, on a lead.</dd></dl>"
    assert outline(f"<html><body>{question}</body></html>", "a.html") == [
        ("paragraph", 0, "May dogs come? Yes, on a lead.")
    ]


def test_a_step_under_a_heading_gives_its_number_to_the_heading() -> None:
    html = (
        "<html><body><ol><li><h3>Unlock</h3><p>Take the key.</p></li><li><h3>Row</h3><p>Go.</p></li></ol></body></html>"
    )
    assert outline(html, "row.html") == [
        ("heading", 3, "1. Unlock"),
        ("paragraph", 0, "Take the key."),
        ("heading", 3, "2. Row"),
        ("paragraph", 0, "Go."),
    ]


def test_a_paragraph_of_nothing_but_code_is_code() -> None:
    expected = [("paragraph", 0, "To see all boats, type:"), ("code", 0, "boats --all")]
    assert outline("To see all boats, type:\n\n`boats --all`\n", "b.md") == expected
    html = "<html><body><p>To see all boats, type:</p><p><code>boats --all</code></p></body></html>"
    assert outline(html, "b.html") == expected
    fence = html.replace("boats --all<", "sh\n   boats --all<")
    assert outline(fence, "b.html") == expected, "a fence that the page's author did not close"
    assert outline("Use `boats`\n", "b.md") == [("paragraph", 0, "Use boats")]


def test_tables_and_indented_lines_follow_what_announces_them() -> None:
    text = "Fees are:\n\n| Boat | Fee |\n|---|---|\n| Skiff | $9 |\n\nWe are open:\n\n    Sat 8-12\n    Sun 9-11\n"
    assert outline(text, "fees.md") == [
        ("paragraph", 0, "Fees are:"),
        ("table_row", 0, "Boat: Skiff; Fee: $9"),
        ("paragraph", 0, "We are open:"),
        ("code", 0, "Sat 8-12\nSun 9-11"),
    ]


FAQ = [("heading", 3, "May dogs come?"), ("paragraph", 0, "Yes! On a lead, please.")]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("### Q: May dogs come?\n\n**A:** Yes! On a lead, please.\n", "faq.md"),
        ("### Question 7: May dogs come?\n\nAnswer: Yes! On a lead, please.\n", "faq.md"),
        ("## Dogs\n\n**F: May dogs come?**\n\nA: Yes! On a lead, please.\n", "faq.md"),
        ("<html><body><h3>Q: May dogs come?</h3><p><b>A:</b> Yes! On a lead, please.</p></body></html>", "faq.html"),
    ],
)
def test_questions_and_answers_read_well_without_their_labels(content: str, name: str) -> None:
    assert outline(content, name)[-2:] == FAQ


@pytest.mark.parametrize(
    "content",
    [
        "### Q: May dogs come?\n\nDogs are welcome on a lead.\n",
        "### A: the annex\n\nB: the barn\n",
        "### May dogs come?\n\nA: Yes.\n",
    ],
)
def test_what_only_looks_like_a_label_stays(content: str) -> None:
    assert [text for _, _, text in outline(content, "faq.md")] == content.removeprefix("### ").strip().split("\n\n")


WORD_FOR_WORD = "The hook __init__ fills a[0] by law [2019], and *star* or _line_ marks a word [7, 8]."


def test_plain_text_stays_word_for_word() -> None:
    assert outline(WORD_FOR_WORD, "hook.txt") == [("paragraph", 0, WORD_FOR_WORD)]
    notes = f"# Notes\n\n- one\n- **two**\n\n{WORD_FOR_WORD}\n"
    assert outline(notes, "notes.txt") == [
        ("heading", 1, "Notes"),
        ("list_item", 0, "one"),
        ("list_item", 0, "two"),
        ("paragraph", 0, WORD_FOR_WORD),
    ]
    assert outline("The hook `__init__` fills `a[0]`, see [2019].\n", "hook.md") == [
        ("paragraph", 0, "The hook __init__ fills a[0], see [2019].")
    ]
