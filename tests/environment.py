"""Sets the environment of the tests before anything reads it (pytest loads this file first, see pyproject.toml)."""

import os
from pathlib import Path

# The tests never touch the developer's data, and no key of the developer's reaches a model.
TEST_DATA = Path(__file__).parent.parent / ".test-data"
os.environ["TACIT_DATA_DIR"] = os.environ.get("TACIT_TEST_DATA_DIR", str(TEST_DATA))  # another, for a second run beside
os.environ["TACIT_STRICT_METRICS"] = "1"
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
FOREIGN = (
    *("TACIT_LLM", "OPENAI_", "TACIT_EMBEDDING", "TACIT_RERANKER", "TACIT_DATABASE", "TACIT_VISITOR"),
    *("TACIT_READER", "TACIT_ALERT", "TACIT_METRICS", "TACIT_OTLP", "OTEL_"),
)
for name in [name for name in os.environ if name.startswith(FOREIGN)]:
    del os.environ[name]
