# Everything a fresh machine needs is Python 3.11+ (with venv) and make. Run `make` for the list of targets.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v "$$p"; break; }; done)

VENV := .venv
BIN := $(VENV)/bin
DEMO := build/demo
PYTEST_ARGS ?= -n auto
GENERATORS := schemas reference_plan reference_cli reference_limits reference_formats templates action_files workflows

.DEFAULT_GOAL := help
ENGINES := tests/engines
TOOLS := tests/tools
SPECS := tests/specs
.PHONY: help demo test engines lint format types imports docs docs-check hooks bench clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' $(MAKEFILE_LIST) | awk -F '\t' '{printf "  make %-12s %s\n", $$1, $$2}'

demo: $(VENV)/.ready-demo ## run the bundled example plan on this machine, and say where its report is
	@$(BIN)/ci-orchestrator init --demo $(DEMO) --force
	@PATH="$(CURDIR)/$(BIN):$$PATH" VIRTUAL_ENV="$(CURDIR)/$(VENV)" $(BIN)/ci-orchestrator -C $(DEMO) run

test: $(VENV)/.ready-test ## run every test (PYTEST_ARGS="-x -k name" to choose)
	$(BIN)/python -m pytest $(PYTEST_ARGS)

engines: $(ENGINES)/node_modules/.ready $(TOOLS)/node_modules/.ready $(SPECS)/node_modules/.ready ## what others made: CI engines, test tools, API schemas (node 20+)

lint: $(VENV)/.ready-dev ## ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/.ready-dev ## let ruff mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(VENV)/.ready-dev ## mypy, strict
	$(BIN)/mypy

imports: $(VENV)/.ready-dev ## import-linter: who may import whom
	$(BIN)/lint-imports

docs: $(VENV)/.ready-dev ## write what is generated from the code: reference pages and schemas
	@for script in $(GENERATORS); do $(BIN)/python scripts/$$script.py || exit; done

docs-check: $(VENV)/.ready-dev ## links resolve, generated pages are current, everything is documented
	@for script in $(GENERATORS); do $(BIN)/python scripts/$$script.py --check || exit; done
	$(BIN)/python scripts/docs_check.py

hooks: $(VENV)/.ready-dev ## all pre-commit hooks on all files
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/pre-commit run --all-files --show-diff-on-failure

bench: $(VENV)/.ready-dev ## the quick benchmarks, beside their peers
	$(BIN)/python benchmarks/help.py

clean: ## remove what the targets made
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .ci-orchestrator

$(ENGINES)/node_modules/.ready: $(ENGINES)/package-lock.json
	npm ci --prefix $(ENGINES) --ignore-scripts --no-audit --no-fund
	node $(ENGINES)/github/bundle.mjs
	@touch $@

$(TOOLS)/node_modules/.ready: $(TOOLS)/package-lock.json
	npm ci --prefix $(TOOLS) --ignore-scripts --no-audit --no-fund
	@touch $@

$(SPECS)/node_modules/.ready: $(SPECS)/package-lock.json
	npm ci --prefix $(SPECS) --ignore-scripts --no-audit --no-fund
	find $(SPECS)/node_modules/@octokit/openapi/generated -name '*.json' ! -name api.github.com.json -delete
	@touch $@

# --- environments: one .venv, installed in steps, again whenever pyproject.toml changes -------------------------------

$(VENV)/.created:
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or newer was found. Install one, or say which: make PYTHON=/path/to/python3" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "$(PYTHON) is not Python 3.11 or newer." >&2; exit 1; }
	@"$(PYTHON)" -c 'import venv, ensurepip' 2>/dev/null || \
		{ echo "$(PYTHON) has no venv module. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	"$(PYTHON)" -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	@touch $@

$(VENV)/.ready-demo: $(VENV)/.created pyproject.toml
	$(BIN)/python -m pip install --quiet --editable '.[charts]' 'pytest>=8.3'
	@touch $@

$(VENV)/.ready-test: $(VENV)/.ready-demo pyproject.toml
	$(BIN)/python -m pip install --quiet --editable '.[charts,junitparser,lxml,online,postgres,s3,templates]' --group test
	@touch $@

$(VENV)/.ready-dev: $(VENV)/.ready-test pyproject.toml
	$(BIN)/python -m pip install --quiet --group lint --group bench
	@touch $@
