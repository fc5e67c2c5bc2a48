"""The metrics: pure functions over ids, texts and numbers, each with its formula and where it comes from."""
