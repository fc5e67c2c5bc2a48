# Every target sets up what it needs first: a virtual environment in .venv with the pinned versions of constraints.txt.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.DEFAULT_GOAL := help
.PHONY: help setup demo ui test fast lint fix clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

setup: $(READY) ## make the virtual environment and install everything into it

# torch comes first and alone: its CPU build is asked for by this exact version, and what follows must find it there.
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Footnote needs Python 3.11 or newer; make PYTHON=python3.11"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --upgrade pip
	$(BIN)/pip install --quiet torch==2.13.0
	$(BIN)/pip install --quiet -c constraints.txt --editable '.[all]' --group dev
	@touch $@

demo: $(READY) ## ingest seeds/ into a corpus of its own and answer three questions about it
	@RAG_CORPUS=demo PATH="$(CURDIR)/$(BIN):$$PATH" sh scripts/demo.sh

ui: $(READY) ## open the chat page on the demo corpus
	@RAG_CORPUS=demo $(BIN)/rag ingest seeds/ && RAG_CORPUS=demo $(BIN)/rag ui

fast: $(READY) ## the fast tests alone: seconds, no model
	$(BIN)/pytest -q

lint: $(READY) ## formatting, lint, types and import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: $(READY) ## format, and mend what ruff can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Tiers that the machine cannot run (no Chromium, no development data) skip and say so.
test: $(READY) lint ## lint, every test tier that this machine can run, and the quality gate
	$(BIN)/pytest -q -m '' -rs
	$(BIN)/rag eval gate

clean: ## remove the virtual environment and the caches of the tools
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
