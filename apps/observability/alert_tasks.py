"""Background jobs of alerts: looking once a minute, and telling who wants to know."""

from collections.abc import Callable

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from apps.observability.alert_delivery import LOOK, MAIL, POST, PRIORITY, QUEUE, mail, post_signed
from apps.observability.alerts import AlertService
from apps.observability.models import Alert

# After 5, 25, 125, 625 and 3125 seconds: a receiver that is being mended gets it within the hour.
PATIENT = RetryStrategy(max_attempts=6, exponential_wait=5)


@app.periodic(cron="* * * * *")
@app.task(name=LOOK, queue=QUEUE, queueing_lock=LOOK, priority=PRIORITY)
def look_for_alerts(timestamp: int) -> None:
    """Look once a minute; a process that sees nobody looking does it instead (`publishing.py`)."""
    AlertService().look()


@app.task(name=MAIL, queue=QUEUE, retry=PATIENT, priority=PRIORITY)
def mail_alert(*, alert_id: str, event: str) -> None:
    send(mail, alert_id, event)


@app.task(name=POST, queue=QUEUE, retry=PATIENT, priority=PRIORITY)
def post_alert(*, alert_id: str, event: str) -> None:
    send(post_signed, alert_id, event)


def send(by: Callable[[Alert, str], None], alert_id: str, event: str) -> None:
    """Deliver an alert, unless it went with its organization meanwhile."""
    alert = Alert.objects.filter(pk=alert_id).first()
    if alert is not None:
        by(alert, event)
