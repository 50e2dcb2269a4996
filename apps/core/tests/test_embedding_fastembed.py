"""fastembed's models: real files through its real loader, never a download that nobody asked for."""

from pathlib import Path

import numpy as np
import pytest

from apps.core.embedding_service import FastembedEmbeddingService, create_embedding_service
from apps.core.embedding_service.prefixes import prefixes_of
from apps.core.error_handling import SettingsError
from apps.core.tests.tiny_models import DIMENSIONS, E5_MODEL, EMBEDDING_MODEL, MAX_TOKENS, install_embedding_model


def test_the_models_own_size_and_limit_are_used(tmp_path: Path) -> None:
    install_embedding_model(tmp_path)
    service = FastembedEmbeddingService(EMBEDDING_MODEL, tmp_path)
    assert (service.name, service.dimensions, service.max_tokens) == (EMBEDDING_MODEL, DIMENSIONS, MAX_TOKENS)


def test_questions_and_documents_get_the_prefixes_that_the_model_was_trained_with(tmp_path: Path) -> None:
    install_embedding_model(tmp_path)
    install_embedding_model(tmp_path, E5_MODEL)
    plain, e5 = (FastembedEmbeddingService(name, tmp_path) for name in (EMBEDDING_MODEL, E5_MODEL))
    text = "how long is the warranty"
    assert np.allclose(plain.embed_query(text).vector, plain.embed_documents([text])[0].vector, atol=1e-6)
    assert np.allclose(e5.embed_query(text).vector, plain.embed_query(f"query: {text}").vector, atol=1e-6)
    assert np.allclose(e5.embed_documents([text])[0].vector, plain.embed_query(f"passage: {text}").vector, atol=1e-6)
    assert e5.count_tokens(text) == plain.count_tokens(text) + 2


def test_models_that_want_prefixes_are_known_by_their_names() -> None:
    assert prefixes_of("intfloat/multilingual-e5-large").document == "passage: "
    assert prefixes_of("BAAI/bge-small-en-v1.5").query.startswith("Represent this sentence")
    assert prefixes_of("BAAI/bge-small-zh-v1.5").query.startswith("为")
    assert prefixes_of("nomic-ai/nomic-embed-text-v1.5-Q").query == "search_query: "
    assert prefixes_of("sentence-transformers/all-MiniLM-L6-v2").query == ""


@pytest.mark.parametrize("spec", ["fastembed:BAAI/bge-small-en-v1.5", "fastembed:nobody/knows-this"])
def test_a_model_that_is_not_there_is_named_with_the_mend_and_not_downloaded(tmp_path: Path, spec: str) -> None:
    with pytest.raises(SettingsError, match=r"docs/models\.md"):
        create_embedding_service(spec, tmp_path)


def test_a_damaged_model_is_named_with_the_mend(tmp_path: Path) -> None:
    install_embedding_model(tmp_path)
    (path,) = tmp_path.rglob("model.onnx")
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(SettingsError, match="damaged"):
        FastembedEmbeddingService(EMBEDDING_MODEL, tmp_path)


def test_a_setting_without_a_model_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="Which fastembed model"):
        create_embedding_service("fastembed", tmp_path)
