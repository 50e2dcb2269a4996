"""`tacit up` and its parts: database, migrations, web and worker in one command, each brought back when it dies."""

import asyncio
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Annotated

import psutil
import typer
import uvicorn
from django.conf import settings

from apps.accounts.models import User
from apps.chatbots.models import Chatbot
from apps.cli.demo import fill_demo_bot
from apps.cli.people import new_sign_in_link
from apps.cli.readiness import postgres, prepare
from apps.core.error_handling import SettingsError
from apps.core.services import ServiceRegistry
from apps.knowledge.worker import run_worker

Port = Annotated[int, typer.Option(min=1, max=65535, help="The port to serve on.")]
Host = Annotated[str, typer.Option(help="The address to serve on; 0.0.0.0 for all of this machine's.")]
LOOK_SECONDS = 0.5
STOP_SECONDS = 15
LONGEST_REST = 30.0


@dataclass(slots=True)
class Part:
    """A process that belongs to `up`, started again after a rest that grows while it keeps dying."""

    name: str
    arguments: list[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    rest: float = field(default=0.5)

    def keep_alive(self) -> None:
        if self.process is not None and self.process.poll() is None:
            return
        now = time.monotonic()
        if self.process is not None:
            if now - self.started > 2 * LONGEST_REST:
                self.rest = 0.5
            if now - self.started < self.rest:
                return
            print(f"The {self.name} process ended unexpectedly; starting it again.", file=sys.stderr, flush=True)
            self.rest = min(2 * self.rest, LONGEST_REST)
        self.process = subprocess.Popen([sys.executable, "-m", "apps.cli.main", *self.arguments])
        self.started = now

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def wait(self, deadline: float) -> None:
        if self.process is None:
            return
        try:
            self.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def up(
    port: Port = 8000,
    host: Host = "127.0.0.1",
    no_demo: Annotated[bool, typer.Option("--no-demo", help="Don't make the demo bot.")] = False,
) -> None:
    """Start everything: database, migrations, web and worker. Prints a one-time sign-in link."""
    check_port(host, port)
    prepare()
    ServiceRegistry.get("embeddings")  # makes the model's file at the first start, before anybody waits for it
    demo = None if no_demo or Chatbot.objects.exists() else fill_demo_bot()
    shown = "127.0.0.1" if host in {"0.0.0.0", "::"} else host
    address = settings.PUBLIC_URL or f"http://{shown}:{port}"
    link = new_sign_in_link(address)
    ServiceRegistry.reset()  # this process only watches from here on
    parts = [
        Part("web", ["web", "--host", host, "--port", str(port), "--child"]),
        Part("worker", ["worker", "--child"]),
    ]
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    told = False
    try:
        while not stopping.is_set():
            if settings.EMBEDDED_DATABASE:
                postgres.keep_alive()
            for part in parts:
                part.keep_alive()
            if not told and answers(host, port):
                told = True
                tell(address, link, demo or Chatbot.objects.order_by("created_at").first())
            stopping.wait(LOOK_SECONDS if told else 0.1)
    finally:
        for part in parts:
            part.stop()
        deadline = time.monotonic() + STOP_SECONDS
        for part in parts:
            part.wait(deadline)


def tell(address: str, link: str, chatbot: Chatbot | None) -> None:
    """Print where to go."""
    print(f"\nTacit is ready at {address}")
    if chatbot is not None:
        print(f"  Ask {chatbot.name}:   {address}/c/{chatbot.public_id}")
    print(f"  Sign in (once):    {link}")
    print(f"  API:               {address}/api/v1/docs")
    print("Stop with Ctrl-C.", flush=True)


def check_port(host: str, port: int) -> None:
    """Raise SettingsError when something else serves on the port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SettingsError(
                f"Port {port} of {host} can't be used ({error.strerror}). Choose another one: tacit up --port {port + 1}"
            ) from None


def answers(host: str, port: int) -> bool:
    """Return whether the web process takes connections."""
    target = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    try:
        socket.create_connection((target, port), timeout=1).close()
    except OSError:
        return False
    return True


def web(port: Port = 8000, host: Host = "127.0.0.1", child: Annotated[bool, typer.Option(hidden=True)] = False) -> None:
    """Serve pages and API; many of these may run side by side."""
    prepare()
    if child:
        end_with_parent()
    uvicorn.run(
        "config.asgi:application", host=host, port=port, lifespan="off", log_level="warning", access_log=False,
        server_header=False, timeout_graceful_shutdown=5, proxy_headers=False,
    )  # fmt: skip


def worker(child: Annotated[bool, typer.Option(hidden=True)] = False) -> None:
    """Work through the queue; many of these may run side by side, on many machines."""
    prepare()
    if child:
        end_with_parent()
    asyncio.run(run_worker())


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
