# Every target does its own set-up; the second time that takes a second or two.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
VENV := .venv/.stamp
LOCKS := requirements.lock requirements-dev.lock requirements-bootstrap.lock
# Passed on: make demo ARGS="--once --json", make test ARGS="tests/proof -x"
ARGS ?=

CONSOLE := cloud/console
NPM := $(CONSOLE)/node_modules/.stamp
ifneq ($(wildcard $(CONSOLE)/package.json),)
PAGES := $(CONSOLE)/dist/index.html
endif
CONSOLE_SOURCES := $(shell find $(CONSOLE) \( -name node_modules -o -name dist \) -prune -o -type f -print 2>/dev/null)

.PHONY: help setup demo test check faults conformance bench lock clean system-demo system-test

help:  ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: system-demo $(VENV) $(PAGES)  ## Run the main job: a whole warehouse day on this machine (ARGS="--once --json")
	@$(BIN)/sealtrail demo $(ARGS)

test: setup  ## Run every test (ARGS="tests/proof -x" for some)
	@if [ -n "$(PAGES)" ]; then scripts/console.sh run test --if-present; fi
ifeq ($(strip $(ARGS)),)
	@status=0; \
	$(BIN)/pytest --numprocesses=2 --ignore=tests/system --ignore=tests/faults || status=1; \
	echo "And whole systems, and what is done to them"; \
	$(BIN)/pytest --numprocesses=2 --dist=loadfile tests/system tests/faults || status=1; \
	exit $$status
else
	@$(BIN)/pytest $(ARGS)
endif

check: $(VENV)  ## Style, types, who may import whom, the house rules
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/pytest tests/law

faults: setup  ## Kill agent, worker, broker and database while facts flow: none lost, none doubled
	@$(BIN)/pytest tests/faults $(ARGS)

conformance: setup  ## Formats against golden messages, other implementations and published vectors
	@$(BIN)/pytest tests/proof tests/wire tests/witness $(ARGS)

bench: system-demo $(VENV)  ## Print our figures beside limits and peers measured in the same run
	@$(BIN)/python -m benchmarks $(ARGS)

setup: system-test $(VENV) $(PAGES)  ## Install what everything needs, run nothing

lock: $(VENV)  ## Write the lock files anew (ARGS=--upgrade for newer versions)
	@scripts/lock.sh $(ARGS)

clean:  ## Remove what the other targets made
	rm -rf .venv build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	rm -rf $(CONSOLE)/node_modules $(CONSOLE)/dist demo-data

system-demo:
	@scripts/system_packages.sh demo

system-test:
	@scripts/system_packages.sh test

$(VENV): $(LOCKS) pyproject.toml scripts/venv.sh
	@scripts/venv.sh
	@touch $@

$(NPM): $(CONSOLE)/package.json $(CONSOLE)/package-lock.json $(VENV)
	@echo "Installing the console's packages"
	@scripts/console.sh ci
	@touch $@

$(CONSOLE)/dist/index.html: $(NPM) $(CONSOLE_SOURCES)
	@echo "Building the console"
	@scripts/console.sh run build
	@touch $@
