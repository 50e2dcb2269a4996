"""Takes secrets out of log lines: a one-time link's token stands in the path that Django logs."""

import logging
import re

SECRET_PATHS = re.compile(r"(/sign-in/|/password/reset/key/|/confirm-email/)[^\s/?#'\"]+")


class NoSecretsInPaths(logging.Filter):
    """Rewrites the message; the arguments that it was made from are dropped, for they hold the secret too."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        redacted = SECRET_PATHS.sub(r"\1…", message)
        if redacted != message:
            record.msg, record.args = redacted, ()
        return True
