# Every task of the project under one name; `make help` lists them.

VENV := .venv
# Made last by `setup`: as long as it is newer than what it was made from, nothing is to do.
STAMP := $(VENV)/setup-complete

# pyright and its node come from wheels; without this it would ask the network for a newer one.
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Hundreds of processes are started by the tests: each would compile all sources again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo check format test test-postgresql soak bench lock clean

help: ## List the tasks
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMP) ## Make .venv with everything needed (again: nothing to do)

$(STAMP): requirements.lock pyproject.toml scripts/make-venv
	@echo "Installing what requirements.lock pins into $(VENV); the first time takes a minute or so."
	scripts/make-venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --require-hashes -r requirements.lock
	$(VENV)/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

demo: $(STAMP) ## Sample data, a real server, two exports over HTTP, verified (KEEP=1 leaves it up)
	@$(VENV)/bin/tailrace demo $(if $(KEEP),--keep)

check: $(STAMP) ## Format, lint and types
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/ruff check
	$(VENV)/bin/pyright --threads 2

format: $(STAMP) ## Bring the source into form
	$(VENV)/bin/ruff check --fix
	$(VENV)/bin/ruff format

test: check ## Everything that must pass before a change lands
	$(VENV)/bin/pytest -n 3 --dist loadfile --no-loadscope-reorder -m "not soak" || { test $$? -eq 1 && \
	  echo "What failed beside other tests runs once more, alone. If it passes now, it raced: mend it." && \
	  $(VENV)/bin/pytest --last-failed --last-failed-no-failures none -m "not soak"; }

test-postgresql: $(STAMP) ## Tests that have a store, with PostgreSQL as that
	TAILRACE_TEST_STORE=postgresql $(VENV)/bin/pytest -n 2 --dist loadfile -m "not soak" --timeout 300 \
	  tests/contract tests/unit tests/property tests/cli $(wildcard tests/fault/test_*_crashes.py) \
	  tests/fault/test_several_servers.py tests/fault/test_backups.py tests/fault/test_store_locks.py

soak: $(STAMP) ## The slow fault and load runs
	$(VENV)/bin/pytest -m soak --timeout 1800

bench: $(STAMP) ## Tailrace beside its peers, see benchmarks/README.md (SCALE=small: minutes)
	$(VENV)/bin/python -m benchmarks.suite $(if $(SCALE),--scale $(SCALE))

lock: ## Resolve the dependencies anew into requirements.lock (needs uv)
	printf 'setuptools>=77\n' | uv pip compile pyproject.toml - --quiet --universal \
	  --generate-hashes --extra test --python-version 3.11 --upgrade \
	  --custom-compile-command 'make lock' --output-file requirements.lock
	printf 'setuptools>=77\n' | uv pip compile pyproject.toml - --quiet --universal \
	  --generate-hashes --extra dask --extra tracing --constraint requirements.lock \
	  --python-version 3.11 --no-annotate --custom-compile-command 'make lock' \
	  --output-file deploy/image.lock
	for peer in benchmarks/requirements/*.in; do \
	  uv pip compile $$peer --quiet --universal --generate-hashes --python-version 3.11 \
	    --upgrade --custom-compile-command 'make lock' --output-file $${peer%.in}.lock || exit 1; \
	done

clean: ## Remove what the tasks made
	rm -rf $(VENV) .venv-clients .venv-bench .pytest_cache .ruff_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
