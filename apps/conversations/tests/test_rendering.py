"""Whatever a model or a document says, the visitor's page shows text, marks of real citations, and links we gave."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from apps.conversations.rendering import ATTRIBUTES, TAGS, addresses_in, to_html

CITED = "https://docs.example/manual?a=1&b=2#two"
MARK = '<sup class="citation" data-n="{0}">{0}</sup>'
INERT_ATTRIBUTES = {name for names in ATTRIBUTES.values() for name in names} | {"rel", "title", "lang"}


def page(text: str) -> LexborHTMLParser:
    return LexborHTMLParser(to_html(text, {1, 2}, {CITED}))


def assert_inert(text: str) -> None:
    """There is nothing in it that runs, loads or leads away."""
    for node in page(text).css("body *"):
        assert node.tag in TAGS, node.html
        assert set(node.attributes) <= INERT_ATTRIBUTES, node.html
        if node.tag == "a":
            assert node.attributes.get("href") in {None, CITED}
            assert node.attributes["rel"] == "noopener noreferrer nofollow"
        if node.tag == "sup":
            assert node.html in {MARK.format(1), MARK.format(2)}


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "![x](https://mallory.example/pixel.png)",
        "![x][1]\n\n[1]: https://mallory.example/pixel.png",
        "[click](javascript:alert(1))",
        "[click](JaVaScRiPt:alert(1))",
        "[click](data:text/html;base64,PHNjcmlwdD4=)",
        "[click](https://mallory.example/?q=secret)",
        f"[click]({CITED}.mallory.example)",
        "[click](//mallory.example)",
        "<https://mallory.example>",
        "<a href='https://mallory.example'>x</a>",
        "<a href='https://docs.example' onclick=alert(1)>x</a>",
        "<iframe src=https://mallory.example></iframe>",
        "<style>body{background:url(https://mallory.example)}</style>",
        '<sup class="citation" data-n="9">9</sup>',
        "<svg onload=alert(1)>",
        "<math><mtext><style><img src onerror=alert(1)>",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "`<script>alert(1)</script>`",
        "```html\n<script>alert(1)</script>\n```",
        "```x\" onmouseover=alert(1)\ny\n```",
        f'[x]({CITED} "[1]\\" onclick=alert(1)")',
        f'[x]({CITED} "<script>")',
        "[1]: https://mallory.example\n\n[1]",
        "[[1]](https://mallory.example/[1])",
        "<!-- [1] -->",
        "<form action=https://mallory.example><input name=q></form>",
        "\x00<scr\x00ipt>",
    ],
)  # fmt: skip
def test_nothing_that_mallory_writes_does_anything(text: str) -> None:
    assert_inert(text)


@settings(max_examples=60)
@given(
    st.lists(
        st.sampled_from(
            ["[1]", "[3]", "[", "]", "(", ")", "`", "```", "\n", "|", "<a ", "<script>", '"', "'", ">", "\\", "!", "*",
             "javascript:x", CITED, "https://mallory.example", "onclick=", "&#x6a;", "[1]:", "# ", "- ", "    ", "ä"]
        ),
        max_size=14,
    ).map("".join)
)  # fmt: skip
def test_nothing_of_any_mixture_does_anything(text: str) -> None:
    assert_inert(text)


def test_there_would_be_something_to_fear() -> None:
    with pytest.raises(AssertionError):
        assert_inert_raw("<script>alert(1)</script>")


def assert_inert_raw(html: str) -> None:
    assert {node.tag for node in LexborHTMLParser(html).css("head *, body *")} <= TAGS


def test_text_stays_readable() -> None:
    html = to_html("Two years from purchase.\n\n- one\n- two\n\nA < B & C", set())
    assert html == ("<p>Two years from purchase.</p>\n<ul>\n<li>one</li>\n<li>two</li>\n</ul>\n<p>A &lt; B &amp; C</p>")
    assert to_html("a\nb", set()) == "<p>a<br>\nb</p>"
    assert "<td>3.5</td>" in to_html("| a | b |\n|---|---|\n| x | 3.5 |", set())
    assert to_html("", {1}) == ""


def test_html_in_an_answer_is_shown_as_it_was_written() -> None:
    assert page("use <b>bold</b> here").text().strip() == "use <b>bold</b> here"


# Marks.


@pytest.mark.parametrize(
    "text",
    ["__init__ runs first", "a *star* and **two**", "the first is a[0]", "the law [2019]", "C:\\*.txt", "&amp;lt;"],
)
def test_what_is_quoted_word_for_word_reads_as_it_is_in_the_source(text: str) -> None:
    assert page(text).text().strip() == text


def test_a_cited_number_becomes_a_mark_and_any_other_is_text() -> None:
    html = to_html("Two years [1], or three [2][3]. See [12] and a[0].", {1, 2})
    assert html == f"<p>Two years {MARK.format(1)}, or three {MARK.format(2)}[3]. See [12] and a[0].</p>"


@pytest.mark.parametrize("text", ["**[1]**", "- [1]", "> [1]", "| a |\n|---|\n| [1] |", "x[1]: y"])
def test_a_mark_works_wherever_text_stands(text: str) -> None:
    assert MARK.format(1) in to_html(text, {1})


def test_in_code_a_number_in_brackets_is_no_mark() -> None:
    assert to_html("`items[0]` and `items[1]` [1]", {1}) == (
        f"<p><code>items[0]</code> and <code>items[1]</code> {MARK.format(1)}</p>"
    )
    assert to_html("```\na[1] = b[7]\n```", {1}) == "<pre><code>a[1] = b[7]\n</code></pre>"


def test_a_list_of_sources_that_the_model_adds_leaves_the_marks_alone() -> None:
    html = to_html("Two years [1].\n\n[1]: https://mallory.example", {1})
    assert html.count(MARK.format(1)) == 2
    assert "<a" not in html


# Links.


def test_only_the_address_of_a_cited_page_is_a_link() -> None:
    shown = re.escape(CITED.replace("&", "&amp;"))
    assert re.search(
        f'<a href="{shown}" rel="noopener noreferrer nofollow">manual</a>', str(page(f"[manual]({CITED})").html)
    )
    assert "href" not in to_html(f"[manual]({CITED})", {1})
    assert to_html("https://docs.example", set()) == "<p>https://docs.example</p>"


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "ftp://docs.example"])
def test_even_a_cited_address_is_no_link_when_it_is_no_web_address(address: str) -> None:
    assert "href" not in to_html(f"[x](<{address}>)", {1}, {address})


BOATS = "https://book.example/boats?day=(mon)"


@pytest.mark.parametrize("text", ["Book at {}.", "our page ({})", "see {}, or call", '"{}"', "- {}"])
def test_an_address_that_a_quoted_source_gives_can_be_opened(text: str) -> None:
    html = to_html(text.format(BOATS), {1}, addresses_in(f"our booking page ({BOATS}); write to us"))
    link = LexborHTMLParser(html).css_first("a")
    assert link is not None
    assert link.attributes["href"] == BOATS == link.text()


def test_an_address_that_no_source_gives_stays_text() -> None:
    assert "<a" not in to_html("https://mallory.example", {1}, {BOATS})
    assert "<a" not in to_html(f"{BOATS}.mallory.example", {1}, {BOATS})
