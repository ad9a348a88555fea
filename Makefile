# make            lists the targets
# make demo       the whole study in miniature, report included
SHELL := bash
NEEDS_DOLFINX := tests/kinds/slip/crystal tests/kinds/slip/fem tests/kinds/composite/cell tests/kinds/curves/tension
AS_USED := tests/envs tests/faults tests/fuzz tests/slurm tests/workflow
CONFIG ?= config/demo.yaml

.PHONY: help setup demo curves composite invert-demo check test lint types docs bench verify thickness faults fuzz plan slice doctor clean

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\): .*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 13

setup:  ## set up both environments (does nothing when they are up to date)
	@envs/setup

demo: setup  ## run the demonstration study, from grain maps to the report
	envs/run snakemake --profile workflow/profiles/workstation --configfile config/demo.yaml

composite: setup  ## the study of a fibre composite: cells, boxes that hold, report
	envs/run snakemake --profile workflow/profiles/workstation --configfile config/composite.yaml

curves: setup  ## the study of stress-strain curves: tension tests, learners, report
	envs/run snakemake --profile workflow/profiles/workstation --configfile config/curves.yaml

invert-demo: setup  ## measure a specimen that the demo has not seen, import and invert it
	envs/run snakemake invert_demo --profile workflow/profiles/workstation --configfile config/demo.yaml

check: setup  ## run the fast tests, to run all the time: minutes are for make test
	@envs/run pytest tests $(addprefix --ignore=,$(NEEDS_DOLFINX)) -m 'not slow' -q \
		-n logical --maxprocesses 8 --dist worksteal

test: setup  ## run all tests, side by side: those of the rooms, and those of the program as it is used
	@{ failed=0; envs/run --in simulate python3 -m pytest $(NEEDS_DOLFINX) || failed=1; \
	envs/run pytest tests $(addprefix --ignore=,$(NEEDS_DOLFINX) $(AS_USED)) || failed=1; \
	exit $$failed; } >.environments/tests.log 2>&1 & beside=$$!; \
	set -o pipefail; status=0; envs/run pytest $(AS_USED) 2>&1 | tee .environments/tests-as-used.log || status=1; \
	wait $$beside || status=1; \
	cat .environments/tests.log; \
	grep -hE '^(FAILED|ERROR) |^=+ .*(passed|failed|errors?) .*in ' .environments/tests-as-used.log .environments/tests.log; \
	exit $$status

lint: setup  ## check style and formatting of the Python code, the workflow and the kernels
	envs/run ruff check && envs/run ruff format --check
	envs/run snakefmt --check Snakefile workflow && envs/run snakemake --lint
	envs/run clang-format --dry-run -Werror $$(git ls-files '*.hpp' '*.cpp')
	envs/run codespell

types: setup  ## check types (mypy)
	envs/run mypy

docs:  ## build the pages of docs/ into docs/_build/html; a broken link or reference is an error
	@envs/setup develop
	@envs/run sphinx-build --fail-on-warning --keep-going --quiet --builder html docs docs/_build/html
	@echo docs/_build/html/index.html

bench: setup  ## measure the solver and the learners
	envs/run bench

verify: setup  ## compare the solver with known solutions and write docs/verification.md
	@status=0; envs/run verify || status=1; envs/run composite verify || status=1; \
	envs/run verify-report && exit $$status

thickness: setup  ## measure how much stronger a sheet is than its membrane: table and figure over t/d
	envs/run thickness --config config/thickness.yaml && envs/run thickness-report

faults: setup  ## kill the long verbs a hundred times and compare what their reruns write
	SLIPFIELD_KILLS=100 SLIPFIELD_SEED=$${SLIPFIELD_SEED:-$$(date +%s)} envs/run pytest tests/faults -s

doctor: setup  ## check this machine for a study: make doctor CONFIG=config/workstation.yaml
	@envs/run doctor --config $(CONFIG)

plan: TARGET ?= $(if $(filter %paper.yaml %paper-small.yaml,$(CONFIG)),paper)
plan: setup  ## what a study of sheets costs before it runs (of other kinds, its jobs): make plan CONFIG=config/paper.yaml [TARGET=table3]
	@PYTHONWARNINGS=ignore::RuntimeWarning:snakemake.rules envs/run snakemake $(TARGET) --dry-run --quiet all --profile workflow/profiles/slurm --configfile $(CONFIG)

slice: setup  ## run eight samples of the paper's study; the plan's unit costs come from them
	envs/run slice --config config/paper.yaml --output src/slipfield/kinds/slip/planning/unit-costs.json

fuzz: setup  ## feed the verbs a thousand wrong study files, sample tables, shards and grain maps
	SLIPFIELD_FUZZ=1000 envs/run pytest tests/fuzz

clean:  ## remove caches (environments and results stay)
	rm -rf .environments/cache .pytest_cache .ruff_cache .hypothesis
	find src tests -name __pycache__ -prune -exec rm -rf {} +
