# Everything runs from .venv, which the first command makes; only Python 3.11+ and git are needed beforehand.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
.DEFAULT_GOAL := help
.PHONY: help example test check format bench push-matrix foreign vendor-check live-check lowest mutants fuzz trust audit dev-lock wheel sbom clean

help:  ## Show the commands.
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(STAMP): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "mdm-policy needs Python 3.11 or later")'
	$(PYTHON) -m venv $(VENV)
	$(INSTALL)
	touch $@

# LOCKED=1, as in .ci/run, takes what dev.lock pins to hashes; it fits one Python on one kind of machine.
ifdef LOCKED
INSTALL = tools/install_locked.sh $(BIN)/python
else
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1" && \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable . --group dev
endif

dev-lock: $(STAMP)  ## Pin what development needs to hashes anew: dev.lock, for this Python and this kind of machine.
	$(BIN)/python tools/lock.py --group dev > dev.lock.new
	mv dev.lock.new dev.lock

example: $(STAMP)  ## Build the example: the real order, for every target, into build/example/.
	$(BIN)/mdm-policy build --deployment examples/federal/deployment.yaml --output build/example

# What judges tens of thousands of cases, or runs whole pipelines, is run without counting lines, which would double its time.
# tests/trust is run by `make trust`.
LAWS := tests/laws tests/push/test_law_push.py tests/push/test_push_stateful.py tests/push/test_pipelines.py \
	tests/push/test_push_claims.py tests/push/test_push_honest.py tests/tenant/test_law_foreign.py tests/tenant/test_law_unread.py
DRAWN := tests/kinds/test_kinds_never_raise.py tests/documents/test_documents_fuzz.py tests/loading/test_loading_never_raises.py
test: check  ## Check, then run every test, with coverage but for the laws and what is drawn by chance.
	$(BIN)/python -m coverage erase
	$(BIN)/python -m pytest -n 2 --dist worksteal --cov --cov-report= $(addprefix --ignore=,tests/vendor tests/trust $(LAWS) $(DRAWN))
	$(BIN)/python -m coverage report
	$(BIN)/python -m pytest -n 2 --dist worksteal $(LAWS) $(DRAWN)

check: $(STAMP)  ## Format, lint, types, layers.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP)  ## Format and fix what can be fixed.
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(STAMP)  ## Print the benchmarks: ratios against floors measured in the same run.
	$(BIN)/python benchmarks/run.py

push-matrix: $(STAMP)  ## Strike every call of a push with every fault, kill it around every call, and print the counts.
	$(BIN)/python tests/push/matrix.py

foreign: $(STAMP)  ## Let others change a tenant in thousands of ways, hold each live verdict to verify's, and print the counts.
	$(BIN)/python tests/tenant/foreign_judge.py

vendor-check: $(STAMP) example  ## Hold the built example against the vendors' own published descriptions.
	$(BIN)/python tests/vendor/fetch.py
	$(BIN)/python -m pytest tests/vendor -q

# LIVE is found, not listed: a test says by its mark which programs it needs.
LIVE = $(shell grep -rl 'mark[.]live' tests --include='test_*.py')
live-check: $(STAMP)  ## Run what needs programs of Debian's (a browser, openssl ...), installed when root and apt-get are there.
	$(BIN)/python tests/live/programs.py
	$(BIN)/python -m pytest -q -m live $(LIVE)

# A dependency's age can break what hands it work or takes its answers: parsers, schemas, templates, signatures, HTTP, the
# command line. Readers, judgements, comparisons and laws see only our own structs; `make test` runs them with the newest.
AGEING := tests/build tests/cli tests/documents tests/golden tests/loading tests/report tests/sandbox tests/signing tests/validate \
	tests/push/test_push_http.py tests/push/test_push_graph.py
lowest: $(STAMP)  ## Run what a dependency's age can break, with the oldest dependencies pyproject.toml admits.
	$(PYTHON) -m venv $(VENV)/lowest
	$(BIN)/python tools/lowest.py > $(VENV)/lowest/constraints.txt
	$(VENV)/lowest/bin/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(VENV)/lowest/bin/python -m pip install --quiet --disable-pip-version-check --constraint $(VENV)/lowest/constraints.txt --editable . --group test
	$(VENV)/lowest/bin/python -m pytest -n 2 --dist worksteal -q $(addprefix --ignore=,$(DRAWN)) $(AGEING)

mutants: $(STAMP)  ## Try every weakening edit of every golden document; `make test` draws half of them.
	$(BIN)/python -m pytest -n 2 --dist worksteal -q --all-mutants tests/laws/test_law_mutants.py

FUZZED := $(VENV)/.fuzz
FUZZ_SECONDS ?= 60
FUZZ_RUNS ?= 20000

$(FUZZED): $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --group fuzz || echo "trust: fuzz: ATHERIS CANNOT BE INSTALLED HERE: changes will be drawn blindly"
	touch $@

fuzz: $(FUZZED)  ## Fuzz every parser for FUZZ_SECONDS each (60), and print executions and crashes.
	$(BIN)/python tests/fuzz/fuzzing.py --seconds $(FUZZ_SECONDS) --seed $$(date +%s)

FAULTS_EVERY ?= 1
# FAULTS_EVERY=N tries one in N faults of apply, and thins forged fields and crash points as well: tests/thinning.py.
trust: $(FUZZED)  ## Print what stands between a ban and its loss: crashes, secrets, signatures, FUZZ_RUNS per parser.
	@FAULTS_EVERY=$(FAULTS_EVERY) $(BIN)/python tests/trust/gather.py --fuzz-runs $(FUZZ_RUNS)

# --strict: what the service of vulnerabilities does not know, as behind a mirror, was not audited, and that is no success.
audit: $(STAMP)  ## Ask for known vulnerabilities of the newest and the lowest versions, and audit the workflows (needs the network).
	$(PYTHON) -m venv $(VENV)/audit
	$(VENV)/audit/bin/python -m pip install --quiet --disable-pip-version-check "pip-audit>=2.7"
	$(BIN)/python -m pip list --disable-pip-version-check --format=freeze --exclude-editable > $(VENV)/audit/newest.txt
	$(VENV)/audit/bin/pip-audit --strict --requirement $(VENV)/audit/newest.txt --no-deps --disable-pip
	$(BIN)/python tools/lowest.py > $(VENV)/audit/lowest.txt
	$(VENV)/audit/bin/pip-audit --strict --requirement $(VENV)/audit/lowest.txt --no-deps --disable-pip
	$(VENV)/audit/bin/python -m pip install --quiet --disable-pip-version-check "zizmor>=1.16"
	$(VENV)/audit/bin/zizmor --offline $$(find examples -name "*.yml" -not -name "gitlab-ci.yml" | sort)

# FOR hands pip another machine than this one, in its own options: docs/install.md.
FOR ?=
wheel: $(STAMP)  ## Build dist/*.whl, and dist/mdm-policy.lock: it and all it needs, pinned to hashes.
	rm -rf dist
	$(BIN)/python -m hatchling build -t wheel -d dist
	$(BIN)/python tools/lock.py dist/*.whl $(FOR)

sbom: wheel  ## Install by the lock, and list what came along: dist/mdm-policy.cdx.json (CycloneDX).
	rm -rf $(VENV)/shipped
	$(PYTHON) -m venv --without-pip $(VENV)/shipped
	cd dist && ../$(BIN)/python -m pip --python ../$(VENV)/shipped install --quiet --disable-pip-version-check --no-compile --require-hashes -r mdm-policy.lock
	$(VENV)/shipped/bin/mdm-policy --version
	$(PYTHON) -m venv $(VENV)/sbom
	$(VENV)/sbom/bin/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(VENV)/sbom/bin/python -m pip install --quiet --disable-pip-version-check --group sbom
	sed "s/^dynamic = .*/version = \"$$($(BIN)/python -c 'import mdm_policy; print(mdm_policy.__version__)')\"/" pyproject.toml > $(VENV)/sbom/pyproject.toml
	$(VENV)/sbom/bin/cyclonedx-py environment --output-reproducible --of JSON --pyproject $(VENV)/sbom/pyproject.toml --mc-type application --output-file dist/mdm-policy.cdx.json $(VENV)/shipped

clean:  ## Remove what the commands above made.
	rm -rf $(VENV) build dist .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
