"""Models of a few kilobytes that fastembed loads like any other, laid out as it stores what it downloads."""

import json
from pathlib import Path

import numpy as np
import onnx
from fastembed import TextEmbedding
from fastembed.common.model_description import ModelSource, PoolingType
from fastembed.rerank.cross_encoder import TextCrossEncoder
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.normalizers import Lowercase
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing

EMBEDDING_MODEL = "tacit-test/tiny-embedder"
E5_MODEL = "tacit-test/tiny-e5-embedder"
CROSS_ENCODER = "tacit-test/tiny-cross-encoder"
DIMENSIONS = 32
MAX_TOKENS = 16
_TEXT = "query passage : . ? how long is the warranty covers repairs for two years shipping costs cats sleep on roofs"
_REVISION = "0123456789abcdef"


def install_embedding_model(cache: Path, name: str = EMBEDDING_MODEL) -> None:
    """Put a model into `cache` and tell fastembed of it: the mean of random word vectors, not of length 1."""
    words = helper.make_node("Gather", ["table", "input_ids"], ["last_hidden_state"])
    inputs = ["input_ids", "attention_mask"]
    output = helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["batch", "length", DIMENSIONS])
    _install(cache, name, [words], inputs, output)
    if name.lower() not in {str(model["model"]).lower() for model in TextEmbedding.list_supported_models()}:
        TextEmbedding.add_custom_model(
            model=name, pooling=PoolingType.MEAN, normalization=False, sources=ModelSource(hf=name), dim=DIMENSIONS
        )


def install_cross_encoder(cache: Path, name: str = CROSS_ENCODER) -> None:
    """Put a cross-encoder into `cache`: the inner product of the two texts' summed word vectors."""
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["words"]),
        helper.make_node("Cast", ["token_type_ids"], ["second"], to=TensorProto.FLOAT),
        helper.make_node("Cast", ["attention_mask"], ["read"], to=TensorProto.FLOAT),
        helper.make_node("Sub", ["read", "second"], ["first"]),
        helper.make_node("Unsqueeze", ["first", "middle"], ["first_row"]),
        helper.make_node("Unsqueeze", ["second", "middle"], ["second_row"]),
        helper.make_node("MatMul", ["first_row", "words"], ["question"]),
        helper.make_node("MatMul", ["second_row", "words"], ["passage"]),
        helper.make_node("Mul", ["question", "passage"], ["products"]),
        helper.make_node("ReduceSum", ["products", "last_two"], ["score"], keepdims=0),
        helper.make_node("Unsqueeze", ["score", "middle"], ["logits"]),
    ]
    inputs = ["input_ids", "attention_mask", "token_type_ids"]
    output = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 1])
    _install(cache, name, nodes, inputs, output)
    if name.lower() not in {str(model["model"]).lower() for model in TextCrossEncoder.list_supported_models()}:
        TextCrossEncoder.add_custom_model(model=name, sources=ModelSource(hf=name))


def _install(
    cache: Path, name: str, nodes: list[onnx.NodeProto], inputs: list[str], output: onnx.ValueInfoProto
) -> None:
    folder = cache / f"models--{name.replace('/', '--')}"
    snapshot = folder / "snapshots" / _REVISION
    (snapshot / "onnx").mkdir(parents=True, exist_ok=True)
    (folder / "refs").mkdir(exist_ok=True)
    (folder / "refs" / "main").write_text(_REVISION)
    tokenizer = tiny_tokenizer()
    tokenizer.save(str(snapshot / "tokenizer.json"))
    (snapshot / "config.json").write_text(json.dumps({"pad_token_id": 0}))
    (snapshot / "tokenizer_config.json").write_text(json.dumps({"model_max_length": MAX_TOKENS, "pad_token": "[PAD]"}))
    (snapshot / "special_tokens_map.json").write_text(json.dumps({"pad_token": "[PAD]", "unk_token": "[UNK]"}))
    onnx.save(_model(nodes, inputs, output, vocabulary=tokenizer.get_vocab_size()), snapshot / "onnx" / "model.onnx")


def tiny_tokenizer() -> Tokenizer:
    """Return one that knows a few words."""
    vocabulary = {word: number for number, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *_TEXT.split()])}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = Lowercase()
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return tokenizer


def _model(
    nodes: list[onnx.NodeProto], inputs: list[str], output: onnx.ValueInfoProto, *, vocabulary: int
) -> onnx.ModelProto:
    table = np.random.default_rng(7).normal(size=(vocabulary, DIMENSIONS)).astype(np.float32)
    table[:4] *= 0.1
    constants = {"table": table, "middle": np.array([1]), "last_two": np.array([1, 2])}
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "length"]) for name in inputs],
        [output],
        [numpy_helper.from_array(values, name) for name, values in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
