"""Others' stock systems on the same work: same embedder, same language model, same questions, one table."""

from eval.peers.contest import PEERS, Contest, Standing, contest

__all__ = ["PEERS", "Contest", "Standing", "contest"]
