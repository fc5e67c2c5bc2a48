"""Export a checkpoint to the form that is shipped: ``python -m rag.reader.export CHECKPOINT [--to FOLDER]``.

An OpenVINO graph with float16 weights; the word vectors stay out, they are the bundled embedder's.
"""

import argparse
import warnings
from pathlib import Path

import numpy as np

from rag import runtime
from rag.errors import ModelError
from rag.reader.bundled import bundled, tokenizer
from rag.reader.reader import MODEL_FILE, WEIGHTS, Passage, Reader
from rag.reader.windows import pad, tokenise, windows

QUESTION = "How many benchmarks does the method improve on?"
PROBES = (
    Passage("A title", ("We propose a method.", "It improves on five benchmarks.", "Code is available.")),
    Passage("", ("The sky is blue.", "Nothing here says anything about methods, benchmarks or numbers.")),
)


def export(checkpoint: Path, folder: Path) -> float:
    """Write the averaged weights of ``checkpoint`` into ``folder``; returns the largest difference on two probes.

    Raises ModelError when the exported graph does not say what the torch model says.
    """
    runtime.core()  # before torch, so that telemetry is off however OpenVINO is reached
    import openvino
    import torch

    from rag.reader.model import ReaderModel, read_encoder

    if not checkpoint.is_file():
        raise ModelError(f"{checkpoint} is not there; give the last.pt that python -m rag.reader.train wrote.")
    model = ReaderModel()
    model.load_state_dict(torch.load(checkpoint, weights_only=True, map_location="cpu")["average"])
    model.eval()
    words = read_encoder(bundled("model.safetensors"))[1]
    split = tokenizer()
    cut = []
    for number, probe in enumerate(PROBES):
        question, title, *sentences = tokenise(split, [QUESTION, probe.title, *probe.sentences])
        cut += windows(number, question, title, sentences)
    arrays = pad(cut)
    inputs = (
        words[torch.from_numpy(arrays.ids)],
        *(torch.from_numpy(array) for array in (arrays.roles, arrays.mask, arrays.members)),
    )
    with torch.no_grad(), warnings.catch_warnings():
        # Tracing warns of branches on shapes; the comparison below, of other shapes, shows that none went wrong.
        warnings.simplefilter("ignore")
        expected = model(*inputs)
        converted = openvino.convert_model(model, example_input=tuple(each[:1] for each in inputs))
    folder.mkdir(parents=True, exist_ok=True)
    openvino.save_model(converted, folder / MODEL_FILE, compress_to_fp16=True)
    readings = Reader.load(folder).read(QUESTION, PROBES)
    off = 0.0
    for row, reading in enumerate(readings):
        logits = expected.sentences[row, : len(reading.scores)].numpy()
        off = max(off, float(np.abs(reading.scores - logits).max()))
        off = max(off, abs(reading.answerable - float(expected.answerable[row])))
    if off > 0.5:
        raise ModelError(f"The exported reader differs from {checkpoint} by {off:.2f} on a logit; do not ship it.")
    return off


def main() -> None:
    """Read the command line and export."""
    parser = argparse.ArgumentParser(prog="python -m rag.reader.export", description="Export the evidence reader.")
    parser.add_argument("checkpoint", type=Path, help="last.pt as python -m rag.reader.train wrote it")
    parser.add_argument("--to", type=Path, default=WEIGHTS, help="folder to write (default: %(default)s)")
    arguments = parser.parse_args()
    off = export(arguments.checkpoint, arguments.to)
    size = (arguments.to / MODEL_FILE).with_suffix(".bin").stat().st_size
    print(f"{arguments.to}: {size / 1e6:.1f} MB, largest difference on a logit {off:.3f}")


if __name__ == "__main__":
    main()
