# Two commands from a clone: `make demo`, `make test`. Needs python3 (3.11 or later) and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

export PIP_CONSTRAINT := $(CURDIR)/constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test laws browser check gold examples bench soak kills reliability fuzz atheris format clean

demo: $(READY)
	$(BIN)/retainkit demo demo --overwrite
	$(BIN)/retainkit cohort demo/events.parquet --members demo/members.csv --tz Asia/Shanghai

# The tests of one file run in one process, and share what takes long to make.
test: check
	$(BIN)/python -m pytest -n auto --dist loadfile

# For the tests of pages in a browser: they are skipped where there is none and none can be had.
browser:
	@{ command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null || { \
	  [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
	  timeout 150 sh -c 'apt-get -qq update && apt-get -qq install -y --no-install-recommends chromium' \
	    >/dev/null 2>&1; } || echo "No Chromium: tests in a browser are skipped."

# Each law with three times the generated cases that it says, some twenty minutes.
laws: $(READY)
	RETAINKIT_CASES=3 $(BIN)/python -m pytest -n auto --dist loadfile

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Shown output in docs, gold files of renderers: written anew from what the program prints now.
gold: $(READY)
	RETAINKIT_UPDATE_GOLD=1 $(BIN)/python -m pytest -q tests/render tests/test_docs.py tests/test_inspect.py

# The reports under examples/, with pictures.
examples: $(READY)
	$(BIN)/python examples/reports/make.py "$(CURDIR)/$(BIN)/retainkit"

bench: $(READY)
	$(BIN)/python -m pip install --quiet --editable '.[dev,bench]'
	$(BIN)/python benchmarks/peers.py

# Reports killed again and again, some minutes: what stands there is whole, and nothing is left over.
soak: $(READY)
	$(BIN)/python benchmarks/soak.py

# Runs of `ingest` killed at random moments: nothing may be lost, nothing doubled.
kills: $(READY)
	$(BIN)/python benchmarks/kills.py --kills 1000

# Hostile files: no traceback, no hang, no rows lost. docs/fuzzing.md has longer runs.
FILES := 100000
SECONDS := 600
SEED := 1
PROCESSES := 1
TARGETS := csv,ndjson,parquet,packed,workbook,members,manifest,settings,taxonomy,baseline,costs,flags,rules,steps,selectors,duckdb
fuzz: $(READY)
	$(BIN)/python benchmarks/fuzz.py --files $(FILES) --seconds $(SECONDS) --seed $(SEED) \
	  --processes $(PROCESSES) --targets $(TARGETS) --keep found --json found.json

# The same targets under atheris, each for so many seconds; Parquet may end the process.
comma := ,
atheris: $(READY)
	$(BIN)/python -m pip install --quiet --editable '.[dev,fuzz]'
	for target in $(filter-out parquet duckdb,$(subst $(comma), ,$(TARGETS))); do mkdir -p "found/more/$$target" && \
	  $(BIN)/python benchmarks/fuzz_atheris.py "$$target" "found/more/$$target" \
	    "tests/fuzzing/corpus/$$target" -max_total_time=$(SECONDS) || exit 1; done

# The table of docs/reliability.md: hours; smaller sizes make a trial. 0 leaves an experiment out.
KILLS ?= 1000
REPORTS ?= 200
STEP ?= 1
FUZZED ?= 100000
CASES ?= 1
reliability: $(READY)
	$(BIN)/python benchmarks/reliability.py --seed $(SEED) --kills $(KILLS) --faults $(STEP) \
	  --soak $(REPORTS) --fuzz $(FUZZED) --limits 1 --determinism 1 --exactness $(CASES)

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) demo build dist .mypy_cache .pytest_cache .ruff_cache
