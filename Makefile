# The daily commands; CONTRIBUTING.md says when to use which.
#
# PIP_OPTIONS goes to every `pip install`: it is how you choose another build of torch (see README, "Which torch").
PYTHON ?= python3
PIP_OPTIONS ?=
CHECK ?=

VENV := .venv
BIN := $(VENV)/bin
STATIC := scribbleprompt_widget/static
FRONT_END := $(STATIC)/widget.js
BUILT := $(addprefix $(STATIC)/,widget.js widget.css review.js review.css)
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_OPTIONS) -c constraints.txt

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## This list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

# --- what is installed and built: a stamp per extra, so that the second call has nothing to do -----------------------

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

js/node_modules/.stamp: js/package.json js/package-lock.json
	cd js && npm ci --ignore-scripts --silent
	touch $@

$(FRONT_END): js/node_modules/.stamp $(wildcard js/src/*.ts js/src/*.css) js/tsconfig.json
	cd js && npm run --silent build
	touch $(BUILT)

$(VENV)/.stamp-notebook $(VENV)/.stamp-test: $(VENV)/.stamp-%: pyproject.toml constraints.txt | $(BIN)/python $(FRONT_END)
	$(PIP_INSTALL) -e '.[$*]'
	touch $@

.PHONY: chromium
chromium: ## The browser for the tests (Debian's, where it is missing and we are root)
	@tests/browser/ensure_chromium.sh

# --- use -------------------------------------------------------------------------------------------------------------

.PHONY: demo
demo: $(FRONT_END) $(VENV)/.stamp-notebook ## Open the quickstart in JupyterLab; CHECK=1 runs it without a browser
ifeq ($(CHECK),)
	@echo "JupyterLab prints its address below; stop it with Ctrl-C."
	$(BIN)/jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) notebooks/01_quickstart.ipynb
else
	$(BIN)/python notebooks/check_quickstart.py
endif

# --- work ------------------------------------------------------------------------------------------------------------

.PHONY: setup
setup: $(FRONT_END) $(VENV)/.stamp-test ## Everything the tests need, but for the browser

.PHONY: lint
lint: setup ## ruff, mypy and the TypeScript compiler
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	cd js && npm run --silent check

.PHONY: test-js
test-js: js/node_modules/.stamp ## The front end's unit tests
	cd js && npm test --silent

.PHONY: test-fast
test-fast: setup test-js ## Unit tests, under a minute
	$(BIN)/python -m pytest tests/unit

.PHONY: test
test: setup chromium lint test-js ## Everything a release needs
	$(BIN)/python -m pytest tests

.PHONY: test-soak
test-soak: setup chromium ## Endurance and chaos, half an hour or more; its report goes to out/
	$(BIN)/python -m pytest tests -m soak

.PHONY: format
format: setup ## Let ruff format and mend what it can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: clean
clean: ## Remove everything that was built or installed here
	rm -rf $(VENV) build dist out js/node_modules $(BUILT)
