"""What some embedding models want in front of a question or a document; fastembed leaves this to its callers."""

from dataclasses import dataclass

_SEARCH_SENTENCE = "Represent this sentence for searching relevant passages: "
_INSTRUCTION = "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:"


@dataclass(frozen=True, kw_only=True, slots=True)
class Prefixes:
    """What goes before each text, from the model's own card."""

    query: str = ""
    document: str = ""


# The first entry whose key stands in the lower-case model name counts.
_BY_MODEL = {
    "e5-": Prefixes(query="query: ", document="passage: "),
    "nomic-embed-text": Prefixes(query="search_query: ", document="search_document: "),
    "bge-small-zh": Prefixes(query="为这个句子生成表示以用于检索相关文章："),
    "baai/bge-": Prefixes(query=_SEARCH_SENTENCE),
    "mxbai-embed-large": Prefixes(query=_SEARCH_SENTENCE),
    "snowflake-arctic-embed": Prefixes(query=_SEARCH_SENTENCE),
    "embeddinggemma": Prefixes(query="task: search result | query: ", document="title: none | text: "),
    "qwen3-embedding": Prefixes(query=_INSTRUCTION),
    "stella-en-400m-v5-doc": Prefixes(query=_INSTRUCTION.replace("query\n", "query.\n") + " "),
}


def prefixes_of(model: str) -> Prefixes:
    """The prefixes of a model; none for one that is not known to want any."""
    lowered = model.lower()
    return next((prefixes for key, prefixes in _BY_MODEL.items() if key in lowered), Prefixes())
