# `make help` lists what there is. Nothing but Python 3.11 and make is needed; `make check` also uses node where it is installed.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Python finds itself by it, even where the environment is empty.
ifndef PATH
export PATH := /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
endif

# The first Python here that is new enough; name another one with `make PYTHON=...`.
PYTHON ?= $(shell for each in python3 python3.11 python3.12 python3.13 python3.14; do \
	"$$each" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$each" && exit; done; echo python3)
BIN := .venv/bin
IN := $(BIN)/python
NEW_ENOUGH = import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; this is " + sys.version.split()[0])
RUNTIME = @"$(PYTHON)" -c '$(NEW_ENOUGH)' && "$(PYTHON)" tools/environment.py runtime
DEV = @"$(PYTHON)" -c '$(NEW_ENOUGH)' && "$(PYTHON)" tools/environment.py dev
UV := uv==0.13.9

##@ Run it

.PHONY: run demo verify stop
run: ## start PostgreSQL, the services and the gateway, and play the demo when the data are new (DEMO=0: not)
	$(RUNTIME)
	@exec $(IN) -m guanxi_local run

demo: ## play the story against the running instance
	$(RUNTIME)
	@exec $(IN) -m guanxi_local demo

verify: ## prove the audit of the running instance: nothing was changed, emptied or removed
	$(RUNTIME)
	@exec $(IN) -m guanxi_local verify

stop: ## stop the instance that `make run` started elsewhere
	$(RUNTIME)
	@exec $(IN) -m guanxi_local stop

##@ Check it

.PHONY: test check lint types imports contracts clients installable nightly conformant conformance faults bench
test: ## run every test, in parallel, on a PostgreSQL of its own (PYTEST="-k name" picks some)
	$(DEV)
	@tools/run-tests.sh $(PYTEST)

nightly: ## the tests of contracts and services once more with routes called by FastAPI itself, without the kit's plan
	$(DEV)
	@GUANXI_ROUTE_PLAN=off tools/run-tests.sh tests/contract services gateway

check: lint types imports contracts clients installable test conformant ## everything that has to hold before a commit lands
	@echo "check: everything holds"

lint: ## ruff: rules and format
	$(DEV)
	@echo "lint: ruff check, ruff format"
	@$(BIN)/ruff check --quiet --no-cache .
	@$(BIN)/ruff format --quiet --check --no-cache .

types: ## mypy, strict
	$(DEV)
	@echo "types: mypy --strict"
	@$(BIN)/mypy --no-error-summary

imports: ## import-linter: who may know whom
	$(DEV)
	@echo "imports: lint-imports"
	@$(BIN)/lint-imports --no-cache --no-logo --verbose > .venv/imports.txt || { cat .venv/imports.txt; exit 1; }

contracts: ## openapi/ against the code, against the last release, and against the rules for contracts
	$(DEV)
	@$(IN) -m tools.contracts check
	@tools/lint-contracts.sh

clients: ## make a TypeScript and a Python client of the public contract, compile them strictly, play a story with each
	$(DEV)
	@$(IN) -m tests.clients

installable: ## build every wheel, install all into a clean environment, start a service and the launcher from them
	$(DEV)
	@$(IN) -m tools.wheels check

conformant: # the part of the conformance run that asks the same every time: examples and every corner of every schema
	$(DEV)
	@$(IN) -m tests.conformance --seconds 0 --phases examples,coverage

conformance: ## schemathesis with all checks against a running gateway (a few minutes)
	$(DEV)
	@$(IN) -m tests.conformance

faults: ## kill processes at random under load and compare with the truth (KILLS=20, SEED=...)
	$(DEV)
	@$(IN) -m tests.faults $(if $(KILLS),--kills $(KILLS)) $(if $(SEED),--seed $(SEED))

bench: ## measure, and print a table of goals and figures
	$(DEV)
	@$(IN) -m tests.bench

##@ Write it

.PHONY: openapi wheels format requirements clean help
openapi: ## write openapi/*.json from the code
	$(DEV)
	@$(IN) -m tools.contracts write

wheels: ## build a wheel of every distribution into dist/
	$(DEV)
	@$(IN) -m tools.wheels build

format: ## let ruff mend what it can
	$(DEV)
	@$(BIN)/ruff check --quiet --fix . || true
	@$(BIN)/ruff format --quiet .

requirements: ## compile requirements/*.txt from *.in, and the node tools' lock file
	@tools/compile-requirements.sh "$(PYTHON)" "$(UV)"

clean: ## remove what the other targets made, but not the data in .guanxi
	@rm -rf .venv .venv-clients dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache tools/node_modules
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## this list
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
