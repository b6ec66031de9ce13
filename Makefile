# Every target works on a fresh machine with Python >= 3.11 and make. `make` alone lists them.
SHELL := /bin/sh
.DEFAULT_GOAL := help

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$p && break; done)
BIN := .venv/bin
READY := .venv/.ready
METRICS := .venv-metrics/bin
METRICS_LOCK := tests/metrics/requirements.lock
METRICS_READY := .venv-metrics/.ready
SQL := models analyses $(wildcard tests/*.sql)
# dbt and sqlfluff on the loader's database, which is started if it is the embedded one.
WITH_DATABASE = test -f profiles.yml || cp profiles.example.yml profiles.yml; \
	settings=$$($(BIN)/loader db env) && eval "$$settings" &&
# In schemas where nothing is built, so that incremental models read the same to every linter.
SQLFLUFF = $(WITH_DATABASE) DBT_SCHEMA=lint $(BIN)/sqlfluff
# focus-validator 2.2.1 wants Python 3.12 or newer and NumPy 1.26, which has no wheels beyond 3.12.
FOCUS_PYTHON ?= $(shell for p in python3.12 \
	$${PYENV_ROOT:-$$HOME/.pyenv}/versions/3.12*/bin/python3.12 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info[:2] != (3, 12))' 2>/dev/null \
	&& echo $$p && break; done)
FOCUS_LOCK := tests/focus/requirements.lock
FOCUS_READY := .venv-focus/.ready

export DO_NOT_TRACK := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore
export PYTHONUTF8 := 1

.PHONY: help demo test build lint fmt docs metrics bench defects clean ci lock setup chromium focus

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(READY) ## five sample exports to what each team costs, on your machine
	@$(BIN)/loader demo

test: $(READY) ## every test: loader, dbt build with its tests, end to end
	@$(BIN)/python -m pytest

build: $(READY) ## seeds, models and dbt tests on the configured database
	@$(BIN)/loader build

lint: $(READY) ## ruff, mypy and sqlfluff; changes nothing
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy --no-error-summary
	@$(SQLFLUFF) lint --disable-progress-bar $(SQL)

fmt: $(READY) ## put Python and SQL into shape
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format --quiet .
	@$(SQLFLUFF) fix --quiet $(SQL)

docs: build ## dbt docs and column lineage, each one page in target/ that opens without a server
	@$(WITH_DATABASE) $(BIN)/dbt docs generate --static --quiet
	@echo "wrote target/static_index.html"
	@$(BIN)/python docs/lineage/make.py

focus: $(READY) $(FOCUS_READY) ## the official FOCUS validator and other gates on what was built; needs Python 3.12
	@mkdir -p target/focus
	@$(WITH_DATABASE) $(BIN)/dbt compile --quiet --select focus_cost_and_usage \
	  assert_focus_costs_are_the_charges assert_focus_rows_keep_the_rules >/dev/null
	@$(BIN)/loader export focus --out target/focus/focus.parquet
	@$(BIN)/python tests/focus/gate.py .venv-focus

metrics: build $(METRICS_READY) ## the semantic layer: validated, and its figures compared with the marts
	@$(WITH_DATABASE) $(METRICS)/python tests/metrics/check_metrics.py

bench: $(READY) ## loading, building and asking, beside the same by other means
	@$(BIN)/python bench/run.py
	@$(BIN)/python bench/build.py
	@$(BIN)/python bench/allocation.py
	@$(BIN)/python bench/questions.py

defects: $(READY) ## plant mistakes in a copy of the project: each must make a named test fail
	@$(BIN)/python tests/plant_defects.py

clean: ## stop the embedded server; remove environment, data and builds
	@test ! -x $(BIN)/loader || $(BIN)/loader db remove --yes || true
	@rm -rf .venv .venv-focus .venv-metrics .postgres target logs report.html

chromium: ## install Debian's Chromium for the page's tests, unless there is one
	@command -v chromium >/dev/null || { apt-get update -qq && \
	  apt-get install -y -qq --no-install-recommends chromium >/dev/null; }

ci: lint test ## what CI runs

setup: $(READY) ## the environment alone

lock: ## pin every dependency anew, by version and hash (needs uv)
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-strip-extras --no-header --no-annotate --group dev --group docs pyproject.toml \
	  -o requirements.lock
	@uv pip compile --quiet --universal --python-version 3.12 --generate-hashes \
	  --no-header --no-annotate tests/focus/requirements.in -o $(FOCUS_LOCK)
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras \
	  --no-header --no-annotate tests/metrics/requirements.in -o $(METRICS_LOCK)

# The stamp is touched last, so that a set-up that was killed is done again.
$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { \
	  echo "error: Python 3.11 or newer is needed; name one with: make PYTHON=/path/to/python3"; \
	  exit 1; }
	@echo "preparing .venv with $(PYTHON)"
	@# An install that was killed may look complete to the installer: without the stamp, start anew.
	@test -f $@ || rm -rf .venv
	@rm -f $@
	@{ command -v uv >/dev/null 2>&1 && \
	  uv venv --quiet --allow-existing --python $(PYTHON) .venv && \
	  uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock && \
	  uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e . ; } || { \
	  { $(PYTHON) -m venv .venv || { rm -rf .venv; \
	    echo "error: $(PYTHON) -m venv failed (on Debian and Ubuntu: apt install python3-venv)"; \
	    exit 1; }; } && \
	  $(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock && \
	  $(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e . ; }
	@# Written here even where the environment forbids it: every start without it compiles for seconds.
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -c 'import dbt.cli.main'
	@# The help names every command, so it imports them all.
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m loader --help > /dev/null
	@touch $@

# An environment of its own: the validator wants an older NumPy and Arrow than the loader.
$(FOCUS_READY): $(FOCUS_LOCK)
	@test -n "$(FOCUS_PYTHON)" || { \
	  echo "error: focus-validator 2.2.1 needs Python 3.12, and none was found on PATH or in pyenv;"; \
	  echo "  name one with: make focus FOCUS_PYTHON=/path/to/python3.12"; exit 1; }
	@echo "preparing .venv-focus with $(FOCUS_PYTHON)"
	@rm -rf .venv-focus
	@if command -v uv >/dev/null 2>&1; then \
	  uv venv --quiet --python $(FOCUS_PYTHON) .venv-focus && \
	  uv pip install --quiet --python .venv-focus/bin/python --require-hashes -r $(FOCUS_LOCK); \
	else \
	  $(FOCUS_PYTHON) -m venv .venv-focus && \
	  .venv-focus/bin/python -m pip install --quiet --require-hashes -r $(FOCUS_LOCK); \
	fi
	@touch $@

# MetricFlow lives apart, so that the loader's environment stays as small as it is.
$(METRICS_READY): $(METRICS_LOCK)
	@test -n "$(PYTHON)" || { echo "error: Python 3.11 or newer is needed"; exit 1; }
	@echo "preparing .venv-metrics"
	@rm -rf .venv-metrics
	@{ command -v uv >/dev/null 2>&1 && uv venv --quiet --python $(PYTHON) .venv-metrics && \
	  uv pip install --quiet --python $(METRICS)/python --require-hashes -r $< ; } || { \
	  $(PYTHON) -m venv --clear .venv-metrics && \
	  $(METRICS)/python -m pip install --quiet --require-hashes -r $< ; }
	@touch $@
