"""Django's commands (`tacit` is the one for people)."""

import os
import sys

from django.conf import settings
from django.core.management import execute_from_command_line

from apps.core.database.embedded import EmbeddedPostgres

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if settings.EMBEDDED_DATABASE:
        EmbeddedPostgres(settings.DATA_DIR).start()
    execute_from_command_line(sys.argv)
