"""Ranking the best passages anew with a model that reads question and passage together; optional."""

from apps.retrieval.reranker.fake import FakeReranker
from apps.retrieval.reranker.protocol import Reranker
from apps.retrieval.reranker.registry import create_reranker, reranker_status

__all__ = ["FakeReranker", "Reranker", "create_reranker", "reranker_status"]
