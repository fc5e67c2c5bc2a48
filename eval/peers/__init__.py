"""Others' stock systems on the same work: same embedder, same language model, same questions, one table."""

from eval.peers.contest import PEERS, Standing, contest

__all__ = ["PEERS", "Standing", "contest"]
