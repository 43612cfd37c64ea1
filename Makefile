# Two commands on a fresh machine: `make repro` runs the main job, `make test` checks everything.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: repro test check catalog setup clean

repro: $(READY) ## set up, run the pipeline, print what it made
	PATH="$(CURDIR)/$(BIN):$$PATH" dvc repro --keep-going; code=$$?; \
	echo; $(BIN)/registry report run && exit $$code

test: $(READY) ## the default test suite; `make test SLOW=1` adds the slow ones
	$(BIN)/python -m pytest $(if $(SLOW),-m "not gpu and not network")

check: $(READY) ## everything a change has to pass
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/registry check
	$(MAKE) test

catalog: $(READY) ## serve the catalog and MLflow on http://127.0.0.1:5000
	$(BIN)/catalog serve

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	@echo "installing the pinned packages into .venv"
	$(BIN)/python -m pip install -qq --upgrade -c constraints.txt pip
	$(BIN)/python -m pip install -qq -c constraints.txt --editable '.[all]' --group dev
	touch $(READY)

clean: ## remove what `make repro` writes, but not .venv
	rm -rf data models checkpoints mlflow.db mlartifacts .dvc/cache .dvc/tmp
