"""Lets through what a model's passages bear out: `PrivacyFilter`, and what it hands on."""

from apps.rag.privacy_filter.citations import Citation
from apps.rag.privacy_filter.filter import Checked, Dropped, PrivacyFilter

__all__ = ["Checked", "Citation", "Dropped", "PrivacyFilter"]
