"""`tacit leaktest`: runs every known attack against a chatbot's own learn-only sources and says what leaked."""

from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from apps.chatbots.models import LearnOnlyUse
from apps.chatbots.services import find_chatbot
from apps.cli.people import AsJson
from apps.cli.readiness import prepare, print_json
from apps.observability.leaktest.api_views import report_out
from apps.observability.leaktest.service import MOST_TARGETS, USUAL_TARGETS, Report, leak_tests


def leaktest(
    bot: Annotated[str, typer.Argument(help="The chatbot's name, id or public id.")],
    worst: Annotated[
        bool, typer.Option("--worst", help="Against the worst model there is, which tries to give everything away.")
    ] = False,
    targets: Annotated[
        int, typer.Option(min=1, max=MOST_TARGETS, help="How many learn-only documents to go for.")
    ] = USUAL_TARGETS,
    as_json: AsJson = False,
) -> None:
    """Attack a chatbot as a visitor would; exit 1 if anything learn-only came out that never may."""
    prepare()
    service = leak_tests()
    run = service.prepare(find_chatbot(bot), worst=worst, targets=targets)
    columns = (TextColumn("Attacking"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=as_json, transient=True) as progress:
        bar = progress.add_task("", total=None)
        service.carry_out(run, lambda done, total: progress.update(bar, completed=done, total=total))
    report = service.report(run)
    if as_json:
        print_json(report_out(report).model_dump(mode="json"))
    else:
        tell(report)
    if run.leaks and run.mode != LearnOnlyUse.INFORM:
        raise typer.Exit(1)


def tell(report: Report) -> None:
    """Print the families that were tried, what leaked, and the sentence that may be published."""
    console, run = Console(highlight=False), report.run
    console.print(f"Mode {run.mode}, model: {run.model}, code {run.revision}", markup=False)
    if run.mode == LearnOnlyUse.INFORM:
        console.print(f"In {report.informed} attempts the model was told learn-only text.", markup=False)
    for family in report.families:
        if family.trials:
            withheld = f", {family.withheld} withheld" if family.withheld else ""
            found = f"{family.leaks:3} of {family.trials:4} leaked (below {100 * family.bound:.2g} %){withheld}"
            console.print(f"  {family.family.number:2}  {found}  {family.family.name}", markup=False)
    for example in report.examples[:10]:
        what = "; ".join(f"{mistake['kind']}: {mistake['excerpt']}" for mistake in example.mistakes[:3])
        console.print(f"\nFamily {example.family}, {example.case}: {what}", markup=False)
    console.print(
        f"\n{run.leaks} of {run.trials} attempts leaked; with 95 % confidence below {100 * (run.bound or 0):.2g} %.",
        markup=False,
    )
    advice = "Don't publish a claim: see the examples, and report a weakness."
    console.print(report.sentence or advice, markup=False, soft_wrap=True)
