"""`tacit bot …`: make, list and delete chatbots."""

from typing import Annotated

import typer

from apps.accounts.services import users
from apps.chatbots.models import Chatbot
from apps.chatbots.services import chatbots, find_chatbot
from apps.cli.people import AsJson
from apps.cli.readiness import prepare, print_json

bots = typer.Typer(help="Chatbots.", no_args_is_help=True)


def described(chatbot: Chatbot) -> dict[str, object]:
    return {
        "id": chatbot.pk,
        "public_id": chatbot.public_id,
        "name": chatbot.name,
        "learn_only_use": chatbot.learn_only_use,
        "share_path": f"/c/{chatbot.public_id}",
    }


@bots.command("create")
def create_bot(
    name: Annotated[str, typer.Argument(help="What to call it.")],
    description: Annotated[str, typer.Option(help="One sentence for visitors.")] = "",
    welcome: Annotated[str, typer.Option(help="What it says first.")] = "",
    as_json: AsJson = False,
) -> None:
    """Make a chatbot."""
    prepare()
    organization = users().default_organization()
    chatbot = chatbots().create(organization=organization, name=name, description=description, welcome_message=welcome)
    if as_json:
        print_json(described(chatbot))
        return
    print(
        f"Made {chatbot.name!r}. Visitors find it at /c/{chatbot.public_id}. Next: tacit ingest {chatbot.name!r} FOLDER"
    )


@bots.command("list")
def list_bots(as_json: AsJson = False) -> None:
    """List the chatbots."""
    prepare()
    listed = [described(chatbot) for chatbot in Chatbot.objects.filter(deleted_at=None).order_by("created_at")]
    if as_json:
        print_json(listed)
        return
    for row in listed:
        print(f"{row['id']}  /c/{row['public_id']}  {row['name']}")
    if not listed:
        print("There is no chatbot yet. Make one with `tacit bot create NAME`.")


@bots.command("delete")
def delete_bot(
    bot: Annotated[str, typer.Argument(help="Its name, id or public id.")],
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
) -> None:
    """Delete a chatbot with its sources and conversations."""
    prepare()
    chatbot = find_chatbot(bot)
    if not yes:
        typer.confirm(f"Delete {chatbot.name!r} with all its sources and conversations?", abort=True)
    chatbots().delete(chatbot)
    print("Deleted.")
