SHELL := /bin/bash
PY ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
STAMP := .venv/.installed

# Every pip below, and those it starts to build packages, keeps to the tested versions.
export PIP_CONSTRAINT := constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# The type checker's version is pinned: do not ask the network for a newer one.
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1

.DEFAULT_GOAL := help
.PHONY: help setup demo test audit lint check format bench

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "%-8s %s\n", $$1, $$2 }'

setup: $(STAMP) ## create .venv and install the library with its development tools

$(STAMP): pyproject.toml constraints.txt
	$(PY) -m venv .venv
	$(BIN)/python -m pip install -q -e ".[dev]"
	@touch $@

demo: $(STAMP) ## run the demonstration; results land in demo/
	$(BIN)/sketchlearn demo --out demo

# Each worker of the tests is one process of several: products of small matrices by as many
# threads as the machine shows would wait for each other, minutes long where a quota holds them.
test audit: export OPENBLAS_NUM_THREADS := 1
test audit: export OMP_NUM_THREADS := 1

test: $(STAMP) ## run the tests
	@$(BIN)/python -m pytest

audit: $(STAMP) ## try to break releases, with twenty times the draws of the tests
	@SKETCHLEARN_AUDIT=full $(BIN)/python -m pytest -s -n 0 --timeout 3600 tests/privacy/test_audit.py

lint: $(STAMP) ## check formatting, style, types and imports between layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports

check: lint ## run every check, then the tests
	@$(MAKE) --no-print-directory test

format: $(STAMP) ## format the code and apply safe fixes
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(STAMP) ## run the benchmarks
	$(BIN)/python -m benchmarks.run
