# Two commands from a clean clone: `make forecast` and `make test`. Needs python3 (3.11 or newer) and make.

PYTHON ?= python3
RESULTS ?= results
WORKERS ?= auto

VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help forecast test test-slow check bench-engine bench-calibration lock clean
.DELETE_ON_ERROR:

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

forecast: $(VENV)/.self  ## set up, run the shipped forecast, write results/
	@$(BIN)/sdforecast forecast -o $(RESULTS)

test: $(VENV)/.self $(VENV)/.dev  ## set up, run the tests
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

test-slow: $(VENV)/.self $(VENV)/.dev  ## run the long tests only
	@$(BIN)/python -m pytest -m slow

check: $(VENV)/.self $(VENV)/.dev  ## lint, formatting, types, layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

# One set for all Python versions we support; `uv` is needed here and nowhere else.
LOCK := build/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
	--generate-hashes --no-strip-extras --no-annotate --no-emit-index-url --no-emit-find-links
LOCK_INPUTS := pyproject.toml requirements-lock.in

bench-engine: $(VENV)/.self  ## time the compiled engine against its peers
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r benchmarks/engine/requirements.txt
	@$(BIN)/python benchmarks/engine/run.py

bench-calibration: $(VENV)/.self $(VENV)/.dev  ## time sampling a posterior against its peers (BENCH=--full for all)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r benchmarks/calibration/requirements.txt
	@$(BIN)/python benchmarks/calibration/run.py $(BENCH)

lock:  ## choose the newest versions again, write both lock files
	@$(PYTHON) -m venv --clear build/lock
	@build/lock/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9'
	@UV_CUSTOM_COMPILE_COMMAND='make lock' $(LOCK) --upgrade -o requirements.lock $(LOCK_INPUTS)
	@UV_CUSTOM_COMPILE_COMMAND='make lock' $(LOCK) --upgrade -o requirements-dev.lock --all-extras \
		--constraint requirements.lock $(LOCK_INPUTS)

clean:  ## remove all that make made: .venv, results, builds, caches
	@rm -rf $(VENV) $(RESULTS) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- set-up: a stamp for each step, so that a second call does nothing -------------------------------------

$(VENV)/.runtime: requirements.lock setup.sh
	@PYTHON="$(PYTHON)" sh setup.sh runtime
	@touch $@

$(VENV)/.self: pyproject.toml $(VENV)/.runtime
	@sh setup.sh self
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	@sh setup.sh dev
	@touch $@
