"""Evidence to Answer: language models, prompts, composing, checking, follow-ups."""
