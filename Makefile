PYTHON ?= python3
export PYTHON

.PHONY: help setup setup-run run test simulate check audit format wheel deb bench-pop bench-engine bench-pubsub soak docs dashboards diagrams plots recording prompts scenarios clean

help: ## Show this help
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 12

setup: ## Install what is missing: Debian packages (as root), .venv, Asterisk, prompts
	@scripts/setup

setup-run: ## The same without what only tests and linters need
	@scripts/setup run

run: setup-run ## Start the whole system on this machine and make a demonstration call
	@.venv/bin/python -m lab

test: setup ## Run all tests, or those that ARGS names: make test ARGS="-m unit"
	@.venv/bin/pip install --quiet --disable-pip-version-check --no-compile --editable '.[containers,docs,javascript]'
	@.venv/bin/pytest --numprocesses $$(($$(nproc) + 1)) --dist loadfile $(ARGS)

simulate: setup ## Simulate call centres at random: make simulate SEEDS=1000 CALLS=100 JOBS=2, or TOTAL=1000000
	@.venv/bin/python -m tests.simulation --seeds $(or $(SEEDS),100) --calls $(or $(CALLS),60) --jobs $(or $(JOBS),1) --total $(or $(TOTAL),0)

check: setup ## Run the linters and the type checker, and look for secrets in files
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check
	@.venv/bin/mypy
	@.venv/bin/lint-imports
	@scripts/find-secrets
	@shellcheck scripts/* .ci/run packaging/make-secrets $$(find packaging/containers -perm -u+x -type f)

audit: setup ## Look for known weaknesses of the libraries (over the network), and for secrets
	@scripts/audit

format: setup ## Format the code and mend what the linter can mend
	@.venv/bin/ruff check --fix
	@.venv/bin/ruff format

wheel: setup ## Build dist/ivr_pubsub-VERSION-py3-none-any.whl
	@.venv/bin/pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .

deb: prompts ## Build dist/ivr-pubsub_VERSION_ARCHITECTURE.deb for the Debian that runs here
	@scripts/make-deb .state dist

bench-pop: setup ## Measure 100 calls: from the last digit to the agent's screen and phone
	@.venv/bin/python -m lab.bench_pop

bench-pubsub: setup ## Compare with Prosody's and ejabberd's mod_pubsub: 8 minutes, or SIZE=quick
	@.venv/bin/python -m lab.bench_pubsub $(SIZE)

bench-calls: setup ## Compare with app_queue on the same Asterisk: 6 minutes, or SIZE=quick
	@.venv/bin/pip install --quiet --disable-pip-version-check --no-compile --editable '.[bench]'
	@.venv/bin/python -m lab.bench_calls $(SIZE)

prompts: ## Make the recordings of asterisk/prompts/sentences
	@scripts/make-prompts .state/prompts

docs: setup ## Build the documentation in .state/site, to be opened in a browser
	@.venv/bin/pip install --quiet --disable-pip-version-check --no-compile --editable '.[docs]'
	@NO_MKDOCS_2_WARNING=1 .venv/bin/mkdocs build --quiet --strict
	@echo .state/site/index.html

dashboards: setup ## Write the dashboards anew in monitoring/grafana, from lab/dashboards/
	@.venv/bin/python -m lab.dashboards

plots: setup ## Draw the dashboards in docs/images, from real calls that a real Prometheus saw
	@.venv/bin/pip install --quiet --disable-pip-version-check --no-compile --editable '.[plots]'
	@.venv/bin/python -m lab.plots

recording: setup-run ## Draw in docs/images/make-run.svg what `make run` prints
	@.venv/bin/python -m lab.recording

diagrams: setup ## Draw the state machines anew in docs/state-machines.md
	@.venv/bin/python -m component.domain.diagrams > docs/state-machines.md

scenarios: setup ## List the end-to-end tests anew in docs/end-to-end.md
	@.venv/bin/python -m tests.e2e.scenarios > docs/end-to-end.md

bench-engine: setup ## Measure decisions, and the way from a fact to the deed: 3 minutes, or SIZE=quick
	@.venv/bin/python -m lab.bench_engine $(SIZE)

soak: setup ## Lead CALLS=30000 calls through the engine; print what grows with their number: 8 minutes
	@.venv/bin/python -m lab.soak $(or $(CALLS),30000)

clean: ## Delete all that was built, downloaded or stored; .venv too
	rm -rf .state .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
