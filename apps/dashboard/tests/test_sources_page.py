"""Alice adds, watches, changes, deletes and restores sources; Victor looks on; Mallory has no such page."""

import io
import json
import re
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings

from apps.accounts.models import AuditEntry
from apps.chatbots.models import Chatbot
from apps.core.error_handling import EncryptedDocumentError
from apps.dashboard.tests.conftest import Person
from apps.knowledge.models import Disclosure, RemovedSource, Source, SourceStatus
from apps.knowledge.services import KnowledgeSourceService

INLINE = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", re.IGNORECASE)
SERVICE = KnowledgeSourceService()


def base(bot: Chatbot) -> str:
    return f"/dashboard/bots/{bot.pk}/sources"


def actions(bot: Chatbot) -> list[str]:
    return list(AuditEntry.objects.filter(chatbot_id=bot.pk).order_by("pk").values_list("action", flat=True))


def file(name: str, content: bytes = b"Some text.") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def made(bot: Chatbot, title: str, **facts: Any) -> Source:
    """A source in a state that a worker would have brought it to."""
    return Source.objects.create(chatbot=bot, **{"kind": "text", "title": title, "status": "ready", **facts})


def titles(page: str) -> list[str]:
    return re.findall(r'<h3><a href="[^"]+" hx-boost="false">([^<]+)</a></h3>', page)


@pytest.fixture
def ready(bot: Chatbot) -> Source:
    return made(bot, "Returns", disclosure="citable", document_count=1, passage_count=2)


# Who may see and who may change it.


def test_members_see_the_pages_that_exist_for_nobody_else(
    alice: Person, victor: Person, mallory: Person, bot: Chatbot, ready: Source
) -> None:
    hers = Chatbot.objects.get(name="Mallory's bot")
    for path in (base(bot), f"{base(bot)}/{ready.pk}", f"{base(bot)}/state"):
        assert not INLINE.search(alice.see(path))
        assert victor.see(path)
        mallory.see(path, status=404)
    mallory.see(f"{base(hers)}/{ready.pk}", status=404)
    mallory.see(f"{base(hers)}/{ready.pk}/original", status=404)


def test_victor_sees_no_form_and_may_send_none(victor: Person, bot: Chatbot, ready: Source) -> None:
    assert 'id="add-sources"' not in victor.see(base(bot))
    assert "Delete" not in victor.see(base(bot))
    victor.press(f"{base(bot)}/act", status=403, source=str(ready.pk), do="remove")
    victor.press(f"{base(bot)}/add", status=403, files=file("a.txt"))
    victor.press(f"{base(bot)}/add/text", status=403, title="A", text="B")
    victor.press(f"{base(bot)}/{ready.pk}/change", status=403, title="Mine")
    victor.press(f"{base(bot)}/{ready.pk}/replace", status=403, file=file("a.txt"))
    assert list(Source.objects.filter(chatbot=bot).values_list("title", flat=True)) == ["Returns"]


@pytest.mark.parametrize("deed", ["citable", "learn_only", "retry", "cancel", "remove", "accept"])
def test_mallory_does_nothing_to_alices_source_through_her_own_bot(
    mallory: Person, bot: Chatbot, source: Source, deed: str
) -> None:
    hers = Chatbot.objects.get(name="Mallory's bot")
    before = Source.objects.filter(pk=source.pk).values().get()
    mallory.press(f"{base(hers)}/act", source=str(source.pk), do=deed)
    assert Source.objects.filter(pk=source.pk).values().get() == before


# Adding.


def test_alice_adds_files_addresses_and_a_text_with_one_form(alice: Person, bot: Chatbot) -> None:
    where = alice.press(
        f"{base(bot)}/add", files=[file("a.txt", b"One."), file("b.txt", b"Two.")],
        addresses="https://www.example.org/a\r\n\r\nhttps://www.example.org/b", title="Hours", text="We open at nine.",
    )  # fmt: skip
    assert where == base(bot)
    assert "5 sources were added" in alice.see(where)
    assert set(Source.objects.values_list("kind", "title", "disclosure")) == {
        ("file", "a.txt", "citable"), ("file", "b.txt", "citable"), ("text", "Hours", "citable"),
        ("url", "https://www.example.org/a", "citable"), ("url", "https://www.example.org/b", "citable"),
    }  # fmt: skip


def test_what_is_added_as_learn_only_is_learn_only(alice: Person, bot: Chatbot) -> None:
    alice.press(f"{base(bot)}/add", files=file("a.txt"), disclosure="learn_only")
    assert Source.objects.get().disclosure == Disclosure.LEARN_ONLY


def test_a_class_that_does_not_exist_adds_nothing(alice: Person, bot: Chatbot) -> None:
    answer = send(alice, bot, file("a.txt"), status=400, disclosure="secret")
    assert "Choose citable or learn_only" in answer["problem"]
    alice.press(f"{base(bot)}/add", status=400, files=file("a.txt"), disclosure="secret")
    assert not Source.objects.exists()


def test_lines_that_are_no_addresses_stay_in_the_form(alice: Person, bot: Chatbot) -> None:
    where = alice.press(
        f"{base(bot)}/add", addresses="https://www.example.org/a\nwww.example.org\nftp://x", disclosure="learn_only"
    )
    page = alice.see(where)
    assert "These lines are no web addresses" in page
    assert ">www.example.org\nftp://x</textarea>" in page
    assert re.search(r'value="learn_only" checked', page)
    assert "These lines" not in alice.see(where), "it is told once"
    assert Source.objects.get().url == "https://www.example.org/a"


def test_a_part_s_button_adds_that_part_and_enter_all_that_is_filled(alice: Person, bot: Chatbot) -> None:
    alice.press(f"{base(bot)}/add", only="text", title="A", text="One.", addresses="no address")
    assert list(Source.objects.values_list("title", flat=True)) == ["A"]
    alice.press(f"{base(bot)}/add", only="files", title="B", text="Two.")  # what Enter presses is the first button
    assert set(Source.objects.values_list("title", flat=True)) == {"A", "B"}


def test_a_form_with_nothing_in_it_says_what_to_do(alice: Person, bot: Chatbot) -> None:
    assert "There is nothing to add yet" in alice.see(alice.press(f"{base(bot)}/add"))
    assert "The text is empty" in alice.see(alice.press(f"{base(bot)}/add", title="Hours"))


def test_the_form_goes_on_where_the_page_that_holds_it_wants_and_nowhere_else(alice: Person, bot: Chatbot) -> None:
    assert alice.press(f"{base(bot)}/add/text", title="A", text="One.", next="/welcome") == "/welcome"
    for elsewhere in ("https://evil.example", "//evil.example", "evil"):
        assert alice.press(f"{base(bot)}/add/text", title="A", text="Two.", next=elsewhere) == base(bot)


def test_an_answer_that_is_added_is_a_citable_text(alice: Person, bot: Chatbot) -> None:
    alice.press(f"{base(bot)}/add/text", title="Do you ship to Malta?", text="Yes,\r\nwithin a week.")
    source = Source.objects.get()
    assert (source.kind, source.title, source.disclosure) == ("text", "Do you ship to Malta?", "citable")
    assert bytes(source.pieces.get().content) == b"Yes,\nwithin a week."


def test_an_empty_answer_is_refused_kindly(alice: Person, bot: Chatbot) -> None:
    assert "The text is empty" in alice.see(alice.press(f"{base(bot)}/add/text", title="A", text=" "))


def send(person: Person, bot: Chatbot, upload: SimpleUploadedFile, status: int = 200, **fields: Any) -> Any:
    """Send one file as the page's script does."""
    response = person.client.post(
        f"{base(bot)}/add", {"files": upload, **fields}, headers={"Accept": "application/json"}
    )
    assert response.status_code == status
    return json.loads(response.content)


def test_files_of_one_name_in_two_folders_stay_two(alice: Person, bot: Chatbot) -> None:
    send(alice, bot, file("readme.md", b"One."), path="handbook/a/readme.md")
    send(alice, bot, file("readme.md", b"Two."), path="handbook/b/readme.md")
    page = alice.see(base(bot))
    assert titles(page) == ["readme.md", "readme.md"]
    assert "handbook/a/" in page
    assert "handbook/b/" in page


def test_the_script_is_told_what_became_of_a_file(alice: Person, bot: Chatbot) -> None:
    assert send(alice, bot, file("a.txt", b"One."))["sources"][0]["note"] == ""
    assert send(alice, bot, file("a.txt", b"Two."))["sources"][0]["note"] == "Replaces the former"
    with override_settings(MAX_UPLOAD_BYTES=3 * 1024 * 1024):
        answer = send(alice, bot, file("b.txt", b"x" * (3 * 1024 * 1024 + 1)))
    assert "larger than 3 MB" in answer["sources"][0]["problem"]


def test_the_limit_is_told_beforehand(alice: Person, bot: Chatbot) -> None:
    with override_settings(MAX_UPLOAD_BYTES=7 * 1024 * 1024):
        assert re.search(r"Up to <strong>7 MB</strong> a file", alice.see(base(bot)))


# The list.


def test_five_thousand_sources_come_in_pages_that_can_be_searched_filtered_and_sorted(
    alice: Person, bot: Chatbot, django_assert_max_num_queries: Any
) -> None:
    Source.objects.bulk_create(
        Source(
            chatbot=bot, kind="text", title=f"Note {n:04}", passage_count=n,
            status="failed" if n % 1000 == 7 else "ready", disclosure="learn_only" if n % 2 else "citable",
        )
        for n in range(5000)
    )  # fmt: skip
    with django_assert_max_num_queries(20):
        page = alice.see(f"{base(bot)}?sort=title")
    assert len(titles(page)) == 50
    assert titles(page)[0] == "Note 0000"
    assert "Page 1 of 100" in page
    assert re.search(r'Ready <span class="count">4995<', page)
    assert titles(alice.see(f"{base(bot)}?sort=title&page=100"))[-1] == "Note 4999"
    assert titles(alice.see(f"{base(bot)}?sort=passages"))[0] == "Note 4999"
    assert titles(alice.see(f"{base(bot)}?q=note+123&sort=title")) == [f"Note 123{n}" for n in range(10)]
    assert len(titles(alice.see(f"{base(bot)}?state=failed"))) == 5
    assert titles(alice.see(f"{base(bot)}?state=failed&show=citable")) == []
    assert 'href="?page=2&q=note&amp;sort=title"' in alice.see(f"{base(bot)}?q=note&sort=title").replace("&amp;q", "&q")


@pytest.mark.parametrize(
    "query", ["page=zero", "page=99999", "state=x&show=y&sort=z", "q=%00", "page=-1", "q=" + 900 * "a"]
)
def test_an_address_that_makes_no_sense_is_no_error(alice: Person, bot: Chatbot, ready: Source, query: str) -> None:
    assert alice.see(f"{base(bot)}?{query}")


def test_titles_are_shown_and_run_nothing(alice: Person, bot: Chatbot) -> None:
    made(bot, "<script>alert(1)</script>")
    assert "&lt;script&gt;alert(1)" in alice.see(base(bot))


def test_how_far_each_is_can_be_asked_for_by_itself(alice: Person, bot: Chatbot) -> None:
    reading = made(bot, "Manual", status="running", stage="embedding", progress=43)
    page = alice.see(f"{base(bot)}/state?source={reading.pk}")
    assert "Embedding 43 %" in page
    assert "data-busy" in page, "it asks again"
    Source.objects.update(status="ready", stage="", passage_count=9)
    page = alice.see(f"{base(bot)}/state?source={reading.pk}&source=nonsense&source={uuid4()}")
    assert "9 passages" in page
    assert "data-busy" not in page
    assert "Everything has been read: 1 ready." in page


def test_what_failed_says_why_and_what_to_do(alice: Person, bot: Chatbot) -> None:
    locked = EncryptedDocumentError()
    made(
        bot, "a.pdf", kind="file", file_name="a.pdf", status="failed",
        error_code=locked.code, error_message=str(locked),
    )  # fmt: skip
    page = alice.see(base(bot))
    assert "protected by a password" in page
    assert "Choose another file" in page
    assert "Read again" in page
    assert "Nothing of it is served" in page


def test_a_file_that_was_too_large_is_not_offered_to_be_read_again(alice: Person, bot: Chatbot) -> None:
    with override_settings(MAX_UPLOAD_BYTES=10):
        SERVICE.add_file(chatbot=bot, file_name="a.txt", content=io.BytesIO(b"x" * 20), disclosure="citable")
    row = alice.see(base(bot)).split('class="sources"')[1]
    assert "Choose another file" in row
    assert "Read again" not in row


# What can be done with one or with many.


def test_alice_flips_a_selection_is_told_what_it_means_and_takes_it_back(alice: Person, bot: Chatbot) -> None:
    one, two, other = made(bot, "One"), made(bot, "Two"), made(bot, "Other", disclosure="learn_only")
    chosen = [str(source.pk) for source in (one, two, other)]
    where = alice.press(f"{base(bot)}/act", disclosure="learn_only", source=chosen, back="sort=title&page=1")
    assert where == f"{base(bot)}?sort=title#done"
    page = alice.see(where)
    assert "<strong>2 sources.</strong>" in page
    assert "from the next word on no answer uses them" in page
    assert set(Source.objects.values_list("disclosure", flat=True)) == {"learn_only"}

    undo = page.split('id="done"')[1].split("</form>")[0]
    assert '<button name="disclosure" value="citable">Undo</button>' in undo
    alice.press(f"{base(bot)}/act", disclosure="citable", source=re.findall(r'name="source" value="([^"]+)"', undo))
    assert dict(Source.objects.values_list("title", "disclosure")) == {
        "One": "citable", "Two": "citable", "Other": "learn_only",
    }  # fmt: skip
    assert actions(bot)[-4:] == ["source.flipped"] * 4


def test_the_undo_of_one_flip_stands_in_its_row(alice: Person, bot: Chatbot, ready: Source) -> None:
    page = alice.see(alice.press(f"{base(bot)}/act", source=str(ready.pk), disclosure="learn_only"))
    row = page.split(f'id="source-{ready.pk}"')[1].split("</li>")[0]
    assert 'id="done"' in row
    assert "Now learn-only" in row
    assert 'id="done"' not in alice.see(base(bot)), "it is told once"


def test_alice_stops_and_reads_again(alice: Person, bot: Chatbot, source: Source) -> None:
    page = alice.see(alice.press(f"{base(bot)}/act", source=str(source.pk), do="cancel"))
    assert "is not read any further" in page
    assert Source.objects.get().status == SourceStatus.CANCELLED
    assert "Cancelled" in page
    alice.press(f"{base(bot)}/act", source=str(source.pk), do="retry")
    assert Source.objects.get().status == SourceStatus.QUEUED
    assert actions(bot)[-2:] == ["source.cancelled", "source.read_again"]


def test_alice_deletes_and_restores(alice: Person, bot: Chatbot, source: Source) -> None:
    page = alice.see(alice.press(f"{base(bot)}/act", source=str(source.pk), do="remove"))
    assert not Source.objects.exists()
    assert "It can be restored for an hour" in page
    assert '<button name="do" value="restore">Undo</button>' in page
    page = alice.see(alice.press(f"{base(bot)}/act", source=str(source.pk), do="restore"))
    assert "is back, and is being read again" in page
    assert Source.objects.get().disclosure == "learn_only"
    assert actions(bot)[-2:] == ["source.deleted", "source.restored"]


def test_what_was_deleted_is_listed_and_can_be_deleted_for_good(alice: Person, bot: Chatbot, source: Source) -> None:
    alice.press(f"{base(bot)}/act", source=str(source.pk), do="remove")
    assert "Deleted less than an hour ago" in alice.see(base(bot))
    alice.press(f"{base(bot)}/act", source=str(source.pk), do="purge")
    assert not RemovedSource.objects.exists()
    assert actions(bot)[-1] == "source.purged"


def test_mallory_restores_nothing_of_alices(alice: Person, mallory: Person, bot: Chatbot, source: Source) -> None:
    hers = Chatbot.objects.get(name="Mallory's bot")
    alice.press(f"{base(bot)}/act", source=str(source.pk), do="remove")
    for deed in ("restore", "purge"):
        mallory.press(f"{base(hers)}/act", source=str(source.pk), do=deed)
    assert RemovedSource.objects.get().chatbot == bot


# One source's page.


def test_a_source_is_renamed(alice: Person, bot: Chatbot, ready: Source) -> None:
    where = alice.press(f"{base(bot)}/{ready.pk}/change", title=" Sending back ")
    assert "<h1>Sending back</h1>" in alice.see(where)
    alice.press(f"{base(bot)}/{ready.pk}/change", title="   ")
    assert Source.objects.get().title == "Sending back"


def test_a_text_is_changed_on_its_page(alice: Person, bot: Chatbot, source: Source) -> None:
    page = alice.see(f"{base(bot)}/{source.pk}")
    assert "The margin is 37 per cent.</textarea>" in page
    alice.press(f"{base(bot)}/{source.pk}/replace", text="The margin is 40 per cent.")
    assert "The margin is 40 per cent.</textarea>" in alice.see(f"{base(bot)}/{source.pk}")
    changed = Source.objects.get()
    assert (changed.revision, changed.status, changed.title) == (2, "queued", "<Margins>")


def test_a_file_is_replaced_and_a_copy_of_another_is_refused(alice: Person, bot: Chatbot) -> None:
    send(alice, bot, file("a.txt", b"One."))
    send(alice, bot, file("b.txt", b"Two."))
    source = Source.objects.get(file_name="a.txt")
    where = alice.press(f"{base(bot)}/{source.pk}/replace", file=file("b.txt", b"Two."))
    assert "holds exactly this already" in alice.see(where)
    alice.press(f"{base(bot)}/{source.pk}/replace", file=file("c.txt", b"Three."))
    source.refresh_from_db()
    assert (source.file_name, source.title, source.revision) == ("c.txt", "c.txt", 2)
    assert "Choose a file first" in alice.see(alice.press(f"{base(bot)}/{source.pk}/replace"))


def test_a_source_somebody_deleted_meanwhile_leads_back_to_the_list(
    alice: Person, bot: Chatbot, source: Source
) -> None:
    where = alice.press(f"{base(bot)}/act", source=str(source.pk), alone=str(source.pk), do="remove")
    assert where == f"{base(bot)}#done"
    assert (
        alice.press(f"{base(bot)}/act", source=str(source.pk), alone=str(source.pk), do="retry") == f"{base(bot)}#done"
    )
    alice.see(f"{base(bot)}/{source.pk}", status=404)
