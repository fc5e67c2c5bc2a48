"""The doors: terminal, web page, and what an answer looks like on each."""
