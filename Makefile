# Everything starts here. Needs Debian's python3, pip, make and git; brings the rest itself.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
UV := .cache/uv/bin/uv
BIN := $(VENV)/bin
TYPES := NODE_OPTIONS=--max-semi-space-size=128 $(BIN)/basedpyright
INSTALL := $(UV) pip install --quiet --system-certs --python $(BIN)/python
ARGS ?=
SEED ?=

# Some shells set it; then each process of the tests would compile every source anew.
unexport PYTHONDONTWRITEBYTECODE

CHROMIUM ?= $(shell command -v chromium)

.PHONY: help serve test chaos check lint quick fix accept compatibility bench chromium screenshots web lock wheel clean

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

serve: $(VENV)/serve  ## start on 127.0.0.1:8000 with the demo apps and the local model; ARGS="app.yml --port 9000"
	@$(BIN)/parlour serve $(ARGS)

test: lint $(if $(findstring not browser,$(ARGS)),,chromium)  ## everything that CI runs
	@SEED=$(or $(SEED),1) $(BIN)/python -m pytest -s -m chaos tests/chaos
	@CONTRACT_STORE=postgres $(BIN)/python -m pytest -n 2 --dist loadgroup -m "not slow" tests/contract
	@$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not chaos" $(ARGS)

chaos: $(VENV)/dev  ## faults under load, in an order of its own: SEED=7 repeats one
	@SEED=$(SEED) $(BIN)/python -m pytest -s -m chaos tests/chaos $(ARGS)

check: $(VENV)/dev  ## the everyday suite, under two minutes
	@$(MAKE) --no-print-directory --keep-going --jobs=2 lint quick

lint: $(VENV)/dev
	@$(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet . && $(TYPES)

quick: $(VENV)/dev
	@$(BIN)/python -m pytest -n 2 --dist worksteal -m "not slow" $(ARGS)

fix: $(VENV)/dev  ## format, and mend what can be mended
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

accept: $(VENV)/dev  ## rewrite the golden transcripts; the diff is the review
	@PARLOUR_ACCEPT=1 $(BIN)/python -m pytest tests/golden $(ARGS)

compatibility: $(VENV)/dev  ## write docs/compatibility.md from the requirements
	@$(BIN)/python -m tests.contract.compatibility

bench: $(VENV)/dev  ## measure beside nginx, print one table, keep it in docs/benchmarks.md
	@$(BIN)/python -m bench $(ARGS)

chromium:
ifeq ($(CHROMIUM),)
	@[ "$$(id -u)" = 0 ] || { echo "parlour: the tests of the pages need Chromium, and only root can install Debian's:" >&2; \
	  echo "  sudo make chromium, or CHROMIUM=/path/to/one, or leave them out: make test ARGS='-m \"not browser\"'" >&2; exit 1; }
	@echo "parlour: fetching a browser for the tests (once)" >&2
	@apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
	  chromium fonts-dejavu-core fonts-noto-color-emoji fonts-wqy-microhei >/dev/null
endif

screenshots: $(VENV)/dev chromium  ## take the pictures of docs/pictures
	@$(BIN)/python -m tests.pages.screenshots

web: $(VENV)/dev  ## build the pages of web/ into the package
	@$(BIN)/python -m tests.pages.building

wheel: $(VENV)/dev  ## dist/parlour-*.whl
	@rm -rf dist && $(BIN)/python -m build --no-isolation --wheel --outdir dist . >/dev/null && ls dist

lock: $(UV)  ## choose the newest versions again; the locks hold hashes and no address
	@cd requirements && for name in "tool tool.in" "lint lint.in" "base ../pyproject.toml" "local ../pyproject.toml --extra local --extra mcp" \
	  "voice ../pyproject.toml --extra voice" \
	  "deploy ../pyproject.toml --extra mcp --extra otel --extra postgres --extra redis" \
	  "dev ../pyproject.toml --extra local --extra mcp --extra otel --extra postgres --extra redis --group ../pyproject.toml:dev --group ../pyproject.toml:bench"; do \
	  set -- $$name; lock=$$1.lock; shift; \
	  ../$(UV) pip compile --quiet --system-certs --universal --generate-hashes --no-header --python-version 3.11 $(ARGS) -o $$lock "$$@"; done

clean:  ## remove what make made, but not your data
	@rm -rf $(VENV) .cache dist; find src tests bench -name __pycache__ -prune -exec rm -r {} +

$(UV): requirements/tool.lock
	@echo "parlour: fetching the installer" >&2
	@PIP_ROOT_USER_ACTION=ignore $(PYTHON) -m pip install --quiet --disable-pip-version-check --target .cache/uv --upgrade --require-hashes -r $<
	@touch $@

$(BIN)/python: | $(UV)
	@$(UV) venv --quiet --no-python-downloads --python $(PYTHON) $(VENV)

$(VENV)/serve: requirements/local.lock pyproject.toml | $(BIN)/python
	@echo "parlour: installing (once)" >&2
	@$(INSTALL) --require-hashes -r $<
	@$(INSTALL) --no-deps --editable .
	@touch $@

$(VENV)/dev: requirements/dev.lock pyproject.toml | $(BIN)/python
	@echo "parlour: installing the workshop (once)" >&2
	@$(INSTALL) --require-hashes -r $<
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@
