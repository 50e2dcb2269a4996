"""Alice sees how her chatbot does, as plots with words and tables; Victor may look; Mallory sees nothing of it."""

import csv
import datetime as dt
import io
import re

import pytest
from django.utils import timezone

from apps.accounts.models import AuditEntry
from apps.chatbots.models import Chatbot
from apps.conversations.insights import Day, Tally
from apps.conversations.models import Message
from apps.conversations.tests.test_insights import NOW, ask, source
from apps.dashboard import insight_words as words
from apps.dashboard.plots import Column, Part, plot
from apps.dashboard.tests.conftest import Person
from apps.dashboard.tests.test_privacy_page import INLINE
from apps.knowledge.services import KnowledgeSourceService

NORWAY = "Do you ship to Norway?"
TABLES = ("questions", "answered", "unanswered", "cited", "uncited", "times", "feedback")


def base(bot: Chatbot) -> str:
    return f"/dashboard/bots/{bot.pk}/"


@pytest.fixture
def busy(bot: Chatbot) -> Chatbot:
    prices = source(bot, "Prices <2026>")
    source(bot, "Nobody asks for this")
    for days_ago in range(10):
        ask(bot, cites=(prices,), days_ago=days_ago, feedback="up" if days_ago % 2 else "")
    ask(bot, NORWAY, answered=False, feedback="down", feedback_comment="<b>Useless</b>")
    ask(bot, "Is shipping to Norway possible?", answered=False, at=NOW + dt.timedelta(minutes=1))
    return bot


def test_every_part_has_a_sentence_and_a_table_and_nothing_runs_or_is_styled_inline(
    alice: Person, busy: Chatbot
) -> None:
    page = alice.see(f"{base(busy)}insights")
    for name in TABLES:
        part = page.split(f'<section class="card insight {name}"')[1].split("</section>")[0]
        assert '<p class="says">' in part
        assert f"insights/{name}.csv?days=30" in part
        assert "<table>" in part
    assert page.count('class="plot-area" role="img" aria-label="') == 4
    assert not INLINE.search(page)
    assert "<b>Useless" not in page
    assert "10 of 12 questions got an answer: 83 %." in page
    assert "“Prices &lt;2026&gt;”" in page


def test_the_range_can_be_7_30_or_90_days(alice: Person, busy: Chatbot) -> None:
    columns = {days: alice.see(f"{base(busy)}insights?days={days}").count('class="hover"') for days in (7, 30, 90)}
    assert columns[7] == 4 * 7
    weeks = {days: columns[days] - 3 * days for days in (30, 90)}
    assert weeks[30] in {5, 6}
    assert weeks[90] in {13, 14}
    assert "9 questions in 7 days" in alice.see(f"{base(busy)}insights?days=7")
    assert "12 questions in 30 days" in alice.see(f"{base(busy)}insights?days=nonsense")


def test_near_equal_unanswered_questions_stand_together_with_a_way_to_an_answer(alice: Person, busy: Chatbot) -> None:
    latest = Message.objects.filter(answered=False).order_by("-created_at").first()
    page = alice.see(f"{base(busy)}insights")
    assert '<span class="often" title="Times asked">2×</span>' in page
    assert latest is not None
    assert f"/answers/{latest.pk}" in page
    assert "Answer added" not in page
    KnowledgeSourceService().add_text(chatbot=busy, text="Yes.", title=NORWAY, disclosure="citable")
    assert "Answer added" in alice.see(f"{base(busy)}insights")


def test_a_table_is_handed_out_as_csv_that_runs_nothing(alice: Person, busy: Chatbot) -> None:
    ask(busy, '=HYPERLINK("http://evil.example")', answered=False)
    told = alice.see(f"{base(busy)}insights/unanswered.csv?days=30")
    rows = list(csv.reader(io.StringIO(told)))
    assert rows[0] == ["Question", "Times asked", "Wordings", "First", "Last"]
    assert {row[0] for row in rows[1:]} == {
        "Is shipping to Norway possible?", "'=HYPERLINK(\"http://evil.example\")"
    }  # fmt: skip
    entry = AuditEntry.objects.get(action="insights.exported")
    assert entry.details == {"table": "unanswered", "days": 30}


@pytest.mark.parametrize("name", TABLES)
def test_every_table_is_there_as_csv(victor: Person, busy: Chatbot, name: str) -> None:
    rows = list(csv.reader(io.StringIO(victor.see(f"{base(busy)}insights/{name}.csv?days=7"))))
    assert len(rows) > 1
    assert {len(row) for row in rows} == {len(rows[0])}


def test_there_is_no_other_table_and_for_mallory_none(alice: Person, mallory: Person, busy: Chatbot) -> None:
    alice.see(f"{base(busy)}insights/secrets.csv", status=404)
    mallory.see(f"{base(busy)}insights/questions.csv", status=404)
    mallory.see(f"{base(busy)}insights", status=404)


def test_who_has_no_conversations_yet_is_told_kindly(alice: Person, bot: Chatbot) -> None:
    assert "Nothing to tell yet" in alice.see(f"{base(bot)}insights")
    ask(bot, days_ago=40)
    page = alice.see(f"{base(bot)}insights")
    assert "A quiet time" in page
    assert "?days=90" in page


# What is drawn, and what it says.


def test_columns_stand_on_the_axis_and_end_at_their_value() -> None:
    drawn = plot(
        [Column(label=str(n), told="", parts=[Part(kind="a", bottom=0, top=n)]) for n in (0, 5, 10)],
        tell=str, finest=1,
    )  # fmt: skip
    tallest = drawn.columns[2].boxes[0]
    assert (tallest.y, tallest.y + tallest.height) == (12, drawn.zero)
    half = drawn.columns[1].boxes[0]
    assert half.height == pytest.approx(tallest.height / 2)
    assert drawn.columns[0].boxes == []
    assert drawn.columns[1].x == "33.33%"


def test_what_lies_below_zero_hangs_from_it() -> None:
    column = Column(label="x", told="", parts=[Part(kind="up", bottom=0, top=3), Part(kind="down", bottom=-1, top=0)])
    drawn = plot([column], tell=str, finest=1)
    up, down = drawn.columns[0].boxes
    assert up.y + up.height == pytest.approx(drawn.zero)
    assert down.y == pytest.approx(drawn.zero)
    assert [tick.text for tick in drawn.ticks] == ["1", "0", "1", "2", "3"]


@pytest.mark.parametrize("highest", [1, 3, 4, 7, 12, 99, 100, 101, 2500, 98765])
def test_an_axis_has_few_round_steps_and_reaches_every_value(highest: int) -> None:
    drawn = plot([Column(label="", told="", parts=[Part(kind="", bottom=0, top=highest)])], tell=str, finest=1)
    values = [float(tick.text) for tick in drawn.ticks]
    assert 2 <= len(values) <= 5
    assert values[-1] >= highest
    assert re.fullmatch(r"[125]0*", f"{values[1]:.0f}")


def test_no_column_at_all_is_drawn_as_an_empty_axis() -> None:
    assert plot([], tell=str).columns == []


def test_a_share_that_is_not_all_is_never_told_as_all() -> None:
    assert [words.whole(share) for share in (0, 0.001, 0.5, 0.999, 1)] == [0, 1, 50, 99, 100]


def test_the_sentences_speak_of_one_as_of_one() -> None:
    days = [Day(date=dt.date(2026, 11, number)) for number in range(17, 24)]
    assert words.of_questions(days, Tally(answered=1), Tally()) == "1 question in 7 days, less than one a day."
    busiest = Day(date=dt.date(2026, 11, 24), tally=Tally(answered=9, unanswered=2))
    assert words.of_questions([*days, busiest], busiest.tally, Tally(answered=4)) == (
        "11 questions in 8 days, about one a day. Most came on Tuesday, 24 November: 11."
        " In the 8 days before there were 4."
    )
    assert words.of_share(Tally(answered=9, unanswered=1), Tally(answered=1, unanswered=1), 30) == (
        "9 of 10 questions got an answer: 90 %. That is 40 points more than in the 30 days before."
    )
    assert words.of_feedback(Tally()).startswith("No visitor has said yet")


def test_dates_are_of_utc(alice: Person, bot: Chatbot) -> None:
    ask(bot)
    today = timezone.now().date()
    assert f'<time datetime="{today.isoformat()}">' in alice.see(f"{base(bot)}insights")
