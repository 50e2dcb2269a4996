"""Sets the environment of a benchmark before Django reads it: data of its own, no language model."""

import os
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parent.parent
DATA_DIR = ROOT / "data" / "benchmark"
# An interpreter with chromadb, to measure that peer in the same run:
# python -m venv PEER && PEER/bin/pip install chromadb
CHROMA_PYTHON = os.environ.get("TACIT_BENCH_CHROMA", "")
os.environ["TACIT_DATA_DIR"] = str(DATA_DIR)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()
