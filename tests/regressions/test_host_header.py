"""Mallory asks for Alice's new password under another server's name: no mail ever leads there."""

import subprocess
import sys
from pathlib import Path

from tests.regressions.imports import ROOT

ASK = (
    "import django; django.setup(); from django.conf import settings; from django.test import Client; "
    "print(settings.ALLOWED_HOSTS, [Client().get('/healthz-nowhere', headers={'host': host}).status_code "
    "for host in ('ask.example.org', 'mallory.example')])"
)


def started(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "TACIT_DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "config.settings"}
    return subprocess.run(
        [sys.executable, "-c", ASK], cwd=ROOT, env=environment | variables, capture_output=True, text=True, check=False
    )


def test_no_mail_is_sent_while_any_host_name_is_served(tmp_path: Path) -> None:
    refused = started(tmp_path, TACIT_EMAIL_HOST="mail.example.org")
    assert refused.returncode != 0
    assert "TACIT_EMAIL_HOST needs TACIT_PUBLIC_URL" in refused.stderr


def test_with_a_public_address_a_foreign_name_is_refused(tmp_path: Path) -> None:
    served = started(tmp_path, TACIT_EMAIL_HOST="mail.example.org", TACIT_PUBLIC_URL="https://ask.example.org")
    assert served.returncode == 0, served.stderr
    names, codes = served.stdout.strip().rsplit(" [", 1)
    assert "*" not in names
    assert codes == "404, 400]"
