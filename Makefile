# ShopenData. `make` lists the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON := .venv/bin/python

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 24

portal: ## installs what is missing and starts the portal on http://127.0.0.1:5000
	@stack/bootstrap.sh
	@$(PYTHON) -m stack portal

upgrade: ## brings the portal's data up to date with newly pulled code, after a backup to var/backups
	@[ ! -x $(PYTHON) ] || $(PYTHON) -m stack stop portal
	@stack/bootstrap.sh
	@$(PYTHON) -m stack upgrade

stop: ## stops the portal and the test stack; data stays
	@[ ! -x $(PYTHON) ] || for stack in fault test portal; do $(PYTHON) -m stack stop $$stack; done

reset: ## stops the portal and removes all its data but backups (asks first; YES=1 does not)
	@[ -n "$(YES)" ] || { read -r -p "Remove all data of the portal below var/? [y/N] " answer && [ "$$answer" = y ]; }
	@[ ! -x $(PYTHON) ] || $(PYTHON) -m stack reset portal

test: ## runs all tests on a stack of their own (var/test), beside a running portal
	@stack/bootstrap.sh test
	@$(PYTHON) tests/run

lint: ## ruff, pyright, import-linter
	@stack/bootstrap.sh test
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/pyright
	@.venv/bin/lint-imports

bench: ## benchmarks: ratios, both sides in one run
	@stack/bootstrap.sh test
	@$(PYTHON) tests/run bench

docs: ## renders docs/reference.md from the tables in the code
	@$(PYTHON) docs/render.py

containers: ## the same with Docker: builds the images, starts them, waits until they serve
	@python3 -m stack.container secrets
	@docker compose up --build --detach --wait

lock: ## renews the lock files from pyproject.toml
	@config/lock

.PHONY: help portal upgrade stop reset test lint bench docs containers lock
