"""`tacit ask` and `tacit search`: what a visitor would be told, and what search finds for it."""

import asyncio
from collections.abc import Coroutine
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console

from apps.chatbots.services import find_chatbot
from apps.cli.people import AsJson
from apps.cli.readiness import prepare, print_json
from apps.conversations.api_views import citation_out
from apps.conversations.services import clean_question
from apps.core.database.visitor import close_visitor_pool
from apps.rag import create_rag_pipeline
from apps.rag.events import Finished
from apps.retrieval.api_views import hit_out
from apps.retrieval.services import search

Bot = Annotated[str, typer.Argument(help="The chatbot's name, id or public id.")]
Result = TypeVar("Result")


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run async work, and close the visitor login's connections after it."""

    async def whole() -> Result:
        try:
            return await work
        finally:
            await close_visitor_pool()

    return asyncio.run(whole())


def ask(
    bot: Bot, question: Annotated[str, typer.Argument(help="What a visitor would ask.")], as_json: AsJson = False
) -> None:
    """Ask a chatbot, as a visitor would."""
    prepare()
    chatbot = find_chatbot(bot)
    finished = run(whole_answer(chatbot, clean_question(question)))
    citations = [citation_out(citation).model_dump() for citation in finished.citations]
    if as_json:
        print_json(
            {
                "answer": finished.text,
                "citations": citations,
                "answered": finished.answered,
                "timings_ms": finished.trace.timings_ms,
            }
        )
        return
    console = Console(highlight=False)
    console.print(finished.text, markup=False)
    for citation in citations:
        place = ", ".join(filter(None, [citation["title"], f"page {citation['page']}" if citation["page"] else ""]))
        console.print(f"\n[{citation['n']}] {place}\n    “{citation['quote']}”", markup=False, style="dim")


async def whole_answer(chatbot: Any, question: str) -> Finished:
    events = [event async for event in create_rag_pipeline(chatbot).answer(question, [])]
    return next(event for event in events if isinstance(event, Finished))


def search_passages(
    bot: Bot,
    query: Annotated[str, typer.Argument(help="What to look for.")],
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="How many passages.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Show the citable passages that a question finds, best first."""
    prepare()
    chatbot = find_chatbot(bot)
    hits = run(search().search(chatbot_id=chatbot.pk, query=clean_question(query), k=k, steered=chatbot.is_steered))
    if as_json:
        print_json({"hits": [hit_out(hit).model_dump() for hit in hits]})
        return
    console = Console(highlight=False)
    for hit in hits:
        page = f", page {hit.page}" if hit.page else ""
        console.print(f"{hit.score:.3f}  {hit.title}{page}", markup=False, style="bold")
        console.print(f"       {hit.text[:300]}", markup=False)
    if not hits:
        console.print("Nothing found: this chatbot has no citable passages yet.")
