"""A question to evidence: candidates from two searches, four signals fused, sentences to quote."""
