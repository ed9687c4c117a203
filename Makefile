# Two commands do all the set-up on a fresh machine: `make run` and `make test`.
#
#   make run               a small network on this machine: linnet as its router, two real clients
#   make run DEMO=--once   the same, and ends when the story is told
#   make run ARGS="-d ..." plain linnet with these arguments
#   make test              every test there is; the last line says how many passed
#   make fuzz FUZZ_SECONDS=60   hunts with libFuzzer, each target so long
#   make bench             figures beside other programs', as ratios
#   make bench BENCH="dns forward"   some of them
#   make docs              docs/linnet.conf.5, from the option rows

BUILD        ?= build/release
FUZZ_SECONDS ?= 60
PYTHON       := /usr/bin/python3

.PHONY: all run test fuzz bench docs clean always

all: packages-build
	@tools/build $(BUILD) -Dtests=disabled -Doptimization=2

run: packages-run
	@tools/build $(BUILD) -Dtests=disabled -Doptimization=2
ifdef ARGS
	@exec $(BUILD)/src/daemon/linnet $(ARGS)
else
	@exec $(PYTHON) tests/demo/demo.py $(BUILD)/src/daemon/linnet $(DEMO)
endif

test: packages-test
	@exec $(PYTHON) tests/run.py

fuzz: packages-fuzz
	@exec tools/fuzz $(FUZZ_SECONDS)

bench: packages-bench
	@tools/build $(BUILD) -Dtests=disabled -Doptimization=2
	@exec $(PYTHON) bench/run.py $(BUILD) $(BENCH)

docs: packages-build
	@tools/build $(BUILD) -Dtests=disabled -Doptimization=2
	@$(BUILD)/src/daemon/linnet --print-manual > docs/linnet.conf.5

packages-%: always
	@tools/packages $*

clean:
	rm -rf build
