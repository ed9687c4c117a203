"""A quarter of a minute of the soak in each run of the tests: on the build with address and leak sanitizers, where
every byte that is not given back at the end, and every read or write beside its object, is told. What memory costs
over hours `make soak` measures; see README.md."""
import os
import pathlib
import signal
import time

import pytest

import soak as soak_module

BINARY = pathlib.Path(os.environ.get("LINNET_BINARY_ASAN") or os.environ.get("LINNET_BINARY",
                                                                          "build/release/src/daemon/linnet")).resolve()
BUILD = BINARY.parent.parent.parent
SECONDS = float(os.environ.get("SOAK_SECONDS", "8"))

pytestmark = pytest.mark.skipif(not (BUILD / "tests/soak/soak_dns").exists(),
                                reason="the load of the soak is not built here")


@pytest.fixture
def soak(tmp_path):
    # In one process: the leak check looks at its own memory through ptrace, which a confined server may not use.
    made = soak_module.Soak(BUILD, BINARY, small=True, words=soak_module.unconfined(BINARY), memory=False)
    made.start(tmp_path)
    yield made
    made.close()


def test_soak(soak):
    soak.run(warm=2, seconds=SECONDS)
    assert not soak.totals.faults, "\n".join(soak.totals.faults[:20])
    done = soak.totals.counts
    # All of it was there: a load that does nothing would pass everything else.
    for what in ("right", "by_tcp", "leases4", "leases6", "transfers", "sighups", "outages"):
        assert done.get(what, 0) > 0, f"no {what}: {done}"
    assert done["right"] > 1000, done


def test_a_wrong_answer_is_noticed(soak):
    """The checks of the soak can fail: hosts lines that say something else, a lease that is not in the file."""
    hosts = soak.folder / "hosts"
    hosts.write_text(hosts.read_text().replace("13.0.", "14.0."))
    soak.server.send_signal(signal.SIGHUP)
    time.sleep(1)
    with pytest.raises(RuntimeError, match="wrong answer"):
        soak.tool("soak_dns", "10.9.0.1", "53", "queries=3000", "seconds=10", "tcp=1")
    soak.residents[4] = {3: "10.9.200.200"}
    soak.check_leases()
    assert any("not in the file" in fault for fault in soak.totals.faults)
