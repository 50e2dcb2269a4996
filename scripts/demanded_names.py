"""The imports that the design demands: real code under exactly these names."""

DEMANDED = {
    "apps.core.services": (
        "ServiceRegistry",
        "UserService",
        "KnowledgeSourceService",
        "DocumentService",
        "ChatbotService",
        "ChatService",
        "PrivacyService",
    ),
    "apps.core.monitoring": (
        "MetricsCollector",
        "AlertManager",
        "AlertLevel",
        "metrics_collector",
        "alert_manager",
        "track_metric",
    ),
    "apps.core.error_handling": ("ValidationError",),
    "apps.core.circuit_breaker": ("CircuitBreaker",),
    "apps.core.chunking": ("chunk_blocks", "chunk_semantically"),
    "apps.core.embedding_service": ("OpenAIEmbeddingService", "EmbeddingResult"),
    "apps.retrieval.vector_search": ("VectorSearchService",),
    "apps.rag": ("ContextBuilder", "LLMService", "PrivacyFilter", "RAGPipeline", "create_rag_pipeline"),
    "apps.conversations.api_views": (),
}
# What there must never be: a class that hides Python's own.
FORBIDDEN = {"apps.core.error_handling": ("SystemError",)}
