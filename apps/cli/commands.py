"""Every `tacit` command, gathered."""

import typer

from apps.cli import answering, auditing, bots, doctoring, errors, ingesting, leak_testing, people, serving

app = typer.Typer(
    help="Tacit: a self-hosted chatbot that answers from your documents, with proof.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(people.keys, name="key")
app.add_typer(bots.bots, name="bot")
app.add_typer(errors.commands, name="errors")
app.command("up")(serving.up)
app.command("web", rich_help_panel="Parts of `up`, to run apart")(serving.web)
app.command("worker", rich_help_panel="Parts of `up`, to run apart")(serving.worker)
app.command("migrate", rich_help_panel="Parts of `up`, to run apart")(serving.migrate)
app.command("ingest")(ingesting.ingest)
app.command("ask")(answering.ask)
app.command("search")(answering.search_passages)
app.command("audit")(auditing.audit)
app.command("leaktest")(leak_testing.leaktest)
app.command("doctor")(doctoring.doctor)
app.command("sign-in-link")(people.sign_in_link)
