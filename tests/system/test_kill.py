"""No acknowledged lease is lost when the server is killed in the middle of many exchanges."""
import json
import pathlib
import signal
import time

CONFIG = """\
interface=lan0
bind-interfaces
port=0
dhcp-range=192.168.50.10,192.168.50.250,255.255.255.0,1h
dhcp-authoritative
no-ping
"""
LOAD = pathlib.Path(__file__).resolve().parent / "dhcp_load.py"


def file_rows(network):
    lines = (network.folder / "leases").read_text().splitlines()
    return {(row[1], row[2]) for row in (line.split() for line in lines) if len(row) == 5}


def acknowledged(program):
    rows = [json.loads(line) for line in program.log().splitlines()
            if line.startswith("[") and line.endswith("]")]  # the last may be half written
    return {tuple(row) for row in rows}


def test_kill_in_the_middle_of_200_exchanges(network):
    client = network.add_client("a", "192.168.50.2/24")
    for attempt, kill_after in enumerate((20, 70, 130)):
        server = network.linnet(CONFIG, wait="DHCP, IP range")
        load = network.start(client, "/usr/bin/python3", LOAD, "eth0", "200", str(attempt), name="load")
        deadline = time.monotonic() + 30
        while len(acknowledged(load)) < kill_after and time.monotonic() < deadline:
            time.sleep(0.001)
        server.process.send_signal(signal.SIGKILL)
        server.process.wait(10)
        time.sleep(0.2)  # acknowledgements on the wire reach the client
        acked = acknowledged(load)
        load.kill()
        assert len(acked) >= kill_after, load.log()
        missing = acked - file_rows(network)
        assert not missing, f"{len(missing)} of {len(acked)} acknowledged leases are not in the file"
        # And the file is one that the next server takes as it is, with every lease in it.
        again = network.linnet(CONFIG, wait="DHCP, IP range")
        assert "ignoring line" not in again.log()
        assert again.stop() == 0
        assert not acked - file_rows(network)
        (network.folder / "leases").unlink()
