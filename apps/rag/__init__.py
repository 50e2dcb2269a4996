"""The answer flow: from a question to a streamed answer in which every sentence is proved by a citation."""

from apps.rag.context_builder import ContextBuilder
from apps.rag.llm_service import LLMService
from apps.rag.pipeline import RAGPipeline, create_rag_pipeline
from apps.rag.privacy_filter import PrivacyFilter

__all__ = ["ContextBuilder", "LLMService", "PrivacyFilter", "RAGPipeline", "create_rag_pipeline"]
