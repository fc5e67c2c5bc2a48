#!/bin/sh
# What `make demo` shows: the two seed files ingested, and three questions answered from them.
set -eu

ask() {
    printf '\n> %s\n\n' "$1"
    rag ask "$1"
}

rag ingest seeds/
ask "Which metric measures adversarial robustness by convergence time?"
ask "How can a neural network count objects robustly?"
ask "Who won the football world cup in 2018?"

cat <<'END'

That was the demo corpus. To go on:

  make ui                        the chat page, in the browser
  .venv/bin/rag chat -c demo     a conversation in the terminal
  .venv/bin/rag ingest my.jsonl  your own abstracts, then: .venv/bin/rag ask "..."
END
