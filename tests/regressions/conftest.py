"""What the regression tests share with those of the apps."""

from apps.rag.tests.conftest import llm_server, local_embeddings

__all__ = ["llm_server", "local_embeddings"]
