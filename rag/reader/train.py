"""Train the reader: ``python -m rag.reader.train --data DIR --out DIR [--resume]``.

The learning rate rises, stays, and in the final phase falls to nothing. What is kept for export is a moving average
of the weights. A checkpoint is written every few minutes; ``--resume`` goes on.
"""

import argparse
import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from rag.reader.bundled import bundled, tokenizer
from rag.reader.data import SOURCES, Example, held_out, seeded, split
from rag.reader.mixing import Group, Item, Mixture
from rag.reader.synthetic import read_synthetic
from rag.reader.validate import Scored, measure, sample
from rag.reader.windows import Window, pad, tokenise, windows
from rag.reader.written import read_papers, read_written

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from torch import Tensor

    from rag.reader.model import ReaderModel, Scores

EVALUATED = Path(__file__).parents[2] / "eval" / "questions" / "ml_ids.txt"
CHUNK = 256
"""Groups that are sorted by length together, so that batches hold little padding."""
BATCH_TOKENS = 2048
PEAK = 2e-4
WARM_UP = 1500
AVERAGE = 0.995


def batches(groups: Sequence[Group], rng: Random) -> list[list[Group]]:
    """The groups in batches of similar length and at most ``BATCH_TOKENS`` padded tokens, in random order."""

    def longest(group: Group) -> int:
        return max(len(item.window.ids) for item in group)

    made: list[list[Group]] = [[]]
    rows = 0
    for group in sorted(groups, key=longest):
        if made[-1] and (rows + len(group)) * longest(group) > BATCH_TOKENS:
            made.append([])
            rows = 0
        made[-1].append(group)
        rows += len(group)
    rng.shuffle(made)
    return made


def rate(seen: int, total: int, final_share: float) -> float:
    """The learning rate after ``seen`` of ``total`` examples: warm-up, constant, then linear to a fiftieth."""
    left = (total - seen) / (total * final_share)
    return PEAK * min(1.0, (seen + 1) / WARM_UP, max(0.02, left))


def loss_of(scores: "Scores", items: Sequence[Item], groups: Sequence[Group]) -> "Tensor":
    """The sum of four losses over a batch.

    Every sentence right or wrong; the right one before the others and before "none"; answerable or not; and more
    answerable than its own near miss.
    """
    import torch
    from torch.nn import functional

    logits, answerable = scores
    right = torch.zeros_like(logits)
    counted = (logits > -5e3).float()
    for row, item in enumerate(items):
        right[row, list(item.answers)] = 1
        counted[row, list(item.maybe)] = 0
    each = functional.binary_cross_entropy_with_logits(logits, right, reduction="none")
    sentence = ((each * counted).sum(-1) / counted.sum(-1).clamp(min=1)).mean()
    answered = right.amax(-1)
    # "none" is a further candidate at logit 0, and what maybe answers is no candidate
    candidates = torch.cat([logits - (1 - counted) * 1e4, torch.zeros_like(logits[:, :1])], dim=-1)
    targets = torch.cat([right, (1 - answered)[:, None]], dim=-1)
    choice = (candidates.logsumexp(-1) - (candidates - (1 - targets) * 1e4).logsumexp(-1)).mean()
    whole = functional.binary_cross_entropy_with_logits(answerable, answered)
    pairs, start = [], 0
    for group in groups:
        pairs += [(start, start + miss) for miss in range(1, len(group)) if group[0].answers]
        start += len(group)
    apart = answerable.new_zeros(())
    if pairs:
        above, below = torch.tensor(pairs, device=answerable.device).T
        apart = functional.softplus(answerable[below] - answerable[above]).mean()
    loss: Tensor = sentence + choice + whole + 0.5 * apart
    return loss


def forward(model: "ReaderModel", words: "Tensor", batch: Sequence[Window]) -> "Scores":
    """The model's scores for windows, the encoder in bfloat16."""
    import torch

    from rag.reader.model import Scores

    arrays = pad(batch)
    device = words.device
    ids, roles, mask, members = (
        torch.from_numpy(array).to(device) for array in (arrays.ids, arrays.roles, arrays.mask, arrays.members)
    )
    with torch.autocast(device.type, dtype=torch.bfloat16):
        states = model.encode(words[ids], roles, mask)
    return Scores(*model.heads(states.float(), members))


def scorer(model: "ReaderModel", words: "Tensor", splitter: "Tokenizer") -> Callable[[Sequence[Example]], list[Scored]]:
    """A function that scores examples in windows, as reading does."""
    import numpy as np
    import torch

    def score(examples: Sequence[Example]) -> list[Scored]:
        cut = []
        for number, example in enumerate(examples):
            question, title, *rest = tokenise(splitter, [example.question, example.title, *example.sentences])
            cut += windows(number, question, title, rest)
        logits = [np.zeros(len(example.sentences), np.float32) for example in examples]
        heights = [-np.inf] * len(examples)
        model.eval()
        ordered = sorted(cut, key=lambda window: len(window.ids))
        with torch.inference_mode():
            for start in range(0, len(ordered), 16):
                batch = ordered[start : start + 16]
                scores = forward(model, words, batch)
                for row, window in enumerate(batch):
                    part = scores.sentences[row, : window.sentences].cpu().numpy()
                    logits[window.passage][window.first : window.first + window.sentences] = part
                    heights[window.passage] = max(heights[window.passage], float(scores.answerable[row]))
        model.train()
        return list(zip(logits, heights, strict=True))

    return score


def save(path: Path, content: dict[str, Any]) -> None:
    """Write a checkpoint so that a kill leaves the old or the new one whole."""
    import torch

    torch.save(content, path.with_suffix(".part"))
    path.with_suffix(".part").replace(path)


def train(arguments: argparse.Namespace) -> None:
    """Train until ``--examples`` windows were seen; ``OUT/last.pt`` and ``OUT/log.jsonl`` say how far it is."""
    import torch

    from rag.reader.model import ReaderModel, read_encoder

    torch.manual_seed(arguments.seed)
    torch.set_num_threads(arguments.threads)
    device = torch.device(arguments.device)
    splitter = tokenizer()
    encoder, words = read_encoder(bundled("model.safetensors"))
    words = words.to(device)
    model = ReaderModel()
    model.load_state_dict(encoder, strict=False)
    model.freeze()
    average = ReaderModel()
    average.requires_grad_(requires_grad=False).load_state_dict(model.state_dict())
    model.to(device).train()
    average.to(device)
    trained = [each for each in model.parameters() if each.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=PEAK, weight_decay=0.01, betas=(0.9, 0.98), fused=True)
    examples, held = split(arguments.data)
    for example in read_written(arguments.data):
        (held if held_out(example.title, 10) else examples).append(example)
    untouched = {*arguments.exclude.read_text(encoding="utf-8").split(), *(paper["id"] for paper in read_papers())}
    examples += read_synthetic(arguments.data, untouched)
    mixture = Mixture(examples, splitter, arguments.seed)
    checked = sample(held, arguments.checked)
    seen = steps = 0
    last = arguments.out / "last.pt"
    arguments.out.mkdir(parents=True, exist_ok=True)
    if arguments.resume and last.is_file():
        kept = torch.load(last, weights_only=True, map_location=device)
        model.load_state_dict(kept["model"])
        average.load_state_dict(kept["average"])
        optimizer.load_state_dict(kept["optimizer"])
        mixture.restore(kept["drawn"])
        seen, steps = kept["seen"], kept["steps"]

    def log(**values: object) -> None:
        with (arguments.out / "log.jsonl").open("a", encoding="utf-8") as lines:
            lines.write(json.dumps({"seen": seen, "steps": steps, **values}) + "\n")

    def keep() -> None:
        save(
            last,
            {
                "model": model.state_dict(),
                "average": average.state_dict(),
                "optimizer": optimizer.state_dict(),
                "drawn": mixture.state(),
                "seen": seen,
                "steps": steps,
            },
        )

    log(train=len(examples), held_out=len(held), sources=list(SOURCES), torch=torch.__version__)
    saved = started = time.monotonic()
    tested = began = seen
    losses: list[float] = []
    while seen < arguments.examples:
        groups = list(mixture.draw(CHUNK))
        for batch in batches(groups, seeded(f"{arguments.seed} {seen}")):
            items = [item for group in batch for item in group]
            for settings in optimizer.param_groups:
                settings["lr"] = rate(seen, arguments.examples, arguments.final_share)
            loss = loss_of(forward(model, words, [item.window for item in items]), items, batch)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(trained, 1.0)
            optimizer.step()
            optimizer.zero_grad()
            share = min(AVERAGE, steps / (steps + 10))
            torch._foreach_lerp_(list(average.parameters()), list(model.parameters()), 1 - share)
            losses.append(float(loss.detach()))
            seen += len(items)
            steps += 1
        pace = (seen - began) / (time.monotonic() - started)
        log(loss=round(sum(losses) / len(losses), 4), pace=round(pace, 2))
        losses.clear()
        if seen - tested >= arguments.check_every or seen >= arguments.examples:
            tested = seen
            log(**{name: round(value, 4) for name, value in measure(checked, scorer(average, words, splitter)).items()})
        if time.monotonic() - saved > arguments.save_seconds or seen >= arguments.examples:
            keep()
            saved = time.monotonic()


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(prog="python -m rag.reader.train", description="Train the evidence reader.")
    parser.add_argument("--data", type=Path, required=True, help="folder of reader/, scifact/ and ml_abstracts/")
    parser.add_argument("--out", type=Path, required=True, help="folder for the checkpoint last.pt and log.jsonl")
    parser.add_argument("--exclude", type=Path, default=EVALUATED, help="ids of ml_abstracts kept for evaluation")
    parser.add_argument(
        "--examples", type=int, default=54_000, help="windows to train on in all (default: %(default)s)"
    )
    parser.add_argument(
        "--final-share", type=float, default=0.4, help="share of the final phase (default: %(default)s)"
    )
    parser.add_argument("--checked", type=int, default=30, help="held-out examples checked per source")
    parser.add_argument("--check-every", type=int, default=6_000, help="examples between checks")
    parser.add_argument("--save-seconds", type=float, default=180)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--device", default="cpu", help="cpu or cuda (default: %(default)s)")
    parser.add_argument("--resume", action="store_true", help="go on from OUT/last.pt when it is there")
    train(parser.parse_args())


if __name__ == "__main__":
    main()
