# Everything runs in .venv, which each target builds by itself.
#
#   make demo    both demo apps behind gunicorn, bare and wrapped
#   make test    lint, types, and the tests with branch coverage
#   make lint    lint and types alone
#   make tox     the library and the demos on every Python, Django and Flask at hand
#   make matrix  every server, bare and wrapped: writes docs/servers.md and its picture
#   make bench   what the middleware costs: writes docs/benchmarks.json, its picture and page
#   make fuzz    a minute of atheris: on the middleware, on the probe and on the command
#   make mutants puts faults into the library one by one, and tells which no test finds
#   make soak    a million requests for the demos behind real servers, each held to its id
#   make suites  other projects' tests, with the middleware round their apps
#   make picture runs the command on the demo: writes docs/probe.svg
#   make docs    the documentation: writes build/docs
#   make dist    builds the sdist and the wheel, checks them, and puts them into dist/
#   make clean   remove what the others built

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test lint tox matrix bench fuzz mutants soak suites picture docs dist clean
.DELETE_ON_ERROR:

demo: $(VENV)/demo.installed
	@$(BIN)/python -m demo

# More processes than most machines have cores: servers are mostly waited for.
test: lint $(VENV)/test.installed
	$(BIN)/pytest --numprocesses=4 --dist=loadgroup --cov

lint: $(VENV)/test.installed
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.readthedocs .readthedocs.yaml
	$(BIN)/zizmor --offline --quiet .github

# pyenv keeps its interpreters off PATH, unless one is chosen.
PYENV_BINS = $(wildcard $(shell pyenv root 2>/dev/null)/versions/*/bin)
WITH_PYENV = PATH="$$(printf '%s:' $(PYENV_BINS))$$PATH"
tox: $(VENV)/tox.installed
	$(WITH_PYENV) $(BIN)/tox run $(TOXFLAGS)

matrix: $(VENV)/test.installed
	$(BIN)/python -m tests.servers.matrix

bench: $(VENV)/bench.installed
	$(BIN)/python -m benchmarks

fuzz: $(VENV)/test.installed
	$(BIN)/python -m reliability.fuzzing $(FUZZFLAGS)

mutants: $(VENV)/mutants.installed
	$(VENV)/mutants/bin/python -m reliability.mutants

soak: $(VENV)/test.installed
	$(BIN)/python -m reliability.soak

suites: $(VENV)/demo.installed
	@$(BIN)/python -m reliability.suites

picture: $(VENV)/test.installed
	$(BIN)/python -m tests.cli.picture

docs: $(VENV)/docs.installed
	$(BIN)/sphinx-build --quiet --fail-on-warning --fresh-env docs build/docs

dist: $(VENV)/dist.installed
	@$(WITH_PYENV) $(BIN)/python release.py

clean:
	rm -rf $(VENV) build dist mutants .tox .coverage .mypy_cache .pytest_cache .ruff_cache

# Tests compare gunicorn 23.0.0, in .venv itself, with the newest, kept apart, as are the
# releases of pytest that the plugin is tested with; and ask the article's own releases,
# which need Python 3.7. What can not be had here is skipped.
$(VENV)/test.installed: $(VENV)/demo.installed tests/fronts/stack_2018/requirements.txt
	$(BIN)/pip install --quiet --group lint
	$(BIN)/pip install --quiet --upgrade --target $(VENV)/gunicorn-newest gunicorn
	$(BIN)/pip install --quiet --upgrade --target $(VENV)/pytest-7 'pytest<8'
	$(BIN)/pip install --quiet --upgrade --target $(VENV)/pytest-newest pytest
	@for group in uwsgi bjoern fuzz; do \
	    $(BIN)/pip install --quiet --group $$group > $(VENV)/$$group.log 2>&1 || \
	    echo "$$group can not be built here, so it is not tested: see $(VENV)/$$group.log"; \
	done
	@if $(WITH_PYENV) python3.7 --version > /dev/null 2>&1; then \
	    $(WITH_PYENV) python3.7 -m venv --clear $(VENV)/stack-2018 && \
	    $(VENV)/stack-2018/bin/pip install --quiet --disable-pip-version-check \
	        --requirement tests/fronts/stack_2018/requirements.txt; \
	else \
	    echo "There is no python3.7 here, so the article's own stack is not tested."; \
	fi
	@touch $@

# Each Python that is measured has the contenders in an environment of its own. The fronts and
# the needs of the tests serve here too.
$(VENV)/bench.installed: $(VENV)/test.installed
	@for version in 3.9 3.11 3.13; do \
	    if $(WITH_PYENV) python$$version --version > /dev/null 2>&1; then \
	        $(WITH_PYENV) python$$version -m venv --clear $(VENV)/bench-$$version && \
	        $(VENV)/bench-$$version/bin/pip install --quiet --upgrade pip && \
	        $(VENV)/bench-$$version/bin/pip install --quiet --group contenders || exit 1; \
	    else \
	        echo "There is no python$$version here, so it is not measured."; \
	    fi; \
	done
	@if ls -d $(VENV)/bench-* > /dev/null 2>&1; then touch $@; fi

# The tests do not get what mutmut needs.
$(VENV)/mutants.installed: $(VENV)/demo.installed
	$(PYTHON) -m venv --clear $(VENV)/mutants
	$(VENV)/mutants/bin/pip install --quiet --upgrade pip
	$(VENV)/mutants/bin/pip install --quiet --editable '.[cli,http2]' --group mutants
	@touch $@

$(VENV)/docs.installed: $(VENV)/demo.installed
	$(BIN)/pip install --quiet --group docs
	@touch $@

$(VENV)/dist.installed: $(VENV)/demo.installed
	$(BIN)/pip install --quiet --group dist
	@touch $@

$(VENV)/tox.installed: $(VENV)/demo.installed
	$(BIN)/pip install --quiet --group tox
	@touch $@

$(VENV)/demo.installed: pyproject.toml Makefile
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
	    echo "Python 3.10 or newer is needed, but '$(PYTHON)' is $$($(PYTHON) --version 2>&1);" \
	         "name another: make PYTHON=python3.12"; exit 1; }
	@echo "Building $(VENV) ..."
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --editable '.[cli,http2]' --group demo
	@touch $@
