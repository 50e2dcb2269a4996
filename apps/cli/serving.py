"""`tacit up` and its parts: database, migrations, web and worker in one command."""

import asyncio
import json
import os
import socket
import sys
import threading
import time
from contextlib import suppress
from typing import Annotated

import psutil
import typer
import uvicorn
from django.conf import settings

from apps.accounts.actors import SYSTEM, become
from apps.accounts.models import User
from apps.chatbots.models import Chatbot
from apps.cli.demo import fill_demo_bot
from apps.cli.people import ADDRESS_FILE, new_sign_in_link
from apps.cli.readiness import prepare
from apps.core.error_handling import ProviderError, ProviderRejectedError, ProviderUnavailableError, SettingsError
from apps.core.services import load
from apps.observability.publishing import start_publishing
from apps.rag.llm_service import llm
from apps.rag.privacy_service import privacy
from apps.retrieval.services import embeddings, reader

Port = Annotated[int, typer.Option(min=1, max=65535, help="The port to serve on.")]
Host = Annotated[str, typer.Option(help="The address to serve on; 0.0.0.0 for all of this machine's.")]


def up(
    port: Port = 8000,
    host: Host = "127.0.0.1",
    no_demo: Annotated[bool, typer.Option("--no-demo", help="Don't make the demo bot.")] = False,
) -> None:
    """Start everything: database, migrations, web and worker. Prints a one-time sign-in link."""
    check_port(host, port)
    prepare()
    privacy().verify()
    with suppress(ProviderUnavailableError):  # a model's server that is away is waited for; a wrong key is told now
        embeddings().embed_query("ready")  # makes the model's file before anybody waits for it
    demo_is_new = not (no_demo or Chatbot.objects.exists()) and fill_demo_bot() is not None
    shown = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104  # compared, not bound
    address = settings.PUBLIC_URL or f"http://{shown}:{port}"
    supervise(host, port, welcome(address, demo_is_new=demo_is_new))


def welcome(address: str, *, demo_is_new: bool) -> str:
    """Return what to print when everything serves: where to go."""
    lines = [f"\nTacit is ready at {address}"]
    if chatbot := Chatbot.objects.filter(is_published=True).order_by("created_at").first():
        lines.append(f"  Ask {chatbot.name}:  {address}/c/{chatbot.public_id}")
        if demo_is_new:
            lines.append("    (it is reading its documents now: give it half a minute)")
    ADDRESS_FILE.write_text(address)
    lines += [
        f"  Sign in (once):  {new_sign_in_link(address)}",
        f"  The API:  {address}/api/v1/docs",
        "Stop with Ctrl-C.",
    ]
    return "\n".join(lines)


def supervise(host: str, port: int, told_when_ready: str) -> None:
    """Become the supervisor: a fresh process without what getting ready has loaded, which is some 200 MB."""
    configuration = {
        "data_dir": str(settings.DATA_DIR),
        "embedded_database": settings.EMBEDDED_DATABASE,
        "host": host,
        "port": port,
        "told_when_ready": told_when_ready,
    }
    sys.stdout.flush()
    read_end, write_end = os.pipe()
    os.set_inheritable(read_end, True)
    # Through a pipe: the link must not be in the process list.
    os.write(write_end, json.dumps(configuration).encode())
    os.close(write_end)
    os.execv(sys.executable, [sys.executable, "-m", "apps.cli.supervisor", str(read_end)])  # noqa: S606  # meant


def check_port(host: str, port: int) -> None:
    """Raise SettingsError when something else serves on the port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SettingsError(
                f"Port {port} of {host} can't be used ({error.strerror})."
                f" Choose another one: tacit up --port {port + 1}"
            ) from None


def web(port: Port = 8000, host: Host = "127.0.0.1", child: Annotated[bool, typer.Option(hidden=True)] = False) -> None:
    """Serve pages and API; many of these may run side by side."""
    prepare()
    become(SYSTEM)
    if child:
        end_with_parent()
    privacy().verify()
    warm_up()
    start_publishing("web")
    uvicorn.run(
        "config.asgi:application", host=host, port=port, lifespan="off", log_level="warning", access_log=False,
        server_header=False, timeout_graceful_shutdown=5, proxy_headers=False, log_config=None,
    )  # fmt: skip


def warm_up() -> None:
    """Load every model before the first visitor waits for it. One on a server that fails is no reason not to serve."""
    with suppress(ProviderUnavailableError, ProviderRejectedError):
        embeddings().embed_query("ready")
    if model := reader():
        with suppress(ProviderError):
            model.score("ready", ["ready"])
    llm()


def worker(child: Annotated[bool, typer.Option(hidden=True)] = False) -> None:
    """Work through the queue; many of these may run side by side, on many machines."""
    prepare()
    become(SYSTEM)
    if child:
        end_with_parent()
    start_publishing("worker")
    asyncio.run(load("apps.knowledge.worker.run_worker")())  # only here: other commands need no parser or chunker


def migrate() -> None:
    """Check the database and bring its tables up to date."""
    prepare()
    print(f"The database is up to date; {User.objects.count()} users, {Chatbot.objects.count()} chatbots.")


def end_with_parent() -> None:
    """End this process when `up` is gone, however it went, so that none is left behind."""
    parent = psutil.Process().parent()

    def watch() -> None:
        while parent is not None and parent.is_running():
            time.sleep(1)
        psutil.Process().terminate()

    threading.Thread(target=watch, daemon=True, name="parent-watch").start()
