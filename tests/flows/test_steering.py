"""A learn-only note makes the bot wiser, and nobody sees it: over the real interfaces."""

from collections.abc import Callable

from tests.conftest import Owner
from tests.visitor import ask

GUIDE = b"""# Wren service guide

## Calcium deposits

Run the descaling programme with two sachets of citric acid. It takes 25 minutes.

## Grinder

If the machine grinds unevenly, clear the burr chamber with the brush and turn the collar.

## Group head

Replace the rubber gasket of the machine's group head once a year; the part number is G-204.

## Steam wand

Soak the tip of the machine's steam wand in hot water and wipe it after each use.
"""
# What a customer once wrote, and what helped: the guide has hardly a word of it.
TICKET = (
    b"Machine is leaking coffee at the sides of the handle. Helped: replace the rubber gasket of the group head, part"
    b" number G-204. Ticket 8831, margin code ZX-99, customer was angry."
)
QUESTION = "Machine is leaking coffee at the sides of the handle"
SEALED = {"learn_only_use": "sealed"}


def found(alice: Owner, bot: dict[str, object]) -> list[str]:
    hits = alice.api.post(f"/chatbots/{bot['id']}/search", json={"query": QUESTION, "k": 4}).json()["hits"]
    return [hit["text"] for hit in hits]


def test_a_note_leads_visitors_to_the_passage_that_helps(alice: Owner, work_off: Callable[[], None]) -> None:
    steered, sealed = alice.make_bot("Steered"), alice.make_bot("Sealed", **SEALED)
    for bot in (steered, sealed):
        alice.upload(bot, ("guide.md", GUIDE))
        alice.upload(bot, ("ticket.txt", TICKET), disclosure="learn_only")
    work_off()

    assert "gasket" in found(alice, steered)[0]
    assert "gasket" not in found(alice, sealed)[0]
    for bot in (steered, sealed):
        heard = ask(alice.address, bot["public_id"], QUESTION)
        assert not {"8831", "ZX-99", "angry"} & set(heard.raw.replace(",", " ").replace(".", " ").split())


def test_a_bot_that_is_sealed_and_opened_again_is_steered_again(alice: Owner, work_off: Callable[[], None]) -> None:
    bot = alice.make_bot()
    alice.upload(bot, ("guide.md", GUIDE))
    alice.upload(bot, ("ticket.txt", TICKET), disclosure="learn_only")
    work_off()
    plain = alice.api.patch(f"/chatbots/{bot['id']}", json=SEALED)
    assert plain.status_code == 200
    assert "gasket" not in found(alice, bot)[0]
    alice.api.patch(f"/chatbots/{bot['id']}", json={"learn_only_use": "steer"})
    work_off()
    assert "gasket" in found(alice, bot)[0]


def test_a_ticket_that_is_deleted_or_made_citable_leads_nobody(alice: Owner, work_off: Callable[[], None]) -> None:
    bot = alice.make_bot()
    alice.upload(bot, ("guide.md", GUIDE))
    (ticket,) = alice.upload(bot, ("ticket.txt", TICKET), disclosure="learn_only")
    work_off()
    assert "gasket" in found(alice, bot)[0]
    assert alice.api.delete(f"/chatbots/{bot['id']}/sources/{ticket['id']}").status_code == 204
    assert "gasket" not in found(alice, bot)[0]
