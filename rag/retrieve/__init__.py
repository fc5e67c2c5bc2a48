"""A question to evidence: candidates from two searches, three signals fused, sentences to quote."""
