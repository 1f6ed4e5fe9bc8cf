# The two commands that matter: `make demo` and `make test`. `make help` lists all.
# Everything is installed below .venv; the control plane for tests is built once, into a cache outside the tree.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PYTHONPATH := tests

.DEFAULT_GOAL := help
.PHONY: help demo demo-down test unit unit-code unit-chart integration e2e check lint types conformance cluster \
  cluster-tools generate format chaos crashes schemas image-test audit known dist sbom bench lock clean

help: ## list the commands
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

$(VENV)/.installed: requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed: set PYTHON to one, as in: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(VENV)/.installed ## the whole product at work: cluster, sandbox Jira, operator, rollouts; ONCE=1 ends by itself
	$(BIN)/python -m demo

demo-down: $(VENV)/.installed ## remove what a killed demo has left behind
	$(BIN)/python -m demo down

test: cluster-tools check ## all tests: unit, integration, image, and e2e on a real control plane
	$(BIN)/python -m pytest tests/conformance tests/integration
	$(BIN)/python -m pytest tests/observability
	$(BIN)/python -m pytest tests/schemas
	$(BIN)/python -m pytest -v tests/e2e
	$(BIN)/python -m pytest -v -rs tests/image

unit: $(VENV)/.installed ## unit tests
	$(BIN)/python -m pytest -q tests/unit

integration: $(VENV)/.installed ## kopf in process against a fake API server
	$(BIN)/python -m pytest tests/integration

e2e: cluster-tools ## the chart and the operator on a real control plane
	$(BIN)/python -m pytest -v tests/e2e

check: $(VENV)/.installed ## lint, types, import rules, known vulnerabilities, unit tests
	@$(MAKE) --no-print-directory --jobs=2 $(OUTPUT_SYNC) unit-code lint known types unit-chart

# Make 3.81, which macOS has, does not know it.
OUTPUT_SYNC := $(if $(filter output-sync,$(.FEATURES)),--output-sync)

# Helm, which is started two hundred times, keeps the second core busy while the first runs the other tests.
unit-code: $(VENV)/.installed
	$(BIN)/python -m pytest -q --ignore=tests/unit/chart \
	  tests/unit tests/observability/test_generated.py tests/schemas/test_strict.py tests/schemas/test_versions.py

unit-chart: $(VENV)/.installed
	$(BIN)/python -m pytest -q tests/unit/chart

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/zizmor --offline --quiet .github/workflows

known: $(VENV)/.installed
	$(BIN)/python -m audit

types: $(VENV)/.installed
	$(BIN)/mypy
	$(BIN)/mypy tests

cluster: cluster-tools ## a live cluster until Ctrl-C; prints the exports for another terminal
	$(BIN)/python -m controlplane up

cluster-tools: $(VENV)/.installed ## build the control plane for tests, once
	$(BIN)/python -m controlplane build > /dev/null
	$(BIN)/python -m controlplane build helm3 > /dev/null

generate: $(VENV)/.installed ## write what is generated: CRDs, manifests/, the chart's table of values, options, metrics, dashboard
	$(BIN)/rollout-reporter crds --directory charts/rollout-reporter/files/crds
	$(BIN)/python tests/unit/chart/values_table.py
	$$($(BIN)/python -m controlplane build helm) template rollout-reporter charts/rollout-reporter \
	  --namespace rollout-reporter --no-hooks > manifests/install.yaml
	$(BIN)/python -m conformance.table --write docs/conformance.md
	$(BIN)/python tests/unit/cli/options_page.py
	$(BIN)/python -m observability.metrics_page
	$(BIN)/python -m observability.dashboard

conformance: $(VENV)/.installed ## judge all recordings: our rules beside those of kubectl, kstatus and Argo
	$(BIN)/python -m conformance.table

format: $(VENV)/.installed ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

RUNS ?= 200
JOBS ?= 2

chaos: cluster-tools ## the fault laboratory: RUNS=200 runs from fresh seeds, or from SEED=7 on, JOBS=2 at a time
	$(BIN)/python -m chaos --runs $(RUNS) $(if $(SEED),--seed $(SEED)) --jobs $(JOBS)

schemas: cluster-tools ## what the chart renders, against the schemas of each Kubernetes in support
	$(BIN)/python -m pytest tests/schemas

crashes: cluster-tools ## kill the operator before and after each of its writes and posts, JOBS=2 at a time
	$(BIN)/python -m chaos --placement --jobs $(JOBS)

bench: cluster-tools ## measure memory, lag and writes against the budgets
	$(BIN)/python -m bench

image-test: cluster-tools ## build the image and run it as in a pod; needs Docker, and says so if there is none
	$(BIN)/python -m pytest -v -rs tests/image

audit: $(VENV)/.installed ## ask whether a pinned package has a known vulnerability; fails if there is no answer
	$(BIN)/python -m audit --strict

dist: $(VENV)/.installed ## the Python package, below dist/
	$(BIN)/hatchling build --clean

sbom: $(VENV)/.installed ## the Python packages of a release as CycloneDX, dist/rollout-reporter.cdx.json
	@mkdir -p dist
	$(BIN)/python -m sbom > dist/rollout-reporter.cdx.json

lock: $(VENV)/.installed ## pin the dependencies anew, with hashes
	$(BIN)/uv pip compile -q --generate-hashes --universal --python-version 3.11 --no-emit-index-url --no-header \
	  pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile -q --generate-hashes --universal --python-version 3.11 --no-emit-index-url --no-header \
	  --group dev pyproject.toml -o requirements-dev.txt

clean: ## remove what was installed and cached in the tree
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis dist build
