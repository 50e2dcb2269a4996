"""An alert is told once, to everybody who should know and to nobody else, and ends when its cause does."""

import base64
import hashlib
import hmac
import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone
from procrastinate.contrib.django import app

from apps.accounts.models import Member, Organization, Role, User
from apps.chatbots.models import Chatbot
from apps.core.alert_rules import AlertLevel, AlertRule, RuleKind
from apps.core.error_handling import FetchUnavailableError
from apps.core.monitoring import metrics_collector, track_metric
from apps.core.services import ServiceRegistry
from apps.core.webhooks import key_of, signature
from apps.observability.alert_delivery import FIRED, post_signed
from apps.observability.alerts import AlertService, look_if_nobody_does
from apps.observability.models import Alert, MetricsReading

pytestmark = pytest.mark.django_db

FAILING = AlertRule(
    name="model_failing", metric="tacit_failures_total", kind=RuleKind.RATE, labels={"flow": "answer"},
    above=4, window_seconds=600, message="The language model fails. Check its server.", level=AlertLevel.CRITICAL,
)  # fmt: skip
BROKEN_OFF = AlertRule(
    name="impatient", metric="tacit_answers_broken_off_total", kind=RuleKind.RATE, by=("bot",), above=0,
    window_seconds=600, message="Visitors leave. Look why.",
)  # fmt: skip
SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()


@pytest.fixture(autouse=True)
def rules(settings: Any) -> Iterator[None]:
    settings.ALERT_RULES = (FAILING, BROKEN_OFF)
    metrics_collector.forget()
    yield
    metrics_collector.forget()


class Minutes:
    """The look of every minute, from noon on."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, 12, tzinfo=UTC)

    def pass_by(self, minutes: int = 1) -> list[Alert]:
        changed = []
        for _ in range(minutes):
            self.now += timedelta(minutes=1)
            changed += AlertService().look(self.now)
        return changed


@pytest.fixture
def minutes() -> Minutes:
    made = Minutes()
    assert made.pass_by() == [], "nothing is wrong to begin with"
    return made


def fail(times: int = 1) -> None:
    track_metric("tacit_failures_total", times, {"flow": "answer", "code": "provider_failed"})


def test_an_alert_is_raised_once_lasts_and_is_cleared_when_it_is_over(
    minutes: Minutes, caplog: pytest.LogCaptureFixture
) -> None:
    fail(4)
    assert minutes.pass_by() == [], "four are not too many"
    fail()
    (alert,) = minutes.pass_by()
    assert (alert.rule, alert.level, alert.value, alert.cleared_at) == ("model_failing", "critical", 5, None)

    assert minutes.pass_by(8) == [], "it is told once"
    alert.refresh_from_db()
    assert alert.last_seen_at == minutes.now
    assert alert.first_seen_at < minutes.now

    (over,) = minutes.pass_by(4)
    assert over.pk == alert.pk
    assert over.cleared_at is not None
    fail(5)
    (again,) = minutes.pass_by()
    assert again.pk != alert.pk, "another time is another alert"
    told = [(record.levelno, record.getMessage()) for record in caplog.records if record.name.endswith(".alerts")]
    assert told == [
        (logging.CRITICAL, f"Alert model_failing: {FAILING.message}"),
        (logging.WARNING, "Alert model_failing is over"),
        (logging.CRITICAL, f"Alert model_failing: {FAILING.message}"),
    ]


def test_two_looks_at_once_are_one(minutes: Minutes) -> None:
    fail(9)
    moment = minutes.now + timedelta(minutes=1)
    assert len(AlertService().look(moment)) == 1
    assert AlertService().look(moment + timedelta(seconds=5)) == []
    assert Alert.objects.count() == 1


def test_a_rule_that_is_taken_out_leaves_no_alert_on(minutes: Minutes, settings: Any) -> None:
    fail(9)
    assert len(minutes.pass_by()) == 1
    settings.ALERT_RULES = (BROKEN_OFF,)
    (over,) = minutes.pass_by()
    assert over.cleared_at is not None


def test_readings_are_thinned_and_let_go_of(minutes: Minutes, settings: Any) -> None:
    settings.ALERT_RULES = (FAILING,)
    minutes.pass_by(200)
    kept = list(MetricsReading.objects.order_by("at").values_list("at", flat=True))
    assert min(kept) >= minutes.now - timedelta(hours=2, minutes=1), "no rule looks further back"
    settings.ALERT_RULES = (
        AlertRule(**{**{name: getattr(FAILING, name) for name in FAILING.__slots__}, "window_seconds": 86_400}),
    )
    minutes.pass_by(200)
    old = [at for at in MetricsReading.objects.values_list("at", flat=True) if at < minutes.now - timedelta(hours=2)]
    assert old
    assert all(at.minute % 15 == 0 for at in old)


def test_somebody_looks_when_no_worker_does(minutes: Minutes) -> None:
    MetricsReading.objects.all().delete()
    look_if_nobody_does()
    assert MetricsReading.objects.count() == 1
    look_if_nobody_does()
    assert MetricsReading.objects.count() == 1, "somebody did a moment ago"


@pytest.fixture
def alice() -> Member:
    return person("alice@example.org", Organization.objects.create(name="Alice's"), Role.OWNER)


def person(email: str, organization: Organization, role: str) -> Member:
    return Member.objects.create(user=User.objects.create_user(email), organization=organization, role=role)


def test_owners_see_the_servers_alerts_and_those_of_their_own_chatbots(alice: Member, minutes: Minutes) -> None:
    bob = person("bob@example.org", alice.organization, Role.EDITOR)
    mallory = person("mallory@example.org", Organization.objects.create(name="Mallory's"), Role.OWNER)
    bot = Chatbot.objects.create(organization=alice.organization, name="Handbook")
    track_metric("tacit_answers_broken_off_total", 0, {"bot": str(bot.pk)})
    minutes.pass_by()
    track_metric("tacit_answers_broken_off_total", 1, {"bot": str(bot.pk)})
    fail(5)
    minutes.pass_by()

    def seen(member: Member) -> set[str]:
        return {alert.rule for alert in AlertService().of(member)}

    assert seen(alice) == {"impatient", "model_failing"}
    assert seen(bob) == {"impatient"}
    assert seen(mallory) == {"model_failing"}


def test_the_api_lists_what_is_on_and_what_was(alice: Member, minutes: Minutes, client: Any) -> None:
    key = ServiceRegistry.get("users").create_api_key(member=alice).secret
    headers = {"Authorization": f"Bearer {key}"}
    assert client.get("/api/v1/alerts").status_code == 401
    assert client.get("/api/v1/alerts", headers=headers).json() == []
    fail(5)
    minutes.pass_by()
    (shown,) = client.get("/api/v1/alerts", headers=headers).json()
    assert shown["rule"] == "model_failing"
    assert shown["message"] == FAILING.message
    minutes.pass_by(20)
    assert client.get("/api/v1/alerts", headers=headers).json() == []
    (shown,) = client.get("/api/v1/alerts?state=over", headers=headers).json()
    assert shown["cleared_at"]


class Receiver(ThreadingHTTPServer):
    """Somebody's webhook, which checks signatures as the specification says."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Received)
        self.got: list[dict[str, Any]] = []
        self.status = 200

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/alerts"


class Received(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        signed = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode() + body
        key = base64.b64decode(SECRET.removeprefix("whsec_"))
        wanted = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        self.server.got.append({
            "headers": dict(self.headers), "body": json.loads(body),
            "genuine": hmac.compare_digest(wanted, self.headers["webhook-signature"]),
        })  # fmt: skip
        self.send_response(self.server.status)
        self.send_header("Location", "http://127.0.0.1:1/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Keep the terminal quiet."""


@contextmanager
def receiving() -> Iterator[Receiver]:
    with Receiver() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()


@pytest.fixture
def webhook(settings: Any) -> Iterator[Receiver]:
    with receiving() as receiver:
        settings.ALERT_WEBHOOK_URL, settings.ALERT_WEBHOOK_SECRET = receiver.url, SECRET
        yield receiver


def an_alert() -> Alert:
    now = timezone.now()
    return Alert.objects.create(
        key="model_failing", rule="model_failing", level="critical", message=FAILING.message, value=5,
        first_seen_at=now, last_seen_at=now,
    )  # fmt: skip


def test_a_posted_alert_is_signed_so_that_nobody_else_can_send_one(webhook: Receiver) -> None:
    alert = an_alert()
    post_signed(alert, FIRED)

    (got,) = webhook.got
    assert got["genuine"]
    assert abs(int(got["headers"]["webhook-timestamp"]) - timezone.now().timestamp()) < 10
    assert got["body"]["type"] == "alert.fired"
    assert got["body"]["data"]["rule"] == "model_failing"
    assert got["headers"]["Content-Type"] == "application/json"
    assert got["headers"]["webhook-id"] == f"{alert.pk}-fired"


def test_a_changed_body_time_or_id_has_another_signature() -> None:
    genuine = signature(SECRET, "id", "1700000000", b"{}")
    others = [
        signature(SECRET, "id2", "1700000000", b"{}"),
        signature(SECRET, "id", "1700000001", b"{}"),
        signature(SECRET, "id", "1700000000", b"[]"),
        signature("another", "id", "1700000000", b"{}"),
    ]
    assert genuine not in others
    assert key_of("plain words") == b"plain words"


@pytest.mark.parametrize("status", [500, 503, 429, 302, 404])
def test_a_webhook_that_does_not_take_it_is_tried_again_and_no_redirect_is_followed(
    webhook: Receiver, status: int
) -> None:
    webhook.status = status
    with pytest.raises(FetchUnavailableError):
        post_signed(an_alert(), FIRED)
    assert len(webhook.got) == 1


def test_when_no_worker_runs_an_alert_is_delivered_at_once(
    webhook: Receiver, settings: Any, minutes: Minutes, django_capture_on_commit_callbacks: Any
) -> None:
    settings.ALERT_EMAILS = ["carol@example.org"]
    fail(5)
    with django_capture_on_commit_callbacks(execute=True):
        AlertService().look(minutes.now + timedelta(minutes=1), at_once=True)
    assert [got["body"]["type"] for got in webhook.got] == ["alert.fired"]
    (sent,) = mail.outbox
    assert sent.to == ["carol@example.org"]
    assert sent.subject == "Tacit: model_failing (critical)"
    assert FAILING.message in sent.body


def test_what_can_not_be_delivered_at_once_harms_nothing(
    settings: Any, minutes: Minutes, caplog: pytest.LogCaptureFixture, django_capture_on_commit_callbacks: Any
) -> None:
    settings.ALERT_WEBHOOK_URL, settings.ALERT_WEBHOOK_SECRET = "http://127.0.0.1:9/", SECRET
    fail(5)
    with django_capture_on_commit_callbacks(execute=True):
        AlertService().look(minutes.now + timedelta(minutes=1), at_once=True)
    assert Alert.objects.count() == 1
    assert any("could not be delivered" in record.getMessage() for record in caplog.records)


def test_without_an_address_nothing_is_queued(minutes: Minutes, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        pytest.fail("a job was queued")

    monkeypatch.setattr(app, "configure_task", refuse)
    fail(5)
    assert len(minutes.pass_by()) == 1
