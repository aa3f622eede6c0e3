# Two commands do everything, the set-up included: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help install demo test check format coverage matrix bench wheel-test kill-test engines-test fuzz mutants docs clean

help: ## Show the targets.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

install: $(READY) ## Set up the virtual environment with pinned versions.

demo: $(READY) ## Crawl the sample help centre twice and show what changed.
	$(BIN)/helpscraper demo

check: $(READY) ## Lint, format, types, and the import contract.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: $(READY) check ## Run every test.
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

coverage: $(READY) ## Run the tests and print which lines none of them runs, processes that they start included.
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -q -n auto --dist loadfile --no-loadscope-reorder
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

matrix: $(READY) ## Run the fast tests on each Python here, with the lowest and with the newest versions.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check nox
	$(BIN)/nox

bench: $(READY) ## Run the benchmarks; each prints ratios taken in one run and fails when a bound is missed.
	# What is measured beside helpscraper; without dependencies, since datacompy would hold pandas and polars back.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps csv-diff==1.2 dictdiffer==0.10.0 datacompy==1.1.0 ordered-set==4.1.0 html2text==2025.4.15 html-to-markdown==3.21.2
	$(BIN)/python -m benchmarks

wheel-test: $(READY) ## Install the wheel in environments of its own: the core alone, and with every extra.
	$(BIN)/python -m pytest --long tests/test_packaging.py

kill-test: $(READY) ## Kill crawls, commits and imports at 200 random instants.
	$(BIN)/python -m pytest -q -p no:randomly tests/e2e/test_kill.py --long --kills 200

engines-test: $(READY) ## Ask the queries of docs/engines.md of every engine, Spark too (needs Java).
	$(BIN)/python -m pip install --quiet --disable-pip-version-check pyspark
	$(BIN)/python -m pytest -q --long tests/docs/test_engines.py

lease-test: $(READY) ## Kill one of two machines that share a bucket at 100 random instants.
	$(BIN)/python -m pytest -q -s -p no:randomly tests/e2e/test_workers.py --long --kills 100

fuzz: $(READY) ## Fuzz the normalisers and the text parser (needs atheris; see tests/fuzz).
	$(BIN)/python -m pip install --quiet atheris
	$(BIN)/python tests/fuzz/fuzz_normalise.py -max_total_time=300
	$(BIN)/python tests/fuzz/fuzz_text.py -max_total_time=300

mutants: $(READY) ## Change the code in small ways and name each change that no test notices (hours; goes on where it stopped).
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt cosmic-ray==8.7.0
	nice -n 15 $(BIN)/python -m tests.mutants

docs: $(READY) ## Write the generated pages and build the site of docs/ into site/.
	$(BIN)/python -m tests.docs.dictionary
	$(BIN)/python -m helpscraper.cli.reference
	$(BIN)/python -m helpscraper.crawl.settings_table
	$(BIN)/properdocs build --quiet --config-file mkdocs.yml
	@echo "site/index.html"

format: $(READY) ## Put the code into its one format.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## Remove the virtual environment and caches; the archive stays.
	rm -rf $(VENV) site mutants .mypy_cache .ruff_cache .hypothesis build dist
