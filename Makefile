# `make` alone explains itself. Settings: PRESSROOM_* in the environment; PYTHON=… and VENV=… on the command line.

VENV ?= .venv
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && command -v $$python && break; done)
RUN := $(VENV)/bin/python
# Tests wait more than they compute: three at a time, each with servers of its own, need a third of the time.
JOBS ?= 3
PYTEST := $(RUN) -m pytest --dist loadfile
# A machine that forbids Python to keep compiled modules would compile ours anew in each of the many processes.
export PYTHONDONTWRITEBYTECODE :=

# A stamp for each set of libraries, renewed when pyproject.toml changes; `dev` contains `demo`.
DEMO := $(VENV)/.installed-demo
DEV := $(VENV)/.installed-dev
BENCH := $(VENV)/.installed-bench

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# Two targets at once would install into the same environment, or start and stop the same Pressroom.
.NOTPARALLEL:
.PHONY: help setup demo up down status test test-unit test-integration test-e2e test-chaos test-long lint format bench bench-generator bench-scheduler bench-mailer bench-burst sample-members sample-shop env clean rabbitmq postgresql mariadb postfix

help: ## Show this list
	@echo "Pressroom: scheduled reports that arrive. \`make demo\` shows it; what is missing is set up first."
	@echo
	@sed -n 's/^\([a-z][a-z0-9-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-24s %s\n", $$1, $$2 }'

setup: $(DEMO) rabbitmq ## Install what running needs: Python libraries into .venv, RabbitMQ through the package manager

demo: setup ## Send real reports about 336,776 flights to a local mailbox, from nothing to the letters
	@$(RUN) -m demo

up: setup ## Start Pressroom on this machine and print its URLs
	@$(RUN) -m libs.local up

down: ## Stop what `make up` started, and nothing else
	@if [ -x $(RUN) ]; then $(RUN) -m libs.local down; else echo "Nothing runs here."; fi

status: ## Show what runs
	@if [ -x $(RUN) ]; then $(RUN) -m libs.local status || true; else echo "Nothing runs here."; fi

test: $(DEV) rabbitmq postgresql mariadb postfix ## Run all tests
	@$(PYTEST) -n $(JOBS)

test-unit: $(DEV) ## Run the tests that need no server
	@$(PYTEST) -n 2 tests/unit tests/contract

test-integration: $(DEV) rabbitmq postgresql mariadb postfix ## Run the tests against a real RabbitMQ, PostgreSQL, MariaDB and Postfix
	@$(PYTEST) -n $(JOBS) tests/integration

test-e2e: $(DEV) rabbitmq postgresql ## Run the tests that follow a schedule to its letter through all services
	@$(PYTEST) -n $(JOBS) tests/e2e

test-chaos: $(DEV) rabbitmq postgresql ## Break everything in turn under load, with several seeds; it takes half an hour
	@$(PYTEST) --long tests/chaos

test-long: $(DEV) rabbitmq postgresql ## Run the tests that take minutes
	@$(PYTEST) --long tests/integration

lint: $(DEV) ## Check style, types and who may import whom
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@$(RUN) -m mypy
	@$(VENV)/bin/lint-imports

format: $(DEV) ## Put the code into its usual shape
	@$(RUN) -m ruff check --fix-only .
	@$(RUN) -m ruff format .

bench: bench-generator bench-scheduler bench-mailer bench-burst ## Measure everything beside its baselines; it takes half an hour

bench-generator: $(DEV) $(BENCH) rabbitmq postgresql ## Measure reports, from the order to the letter, beside what one would write instead
	@$(RUN) -m bench.generator $(BENCH_OPTIONS)

bench-scheduler: $(DEV) rabbitmq postgresql ## Measure how fast what is due becomes orders, beside a loop that sends one by one
	@$(RUN) -m bench.scheduler $(BENCH_OPTIONS)

bench-mailer: $(DEV) rabbitmq postgresql ## Measure how fast orders become letters, beside loops that only send
	@$(RUN) -m bench.mailer $(BENCH_OPTIONS)

bench-burst: $(DEV) rabbitmq postgresql ## Measure ten thousand personal reports in one burst, and the memory that they take over time
	@$(RUN) -m bench.burst $(BENCH_OPTIONS)

sample-members: $(DEMO) ## Tell the Pressroom of `make up` about a small quiz club: reminders and personal reports
	@$(RUN) -m samples.members

sample-shop: $(DEMO) ## Tell the Pressroom of `make up` about a shop: sales, inventory, customers, orders, analytics
	@$(RUN) -m samples.shop

env: ## Write .env with fresh secrets, for running with containers (compose.yaml)
	@$(if $(PYTHON),,$(error $(NO_PYTHON)))"$(PYTHON)" deploy/setup/make_env.py

clean: down ## Remove .venv and caches; what was produced (var/) stays
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

NO_PYTHON := Pressroom needs Python 3.11 or newer, and none was found: install one, or name it with PYTHON=/path/to/python3

$(RUN):
	@$(if $(PYTHON),,$(error $(NO_PYTHON)))echo "Making $(VENV) with $(PYTHON)"
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || sh deploy/setup/install.sh python-venv \
		"$$("$(PYTHON)" -c 'import sys; print("%d.%d" % sys.version_info[:2])')"
	@"$(PYTHON)" -m venv --clear $(VENV)

$(DEMO): pyproject.toml | $(RUN)
	@echo "Installing Pressroom and its libraries into $(VENV); the first time this takes a minute or two"
	@$(RUN) -m pip install -qq --disable-pip-version-check --editable '.[demo]'
	@touch $@

$(DEV): pyproject.toml | $(RUN)
	@echo "Installing Pressroom, its libraries and the tools for its tests into $(VENV); the first time this takes a minute or two"
	@$(RUN) -m pip install -qq --disable-pip-version-check --editable '.[dev]'
	@touch $(DEMO) $@

$(BENCH): pyproject.toml | $(RUN)
	@echo "Installing what Pressroom is measured against into $(VENV)"
	@$(RUN) -m pip install -qq --disable-pip-version-check --editable '.[bench]'
	@touch $@

# With a broker of your own none has to be installed.
rabbitmq: | $(RUN)
	@test -n "$$PRESSROOM_BROKER_URL$$PRESSROOM_BROKER_URL_FILE" || $(RUN) -m libs.local.installed rabbitmq || \
		sh deploy/setup/install.sh rabbitmq

# At home the tests that need PostgreSQL are skipped without it, which pytest says; in CI they fail.
postgresql: | $(RUN)
	@$(RUN) -m libs.local.installed postgresql || sh deploy/setup/install.sh postgresql || test "$$CI" != true

# The same for MariaDB, which stands for MySQL too.
mariadb: | $(RUN)
	@$(RUN) -m libs.local.installed mariadb || sh deploy/setup/install.sh mariadb || test "$$CI" != true

# And for Postfix, a mail server that is not ours; one test wants it, as root.
postfix: | $(RUN)
	@test "$$(id -u)" != 0 || $(RUN) -m libs.local.installed postfix || sh deploy/setup/install.sh postfix || true
