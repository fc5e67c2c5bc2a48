"""Sentences to chunks: as few runs of whole sentences as fit the embedder's window, of like length."""

from collections.abc import Sequence

from rag.records import Chunk, Sentence


def chunk(sentences: Sequence[Sentence], tokens: Sequence[int], budget: int) -> list[Chunk]:
    """Cut ``sentences`` (of ``tokens[i]`` tokens) into runs of at most ``budget`` tokens, in order, none left out.

    A sentence longer than the budget is a chunk of its own (the embedder reads its beginning). The runs are filled
    to the same level rather than to the brim, so that the last one is not a stub.
    """
    total = sum(tokens)
    level = total / max(1, -(-total // budget))
    runs: list[list[Sentence]] = []
    filled = 0
    for sentence, size in zip(sentences, tokens, strict=True):
        # Start the next run when this sentence would overflow it, or lie mostly beyond its even share.
        if not runs or filled + size > budget or filled + size / 2 > level:
            runs.append([])
            filled = 0
        runs[-1].append(sentence)
        filled += size
    return [Chunk(number, run[0].start, run[-1].end) for number, run in enumerate(runs)]
