# Everything a newcomer needs: `make demo` and `make test` do their own set-up in `.venv`, from python3 alone.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test lint bench corpus pictures laws lock clean

demo: $(READY)
	$(BIN)/tagway demo

test: lint
	$(BIN)/pytest -q -n auto --dist loadfile

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy

bench: $(READY)
	$(BIN)/tagway bench

corpus: $(READY)
	$(BIN)/python -m tests.corpus

pictures: $(READY)
	$(BIN)/python -m tests.tui.pictures

laws: $(READY)
	$(BIN)/pytest -q -n auto --dist worksteal tests/core/identity --hypothesis-profile=laws

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	    || { echo "Tagway needs Python 3.11 or newer; name one with \`make PYTHON=python3.12 ...\`"; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

lock:
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
	    --extra dev --output-file requirements.lock pyproject.toml

clean:
	rm -rf $(VENV) dist tagway-demo .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
