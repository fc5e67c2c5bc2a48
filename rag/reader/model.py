"""The reader as a torch module, for training and export only; reading runs the exported graph (``rag.reader``).

A BERT encoder (6 layers, 384 wide: all-MiniLM-L6-v2's) reads question, title and sentences in one pass. A sentence is
the mean of its token states, an attention-weighted mean of them, and the [CLS] state; a small network scores it. The
answerability network sees the [CLS] state, the sentence the scores point at, and how high the scores are.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

WIDTH = 384
HEADS = 12
LAYERS = 6
INNER = 1536
POSITIONS = 512
EPSILON = 1e-12
ROLES = 3
"""Question, title and sentences: what a token is part of."""
ROLES_ENTER = 2
"""The layer before which the roles are added; the layers below stay the embedder's."""


class Scores(NamedTuple):
    """``sentences`` (b, s) logits, padding at -1e4, and ``answerable`` (b,) logits."""

    sentences: Tensor
    answerable: Tensor


class Layer(nn.Module):
    """One post-norm transformer layer, query, key and value in one matrix."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.joined = nn.Linear(WIDTH, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, eps=EPSILON)
        self.rise = nn.Linear(WIDTH, INNER)
        self.fall = nn.Linear(INNER, WIDTH)
        self.last_norm = nn.LayerNorm(WIDTH, eps=EPSILON)

    def forward(self, states: Tensor, allowed: Tensor) -> Tensor:
        """States (b, t, 384) after attention over the ``allowed`` (b, 1, 1, t) tokens."""
        batch, tokens, _ = states.shape
        # float32 here: on a CPU the backward pass of the bfloat16 kernel takes several times as long
        split = self.qkv(states).float().view(batch, tokens, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
        with torch.autocast(states.device.type, enabled=False):
            mixed = functional.scaled_dot_product_attention(split[0], split[1], split[2], attn_mask=allowed)
        mixed = mixed.transpose(1, 2).reshape(batch, tokens, WIDTH)
        states = self.norm(states + self.joined(mixed))
        changed: Tensor = self.last_norm(states + self.fall(functional.gelu(self.rise(states))))
        return changed


class ReaderModel(nn.Module):
    """Word vectors in, a score per sentence and one for the whole out; the word vectors are not part of it."""

    def __init__(self) -> None:
        super().__init__()
        self.position = nn.Embedding(POSITIONS, WIDTH)
        self.segment = nn.Parameter(torch.zeros(WIDTH))
        self.norm = nn.LayerNorm(WIDTH, eps=EPSILON)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.role = nn.Embedding(ROLES, WIDTH)
        nn.init.zeros_(self.role.weight)
        self.weigh = nn.Linear(WIDTH, 1)
        self.score = nn.Sequential(nn.Linear(3 * WIDTH, 256), nn.GELU(), nn.Dropout(0.1), nn.Linear(256, 1))
        self.judge = nn.Sequential(nn.Linear(4 * WIDTH + 2, 128), nn.GELU(), nn.Dropout(0.1), nn.Linear(128, 1))

    def freeze(self) -> None:
        """Keep the embedder's own weights below the role vectors: nearly as good, and a fifth less work to train."""
        for part in (self.position, self.norm, *self.layers[:ROLES_ENTER]):
            part.requires_grad_(requires_grad=False)
        self.segment.requires_grad_(False)

    def forward(self, embedded: Tensor, roles: Tensor, mask: Tensor, members: Tensor) -> Scores:
        """Scores of the windows: ``embedded`` (b, t, 384), ``roles`` and ``mask`` (b, t), ``members`` (b, s, t)."""
        return self.heads(self.encode(embedded, roles, mask), members)

    def encode(self, embedded: Tensor, roles: Tensor, mask: Tensor) -> Tensor:
        """The token states (b, t, 384)."""
        places = torch.arange(embedded.shape[1], device=embedded.device)
        states = self.norm(embedded + self.position(places) + self.segment)
        allowed = ((1.0 - mask) * -1e4)[:, None, None, :]
        for number, layer in enumerate(self.layers):
            if number == ROLES_ENTER:
                states = states + self.role(roles)
            states = layer(states, allowed)
        encoded: Tensor = states
        return encoded

    def heads(self, states: Tensor, members: Tensor) -> Scores:
        """The scores from float32 token states."""
        first = states[:, 0]
        sizes = members.sum(-1, keepdim=True)
        means = members @ states / sizes.clamp(min=1)
        weights = members * self.weigh(states).squeeze(-1).clamp(-15, 15).exp()[:, None, :]
        pointed = weights @ states / weights.sum(-1, keepdim=True).clamp(min=1e-9)
        spread = first[:, None, :].expand(-1, members.shape[1], -1)
        absent = (sizes.squeeze(-1) < 0.5).float()
        scores = self.score(torch.cat([means, pointed, spread], dim=-1)).squeeze(-1) - absent * 1e4
        chosen = scores.softmax(-1)[:, None, :] @ torch.cat([means, pointed], dim=-1)
        whole = (members.sum(1)[:, None, :] @ states).squeeze(1) / sizes.sum(1).clamp(min=1)
        heights = torch.stack([scores.logsumexp(-1), scores.amax(-1)], dim=-1)
        judged = self.judge(torch.cat([first, chosen.squeeze(1), whole, heights], dim=-1)).squeeze(-1)
        return Scores(scores, heights[:, 0] + judged)


def read_encoder(path: Path) -> tuple[dict[str, Tensor], Tensor]:
    """The encoder's weights under this module's names, and the word vectors float32 (30522, 384), from safetensors."""
    from safetensors.torch import load_file

    stored = load_file(path)
    renamed = {
        "position.weight": stored["embeddings.position_embeddings.weight"],
        "segment": stored["embeddings.token_type_embeddings.weight"][0],
        **_pair(stored, "embeddings.LayerNorm", "norm"),
    }
    for number in range(LAYERS):
        old, new = f"encoder.layer.{number}", f"layers.{number}"
        for end in ("weight", "bias"):
            parts = [stored[f"{old}.attention.self.{part}.{end}"] for part in ("query", "key", "value")]
            renamed[f"{new}.qkv.{end}"] = torch.cat(parts)
        renamed |= _pair(stored, f"{old}.attention.output.dense", f"{new}.joined")
        renamed |= _pair(stored, f"{old}.attention.output.LayerNorm", f"{new}.norm")
        renamed |= _pair(stored, f"{old}.intermediate.dense", f"{new}.rise")
        renamed |= _pair(stored, f"{old}.output.dense", f"{new}.fall")
        renamed |= _pair(stored, f"{old}.output.LayerNorm", f"{new}.last_norm")
    return renamed, stored["embeddings.word_embeddings.weight"]


def _pair(stored: Mapping[str, Tensor], old: str, new: str) -> dict[str, Tensor]:
    return {f"{new}.{end}": stored[f"{old}.{end}"] for end in ("weight", "bias")}
