"""Lets through what a model's passages support: `PrivacyFilter`, and what it hands on."""

from apps.rag.privacy_filter.checked import Checked, Citation, Dropped
from apps.rag.privacy_filter.filter import PrivacyFilter
from apps.rag.privacy_filter.reading import Written
from apps.rag.privacy_filter.sources import Ruling
from apps.rag.privacy_filter.wording import SecondOpinion

__all__ = ["Checked", "Citation", "Dropped", "PrivacyFilter", "Ruling", "SecondOpinion", "Written"]
