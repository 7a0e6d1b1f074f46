# `make run` starts it, `make test` checks it. On Debian or Ubuntu with Python 3.11 and make, nothing else has to be set up.
.DEFAULT_GOAL := help
.PHONY: help run bench test check lint install install-sandbox install-dev install-postgres chromium requirements clean

VENV ?= .venv
RECENT := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c '$(RECENT)' 2>/dev/null && { echo $$python; break; }; done)
IN_VENV := $(VENV)/bin/python
PIP := $(IN_VENV) -m pip install --quiet --disable-pip-version-check --require-hashes
PIP_COMPILE := uv pip compile --universal --python-version 3.11 --generate-hashes
VENV_PACKAGE = $$($(PYTHON) -c "import sys; print('python%d.%d-venv' % sys.version_info[:2])")
SAY = { echo "$(1)" >&2; exit 1; }

help:
	@echo "make run           the sandbox, the dashboard and the public application, until Ctrl-C"
	@echo "make test          everything that CI runs, on SQLite, and what touches the store on PostgreSQL, too;"
	@echo "                   POSTGRES=no leaves the latter out"
	@echo "make check         the linters and types only"
	@echo "make install       what a server with accounts needs, without the sandbox's and the tests' packages"
	@echo "make bench         the short benchmarks of docs/performance.md, ten minutes; it names the long ones"
	@echo "make requirements  compile requirements*.txt from requirements*.in (needs uv)"
	@echo "make clean         remove the virtual environment and the caches; the data stay"

run: install-sandbox
	@exec $(IN_VENV) -m services.run

# What a program starts anew it need not compile anew.
unexport PYTHONDONTWRITEBYTECODE

# "no" on the command line alone leaves PostgreSQL out: a variable that somebody has set for something else does not.
WITH_POSTGRES := $(if $(filter command_line:no,$(subst $() ,_,$(origin POSTGRES)):$(POSTGRES)),,yes)

# Four at once on two cores: some tests wait for a process, a socket or a browser while others compute.
test: install-dev $(if $(WITH_POSTGRES),install-postgres) chromium lint
	env -u ETERMINAL_TEST_POSTGRES_URL $(IN_VENV) -m pytest -n 4 --dist worksteal
	$(if $(WITH_POSTGRES),$(IN_VENV) -m pytest --postgres -n 4 --dist worksteal -m "store or postgres" tests/faults tests/services,\
		@echo "PostgreSQL was left out (POSTGRES=no): what touches the store was tested on SQLite alone.")

bench: install-dev
	$(IN_VENV) -m benchmarks.start
	$(IN_VENV) -m benchmarks.pages --sessions 100
	$(IN_VENV) -m benchmarks.store
	$(IN_VENV) -m benchmarks.send
	$(IN_VENV) -m benchmarks.receiver
	@echo "An hour each, with a folder for their files: benchmarks.reconciliation, .reconciliation_pages, .while_importing, .exports;"
	@echo "on an empty PostgreSQL database: benchmarks.store, .notifications (docs/performance.md)."

check: install-dev lint

lint:
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check --quiet .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

$(VENV)/bin/pip:
	@$(or $(PYTHON),false) -c '$(RECENT)' 2>/dev/null || \
		$(call SAY,Python 3.11 or newer is needed: sudo apt install python3.11 python3.11-venv$(,) or name one with make PYTHON=/path/to/python3 …)
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		$(call SAY,Python cannot make a virtual environment here: sudo apt install $(VENV_PACKAGE)$(,) then try again.)
	@echo "Making a virtual environment in $(VENV) …"
	@$(PYTHON) -m venv $(VENV)

# Installs only when the list has changed: the copy in the environment is the list that was installed last.
install: $(VENV)/bin/pip
	@$(IN_VENV) -c '$(RECENT)' 2>/dev/null || $(call SAY,The environment in $(VENV) no longer works: make clean$(,) then try again.)
	@cmp -s requirements.txt $(VENV)/requirements.txt || { echo "Installing what requirements.txt lists …"; \
		$(PIP) -r requirements.txt && cp requirements.txt $(VENV)/requirements.txt; }

install-sandbox: install
	@cmp -s requirements-sandbox.txt $(VENV)/requirements-sandbox.txt || { echo "Installing what requirements-sandbox.txt lists …"; \
		$(PIP) -r requirements-sandbox.txt && cp requirements-sandbox.txt $(VENV)/requirements-sandbox.txt; }

install-dev: install-sandbox
	@cmp -s requirements-dev.txt $(VENV)/requirements-dev.txt || { echo "Installing what requirements-dev.txt lists …"; \
		$(PIP) -r requirements-dev.txt && cp requirements-dev.txt $(VENV)/requirements-dev.txt; }

# The server that the tests start, unless ETERMINAL_TEST_POSTGRES_URL names one (docs/operator-postgresql.md).
install-postgres: install-dev
	@[ -n "$$ETERMINAL_TEST_POSTGRES_URL" ] || cmp -s requirements-postgres.txt $(VENV)/requirements-postgres.txt || { \
		echo "Installing what requirements-postgres.txt lists …"; \
		$(PIP) -r requirements-postgres.txt && cp requirements-postgres.txt $(VENV)/requirements-postgres.txt; } || \
	$(call SAY,No PostgreSQL server could be installed for this machine. With one of your own: ETERMINAL_TEST_POSTGRES_URL=postgresql://role:password@127.0.0.1/postgres make test$(,) its role needs CREATEDB. Without any: make test POSTGRES=no)

# The system's Chromium, else by apt where that is possible, else Playwright's own.
chromium: install-dev
	@$(IN_VENV) -m tests.support.browser || \
	{ [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo "Installing chromium by apt …" && \
		{ DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends chromium >/dev/null || \
		{ apt-get update -q >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends chromium >/dev/null; }; } && \
		$(IN_VENV) -m tests.support.browser; } || \
	{ echo "Installing Playwright's Chromium …" && \
		$(IN_VENV) -m playwright install $$([ "$$(id -u)" = 0 ] && echo --with-deps) chromium && \
		$(IN_VENV) -m tests.support.browser; } || \
	$(call SAY,The browser tests need Chromium: sudo $(VENV)/bin/playwright install-deps chromium$(,) then make test again.)

requirements:
	@command -v uv >/dev/null || $(call SAY,This needs uv: pipx install uv)
	$(PIP_COMPILE) requirements.in -o requirements.txt
	$(PIP_COMPILE) -c requirements.txt requirements-sandbox.in -o requirements-sandbox.txt
	$(PIP_COMPILE) -c requirements.txt -c requirements-sandbox.txt requirements-dev.in -o requirements-dev.txt
	$(PIP_COMPILE) -c requirements-dev.txt requirements-postgres.in -o requirements-postgres.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache artefacts
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

, := ,
