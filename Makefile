# `make lab` and `make test` do everything; the rest is for those who change the kit.
VENV := .venv
PYTHON_IN := $(VENV)/bin/python
# One thread each: oversubscription makes small solves a hundred times slower.
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export MKL_NUM_THREADS := 1

.PHONY: lab test test-fast test-browser lint types build check bench bench-latency lock setup clean help

help:            ## this list
	@grep -E '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

lab: setup       ## open the course in JupyterLab, in your own working copy (make lab ARGS="--no-browser --port 9000")
	@$(VENV)/bin/pgkit lab $(ARGS)

test: setup      ## all tests but the browser's
	@$(PYTHON_IN) -m pytest -n 3 --dist worksteal -m "not e2e" $(ARGS)

test-fast: setup ## the tests that take seconds
	@$(PYTHON_IN) -m pytest -n 2 --dist worksteal -m "not e2e and not slow" $(ARGS)

test-browser: setup ## JupyterLab in a real chromium (apt-get install chromium)
	@$(PYTHON_IN) -m pytest -n 2 --dist loadfile -m e2e tests/e2e $(ARGS)

lint: setup      ## ruff
	@$(PYTHON_IN) -m ruff check .

types: setup     ## basedpyright
	@$(PYTHON_IN) -m basedpyright

build: setup     ## course/*.py to notebooks/, solutions/ and assignments/
	@$(PYTHON_IN) course/build.py

check: setup     ## fail if the built notebooks differ from their sources
	@$(PYTHON_IN) course/build.py --check

bench: setup     ## speed against peers, in one run (make bench ARGS=--quick)
	@$(PYTHON_IN) bench/run.py $(ARGS)

bench-latency: setup ## control to painted pixels, in JupyterLab and chromium
	@$(PYTHON_IN) bench/latency.py $(ARGS)

lock: setup      ## write requirements.lock anew from pyproject.toml
	@$(PYTHON_IN) tools/lock.py

setup:
	@tools/setup.sh

clean:           ## remove .venv and what tests leave behind (never the working copy)
	@rm -rf $(VENV) .bench-venv .pytest_cache .ruff_cache artifacts
