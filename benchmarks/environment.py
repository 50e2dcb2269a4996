"""Sets the environment of a benchmark before Django reads it: data of its own, no language model."""

import os
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parent.parent
DATA_DIR = ROOT / "data" / "benchmark"
os.environ["TACIT_DATA_DIR"] = str(DATA_DIR)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()
