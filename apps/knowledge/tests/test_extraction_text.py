"""Owners upload text in every charset, Markdown, web pages and bulk imports."""

import json

import pytest

from apps.core.chunking.blocks import Block, BlockKind
from apps.knowledge.extraction import ExtractedDocument, ExtractedFile, ExtractionLimits
from apps.knowledge.extraction.charsets import decode
from apps.knowledge.extraction.cleaning import clean_text, one_line
from apps.knowledge.extraction.reading import extract_bytes

RETURNS = {
    "cp1252": "Die Rückgabe ist innerhalb von 14 Tagen möglich. Größe und Gewähr stehen auf dem Lieferschein.",
    "iso8859_1": "Kunden kan returnera varan inom fjorton dagar efter mottagandet utan att ange något skäl.",
    "cp1250": "Zákazník může zboží vrátit do čtrnácti dnů od převzetí bez udání důvodu, pokud není poškozené.",
    "iso8859_2": "Klient może zwrócić towar w ciągu czternastu dni od odbioru bez podania przyczyny.",
    "cp1254": "Müşteri ürünü teslim aldıktan sonra on dört gün içinde gerekçe göstermeden iade edebilir.",
    "cp1257": "Pirkėjas gali grąžinti prekę per keturiolika dienų nuo gavimo nenurodydamas priežasties.",
    "cp850": "Kunden kan returnere varen inden for fjorten dage efter modtagelsen. Køber bærer fragten på varen.",
    "mac_roman": "El cliente puede devolver el producto en un plazo de catorce días desde la recepción.",
    "cp1251": "Покупатель может вернуть товар в течение четырнадцати дней после получения.",
    "cp866": "Покупатель может вернуть товар в течение четырнадцати дней без объяснения причин.",
    "cp1253": "Ο πελάτης μπορεί να επιστρέψει το προϊόν εντός δεκατεσσάρων ημερών από την παραλαβή.",
    "cp1256": "يمكن للعميل إرجاع المنتج خلال أربعة عشر يومًا من الاستلام دون إبداء الأسباب.",
    "shift_jis": "商品は受け取り後14日以内であれば理由なく返品できます。",
    "euc_kr": "고객은 수령 후 14일 이내에 사유 없이 제품을 반품할 수 있습니다.",
    "gb18030": "客户可以在收到货物后十四天内无理由退货，运费由买方承担，商品必须完好无损。",
    "cp500": "The customer may return the goods within fourteen days of receipt without giving a reason.",
    "utf-8": "Größe: 5 µm – 客户可以 – можно",
    "utf-8-sig": "Größe: 5 µm – 客户可以 – можно",
    "utf-16": "Rückgabe binnen 14 Tagen",
    "utf-16-le": "Rückgabe binnen 14 Tagen",
    "utf-16-be": "Rückgabe binnen 14 Tagen",
    "utf-32": "Rückgabe binnen 14 Tagen",
    "utf-32-le": "Rückgabe binnen 14 Tagen",
    "utf-32-be": "Rückgabe binnen 14 Tagen",
}


def read(data: bytes | str, name: str = "note.txt") -> ExtractedFile:
    content = data.encode() if isinstance(data, str) else data
    return extract_bytes(content, file_name=name, limits=ExtractionLimits())


def document(data: bytes | str, name: str = "note.txt") -> ExtractedDocument:
    (found,) = read(data, name).documents
    return found


def outline(data: bytes | str, name: str) -> list[tuple[str, int, str]]:
    return [(block.kind.value, block.level, block.text) for block in document(data, name).blocks]


@pytest.mark.parametrize("charset", RETURNS)
def test_the_charset_is_found_without_being_told(charset: str) -> None:
    assert decode(RETURNS[charset].encode(charset)) == RETURNS[charset]


def test_a_charset_that_the_file_names_is_believed_only_if_it_fits() -> None:
    assert decode("größer".encode("iso8859_2"), declared="ISO-8859-2") == "größer"
    assert decode("größer".encode(), declared="us-ascii") == "größer"
    assert decode("größer".encode("cp1252"), declared="utf-8") == "größer"
    assert decode("größer".encode("cp1252"), declared="no such charset") == "größer"
    assert decode(b"\x93lamp\x94", declared="iso-8859-1") == "“lamp”"


def test_text_that_was_encoded_twice_is_mended() -> None:
    twice = "1986–1990: £275,000".encode().decode("cp1252").encode()
    assert decode(twice) == "1986–1990: £275,000"
    assert decode("Â is a letter".encode()) == "Â is a letter"


def test_what_the_database_refuses_and_nobody_sees_is_taken_out() -> None:
    assert clean_text("a\0b\ud800c\u200bd\u202ee\ufefff\x07g") == "abcdefg"
    assert clean_text("one\r\ntwo\x0bthree\u2028four") == "one\ntwo\nthree\nfour"
    assert clean_text("\ud83d\ude00 ﬁne ﬂow") == "😀 fine flow"
    assert one_line(" a\u00a0 b\n\tc ") == "a b c"


def test_nul_characters_in_a_text_do_not_survive() -> None:
    text = document(b"Return within 14 days.\0\0 Ask for a label." + b"\0" * 20).blocks[0].text
    assert text == "Return within 14 days. Ask for a label."


def test_lines_broken_at_a_width_are_joined_and_others_are_not() -> None:
    wrapped = (
        "The warranty of the Lumen 3 lamp begins on the day of delivery and lasts\n"
        "for twenty-four months. It covers the battery and the charging cable, but\n"
        "not scratches on the surface of the lamp.\n"
        "\n"
        "Lumen BV\nHoge Rijndijk 14\nLeiden\n"
    )
    first, second = document(wrapped).blocks
    assert "\n" not in first.text
    assert second.text == "Lumen BV\nHoge Rijndijk 14\nLeiden"


def test_a_log_stays_lines() -> None:
    log = "\n".join(
        f"2024-05-0{day} 12:00 INFO the lamp was switched on by a visitor of the shop" for day in range(1, 9)
    )
    assert document(log).blocks[0].text.count("\n") == 7


def test_lists_and_underlined_headings_of_plain_text() -> None:
    text = "Returns\n=======\n\nPlease include:\n- the receipt\n  - or a copy of it\n1. Pack the lamp.\n2) Send it.\n"
    assert outline(text, "note.txt") == [
        ("heading", 1, "Returns"),
        ("paragraph", 0, "Please include:"),
        ("list_item", 0, "the receipt"),
        ("list_item", 1, "or a copy of it"),
        ("list_item", 0, "1. Pack the lamp."),
        ("list_item", 0, "2) Send it."),
    ]


MARKDOWN = """---
title: "Lamp guide"
---
# Cleaning

Wipe it **dry**, ![a cloth](cloth.png) please.
No [solvents](https://example.org).

1. Unplug
2. Wipe
   - gently

| Part | Price |
|------|-------|
| Cable | 9 |

```sh
lamp --clean
  now
```

<p>Raw <b>HTML</b> &amp; more</p>

~~Old~~ New price
"""


def test_markdown_keeps_headings_lists_tables_and_code() -> None:
    found = document(MARKDOWN, "guide.md")
    assert found.title == "Lamp guide"
    assert [(block.kind.value, block.level, block.text) for block in found.blocks] == [
        ("heading", 1, "Cleaning"),
        ("paragraph", 0, "Wipe it dry, please. No solvents (https://example.org)."),
        ("list_item", 0, "1. Unplug"),
        ("list_item", 0, "2. Wipe"),
        ("list_item", 1, "gently"),
        ("table_row", 0, "Part: Cable; Price: 9"),
        ("code", 0, "lamp --clean\n  now"),
        ("paragraph", 0, "Raw HTML & more"),
        ("paragraph", 0, "New price"),
    ]


FAQ = """<!doctype html><html lang="en-GB"><head><title>Help | Lumen</title><style>p{}</style></head><body>
<nav><ul><li><a href="/">Home</a></li><li><a href="/shop">Shop</a></li><li><a href="/help">Help</a></li></ul></nav>
<main><h1>Help</h1>
<details><summary>How long is the warranty?</summary><p>Two years.</p></details>
<details><summary>Can I return it?</summary><ol start="3"><li>Ask.</li><li>Send it.</li></ol></details>
<dl><dt>Weight</dt><dd>210 g</dd></dl>
<table><caption>Prices</caption><thead><tr><th>Model<th>Price</thead><tr><td>Lumen 3<td>49<tr><td>Lumen 4<td>69</table>
<pre>lamp
  on</pre><p hidden>secret draft</p><p>Old <del>39</del> 49 EUR<br>incl. tax</p>
<script>var x = "tracking";</script></main><footer>© Lumen BV</footer></body></html>"""


def test_a_short_help_page_comes_out_whole_and_without_its_menu() -> None:
    found = document(FAQ, "help.html")
    assert (found.title, found.language) == ("Help", "en")
    assert [(block.kind.value, block.level, block.text) for block in found.blocks] == [
        ("heading", 1, "Help"),
        ("heading", 2, "How long is the warranty?"),
        ("paragraph", 0, "Two years."),
        ("heading", 2, "Can I return it?"),
        ("list_item", 0, "3. Ask."),
        ("list_item", 0, "4. Send it."),
        ("list_item", 0, "Weight: 210 g"),
        ("paragraph", 0, "Prices"),
        ("table_row", 0, "Model: Lumen 3; Price: 49"),
        ("table_row", 0, "Model: Lumen 4; Price: 69"),
        ("code", 0, "lamp\n  on"),
        ("paragraph", 0, "Old 49 EUR\nincl. tax"),
    ]


SECRET = "Our internal floor price for the Lumen 3 is 31 EUR, and staff may go down to it when a customer insists."


@pytest.mark.parametrize(
    "hidden",
    [
        f"<p style='color:red; display : NONE'>{SECRET}</p>",
        f"<section style='display:block;display:none!important'><div><p>{SECRET}</p></div></section>",
        f"<p style='visibility:hidden'>{SECRET}</p>",
        f"<p hidden>{SECRET}</p>",
        f"<div aria-hidden='true'><div hidden><p>{SECRET}</p></div></div>",
        f"<pre>lamp --clean<span style='display:none'>{SECRET}</span></pre>",
        f"<table><tr><th>Model<th>Price<tr><td>L3<td>49<tr style='display:none'><td>{SECRET}<td>31</table>",
        f"<table><tr><th>Model<th>Price<th hidden>Floor<tr><td>L3<td>49<td hidden>{SECRET}</table>",
    ],
)
def test_what_a_page_hides_is_left_out_and_the_owner_is_told(hidden: str) -> None:
    found = read(
        f"<!doctype html><html><body><main><p>The Lumen 3 is 49 EUR.</p>{hidden}</main></body></html>", "a.html"
    )
    text = " ".join(block.text for block in found.documents[0].blocks)
    assert "The Lumen 3 is 49 EUR." in text
    assert "internal" not in text
    assert [warning.code for warning in found.warnings] == ["hidden_text"]


@pytest.mark.parametrize("tag", ["template", "noscript"])
def test_what_no_browser_shows_is_left_out_without_a_word(tag: str) -> None:
    found = read(f"<!doctype html><html><body><p>In sight.</p><{tag}><p>{SECRET}</p></{tag}></body></html>", "a.html")
    assert [block.text for block in found.documents[0].blocks] == ["In sight."]
    assert found.warnings == ()


def test_a_hidden_heading_does_not_become_the_title() -> None:
    found = document("<html><body><h1 hidden>Draft for Bob</h1><p>In sight.</p></body></html>", "help.html")
    assert found.title == "help"


def test_a_page_that_a_script_shows_is_read_and_the_owner_is_told() -> None:
    app = "<div id='app' style='display:none'><h1>Help</h1><p>You may return a lamp.</p></div><script>show()</script>"
    found = read(f"<!doctype html><html><body>{app}</body></html>", "help.html")
    assert [block.text for block in found.documents[0].blocks] == ["Help", "You may return a lamp."]
    assert [warning.code for warning in found.warnings] == ["hidden_text_included"]


def test_answers_that_a_click_on_their_question_unfolds_are_read() -> None:
    page = (
        "<h2><button aria-controls='a1'>Can I return it?</button></h2><div id='a1' hidden>Within 14 days.</div>"
        "<h2><a data-bs-target='#a2'>Is it heavy?</a></h2><div id='a2' style='display:none'>Only 210 g.</div>"
    )
    found = read(f"<!doctype html><html><body>{page}</body></html>", "faq.html")
    assert [block.text for block in found.documents[0].blocks][1::2] == ["Within 14 days.", "Only 210 g."]
    assert found.warnings == ()


def test_cells_over_several_rows_and_columns_count_for_each() -> None:
    html = """<html><body><table><tr><th>Model</th><th colspan=2>Price</th></tr>
    <tr><td rowspan=2>Lumen</td><td>49</td><td>59</td></tr><tr><td>69</td><td>79</td></tr>
    <tr><td colspan=3>Spare parts</td></tr><tr><td>Cable</td><td>9</td><td>19</td></tr></table></body></html>"""
    assert [text for _, _, text in outline(html, "t.html")] == [
        "Model: Lumen; Price: 49; Price: 59",
        "Model: Lumen; Price: 69; Price: 79",
        "Spare parts",
        "Model: Cable; Price: 9; Price: 19",
    ]


def test_a_page_nested_beyond_reason_is_read_all_the_same() -> None:
    html = "<html><body>" + "<div><ul><li>" * 900 + "The lamp is here." + "</body></html>"
    assert "The lamp is here." in document(html, "deep.html").blocks[0].text


def test_a_title_keeps_the_page_and_drops_the_site() -> None:
    page = "<html><head><title>{}</title></head><body><h1>{}</h1><p>Text of the page, long enough.</p></body></html>"
    assert document(page.format("Returns and refunds | Lumen", "Returns and refunds"), "x.html").title == (
        "Returns and refunds"
    )
    assert document(page.format("Returns and refunds at Lumen BV", "Lumen"), "x.html").title == (
        "Returns and refunds at Lumen BV"
    )


def test_a_bulk_import_gives_a_document_for_each_good_line_and_a_warning_for_each_bad_one() -> None:
    lines = [
        json.dumps({"id": 7, "title": "Returns", "text": "Within 14 days.", "url": "https://example.org/r"}),
        json.dumps({"_id": "a-1", "text": "One.\n\nTwo."}),
        "not json",
        json.dumps(["a", "list"]),
        "",
        json.dumps({"id": 9, "text": "  "}),
        json.dumps({"text": "Emoji \ud83d\ude00 and a lone \ud800 half."}),
    ]
    found = read("\n".join(lines), "import.jsonl")
    assert [(item.external_id, item.title, item.url, len(item.blocks)) for item in found.documents] == [
        ("7", "Returns", "https://example.org/r", 1),
        ("a-1", "import, line 2", "", 2),
        ("", "import, line 7", "", 1),
    ]
    assert found.documents[2].blocks[0].text == "Emoji 😀 and a lone half."
    assert [warning.code for warning in found.warnings] == ["line_unreadable"] * 3
    assert [warning.message.split(" was")[0] for warning in found.warnings] == ["Line 3", "Line 4", "Line 6"]


def test_a_large_import_is_read_in_seconds() -> None:
    line = json.dumps({"id": 1, "title": "Lamp", "text": "The lamp lasts for two years. " * 5})
    found = read("\n".join([line] * 20_000), "import.jsonl")
    assert len(found.documents) == 20_000


def test_many_bad_lines_are_summed_up() -> None:
    found = read('{"text": "good"}\n' + "bad\n" * 250, "import.jsonl")
    assert len(found.warnings) == 101
    assert found.warnings[-1].message == "150 more lines were left out."


@pytest.mark.parametrize(
    ("text", "name", "kind"),
    [
        ("<!DOCTYPE html><html><body><h2>Lamp</h2></body></html>", "lamp.txt", BlockKind.HEADING),
        ('{"text": "A lamp"}\n{"text": "A cable"}', "lamps.txt", BlockKind.PARAGRAPH),
        ("# Lamp\n\nSee [this](x).\n\n**Bold**", "readme", BlockKind.HEADING),
        ("a;b;c\n1;2;3\n4;5;6\n", "numbers.txt", BlockKind.TABLE_ROW),
        ("Well, yes, no.\nThen, now, so.\nHere, there, all.\nOne, two, three.\n", "poem.txt", BlockKind.PARAGRAPH),
        ("From: a@example.org\nSubject: Lamp\nDate: Mon, 1 Jan 2024 10:00:00 +0000\n\nHi", "x.txt", BlockKind.HEADING),
    ],
)
def test_the_kind_of_text_is_told_by_the_text(text: str, name: str, kind: BlockKind) -> None:
    first: Block = read(text, name).documents[0].blocks[0]
    assert first.kind is kind
