# The two commands a newcomer needs: `make demo` and `make test`. Each sets up what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
RIVALS := $(VENV)/.rivals

.PHONY: demo test soak check bench compiled format mermaid snapshots clean

demo: $(READY)
	@if [ -t 0 ] && [ -t 1 ]; then $(BIN)/observer demo; else $(BIN)/observer demo --headless; fi

# First the tests that claim nothing about time, as many at once as there are processors; then the others, one by one.
# The first start some thousand interpreters, each of which would compile every module anew if Python were not to keep bytecode.
test: $(READY)
	env -u PYTHONDONTWRITEBYTECODE $(BIN)/pytest -n logical --dist worksteal -m beside
	$(BIN)/pytest -m "not beside"

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy tests/typed
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports

# About ten minutes on an idle machine. Something else: `make bench ARGS=--quick`, `make bench ARGS="--only call --rounds 3"`.
bench: $(READY) $(RIVALS)
	$(BIN)/python -m benchmarks $(ARGS)

# The stress of time-slicing for long, with this interpreter and those of SOAK_PYTHONS, on asyncio and uvloop; then ten minutes
# of chaos (CHAOS="--seconds 60 --seed 7"):
#   make soak SOAK_PYTHONS="/opt/3.12/bin/python /opt/3.13/bin/python" SOAK="--switches 100000 --seconds 600"
SOAK ?= --switches 50000 --seconds 300
soak: $(READY)
	SOAK_PYTHONS="$(SOAK_PYTHONS)" $(BIN)/python -m tests.stress --everywhere $(SOAK)
	$(BIN)/python -m tests.chaos $(CHAOS)

# The hot path as C, in a copy of the packages under build/compiled, and the tests of the runtime on it. It needs a C compiler.
# Nothing else uses it, and `rm -r build` undoes it; `PYTHONPATH=build/compiled python agents.py` runs a program on it.
compiled: $(READY)
	$(BIN)/python -m pip install --quiet --group compiled
	$(BIN)/python -m tools.compiled build/compiled
	cd build/compiled && export PYTHONPATH=$$PWD && ../../$(BIN)/python -c 'from runtime.form import COMPILED; assert COMPILED' \
	    && ../../$(BIN)/python -m pytest tests/runtime tests/stress

# Mermaid's own parser, for the test that has it read the sequence diagrams; it needs node and npm. Without it that test is skipped.
mermaid:
	npm install --prefix tests/mermaid --no-package-lock --no-audit --no-fund --silent

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The pictures of the tests, and with them those of the documents (without the fonts, which a document does not fetch).
snapshots: $(READY)
	$(BIN)/pytest tests/tui --snapshot-update
	@for page in node processes process tree modules module trace timeline diagram; do for size in 80x24 120x40 200x50; do \
	    sed '/@font-face {/,/}/d' "tests/tui/__snapshots__/test_snapshots/TestPages.test_$$page[$$size].svg" > docs/$$page-$$size.svg; \
	done; done

clean:
	rm -rf $(VENV) build

$(READY): pyproject.toml requirements-dev.lock
	@$(PYTHON) -c 'import sys; sys.exit(f"Observer needs Python 3.11 or newer; {sys.executable} is {sys.version.split()[0]}. Say which to use: make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --constraint requirements-dev.lock --group dev --editable .
	@touch $(READY)

# The group `bench`, one by one: what cannot be installed is missing from the tables, and stops nothing.
$(RIVALS): $(READY)
	@$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]["bench"])' \
	    | xargs -n 1 $(BIN)/python -m pip install --quiet --constraint requirements-dev.lock || true
	@touch $(RIVALS)
