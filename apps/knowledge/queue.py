"""The names under which jobs of the ingest flow are queued."""

QUEUE = "ingest"
INGEST = "ingest"
