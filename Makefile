# Two commands do all the set-up on a fresh machine: `make run` and `make test`.
#
#   make run               a small network on this machine: linnet as its router, two real clients
#   make run DEMO=--once   the same, and ends when the story is told
#   make run ARGS="-d ..." plain linnet with these arguments
#   make test              every test there is; the last line says how many passed
#   make fuzz FUZZ_SECONDS=60   hunts with libFuzzer, each target so long
#   make faults            every call that can fail, a million bad packets on each surface
#   make soak SOAK_MINUTES=10   everything at once for a long time: memory stays, nothing wrong (tests/soak)
#   make bench             figures beside other programs', as ratios
#   make bench BENCH="dns forward"   some of them
#   make docs              the manual pages in docs/, from the option rows
#   make deb               Debian packages, in build/deb
#   make static            one program without any library, in build/static

BUILD        ?= build/release
FUZZ_SECONDS ?= 60
PYTHON       := /usr/bin/python3

.PHONY: all run test faults fuzz soak bench docs deb static clean always

all: packages-build
	@tools/build $(BUILD) -Dtests=disabled -Doptimization=s -Db_lto=true

run: packages-run
	@tools/build $(BUILD) -Dtests=disabled -Doptimization=s -Db_lto=true
ifdef ARGS
	@exec $(BUILD)/src/daemon/linnet $(ARGS)
else
	@exec $(PYTHON) tests/demo/demo.py $(BUILD)/src/daemon/linnet $(DEMO)
endif

test: packages-test
	@exec $(PYTHON) tests/run.py

fuzz: packages-fuzz
	@exec tools/fuzz $(FUZZ_SECONDS)

faults: packages-test
	@tools/build build/test -Dtests=enabled
	@LINNET_FAULTS=all LINNET_BINARY=build/test/src/daemon/linnet \
	    $(PYTHON) -m pytest -q -s -p no:cacheprovider tests/faults

soak: packages-test
	@tools/build build/soak -Dtests=enabled
	@exec $(PYTHON) tests/soak/soak.py build/soak

bench: packages-bench
	@tools/build $(BUILD) -Dtests=disabled -Doptimization=s -Db_lto=true
	@exec $(PYTHON) bench/run.py $(BUILD) $(BENCH)

docs: packages-build
	@tools/build $(BUILD) -Dtests=disabled -Doptimization=s -Db_lto=true
	@$(PYTHON) tools/manuals $(BUILD)

deb: packages-deb
	@tools/deb build/deb
	@tools/check_debs build/deb

static: packages-static
	@tools/static build/static

packages-%: always
	@tools/packages $*

clean:
	rm -rf build
