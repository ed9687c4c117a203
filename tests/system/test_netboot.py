"""Machines boot from linnet: BIOS and UEFI, by PXE over IPv4 and IPv6, by HTTP, and beside another DHCP server.
Each boot is proved by what the program it has loaded prints. The machines run two at a time while the tests wait
for theirs."""
import concurrent.futures
import shutil
import time

import pytest

import qemu_boot
from conftest import Network

DNSMASQ = shutil.which("dnsmasq", path="/usr/sbin:/sbin:/usr/bin")
BOOT_SECONDS = 180      # 5 to 20 on an idle machine; it may be a busy one
BOOT_CPU_SECONDS = 60

pytestmark = [pytest.mark.alone,
              pytest.mark.skipif(qemu_boot.why_not() is not None, reason=str(qemu_boot.why_not()))]

RANGE = "dhcp-range=192.168.50.100,192.168.50.150,1h\n"
RANGE6 = "dhcp-range=fd00:50::1000,fd00:50::1fff,64,1h\nenable-ra\n"
COMMON = "port=0\ninterface=lan0\nno-ping\nlog-dhcp\n"


def netboot_alone(network, root):
    """One line for them all."""
    network.linnet(f"{COMMON}{RANGE}netboot={root}\n")


def netboot_bios(network, root):
    """iPXE waits 16 seconds for a router of IPv6 where there is none."""
    network.linnet(f"{COMMON}{RANGE}dhcp-range=fd00:50::,ra-only\nnetboot={root}\n")


def netboot_ip6(network, root):
    network.linnet(f"{COMMON}{RANGE6}netboot={root}\n")


def other_dhcp(network, root):
    """A DHCP server that knows nothing of booting, at another address."""
    network.inside(network.server, "ip", "addr", "add", "192.168.50.2/24", "dev", "lan0")
    path = network.folder / "dnsmasq.conf"
    path.write_text("port=0\nlisten-address=192.168.50.2\nbind-interfaces\nno-ping\n"
                    "dhcp-range=192.168.50.100,192.168.50.150,1h\n"
                    f"dhcp-leasefile={network.folder}/dnsmasq.leases\n")
    namespace = network.add_client("d", "192.168.50.2/24")
    network.inside(network.server, "ip", "addr", "del", "192.168.50.2/24", "dev", "lan0")
    server = network.start(namespace, DNSMASQ, "-k", "-C", path, "--pid-file=", "--log-facility=-", "-u", "root",
                           name="dnsmasq")
    server.wait_for("started")


def proxy_netboot(network, root):
    other_dhcp(network, root)
    network.linnet(f"{COMMON}dhcp-range=192.168.50.0,proxy\nnetboot={root}\n")


# Server, firmware, ways of UEFI that are on, what is printed. The slow ones first.
BOOTS = {
    "netboot, UEFI PXE over IPv6": (netboot_ip6, "uefi", {"pxe4": False, "pxe6": True}),
    "netboot, UEFI PXE": (netboot_alone, "uefi", {}),
    "netboot, UEFI HTTP": (netboot_alone, "uefi", {"pxe4": False}),
    "netboot beside another server, UEFI PXE": (proxy_netboot, "uefi", {}),
    "netboot, BIOS": (netboot_bios, "bios", {}),
}


class Site:
    """The servers of a kind, and the machines that boot from them, in one network."""

    def __init__(self, folder, serve):
        self.network = Network(folder)
        self.machines = []
        root = folder / "root"
        root.mkdir()
        qemu_boot.put_pxelinux(root)
        qemu_boot.put_grub(root)
        folder.chmod(0o755)
        try:
            serve(self.network, root)
        except BaseException:
            self.network.close()
            raise

    def boot(self, number, firmware, ways):
        machine = qemu_boot.Machine(self.network, number, firmware, **ways)
        self.machines.append(machine.program)
        wanted = qemu_boot.FROM_PXELINUX if firmware == "bios" else qemu_boot.FROM_GRUB
        deadline = time.monotonic() + BOOT_SECONDS
        try:
            while (wanted not in machine.said() and time.monotonic() < deadline
                   and machine.cpu_seconds() < BOOT_CPU_SECONDS):
                if any(program.process.poll() is not None for program in self.network.programs
                       if program is machine.program or program not in self.machines):
                    break
                time.sleep(0.1)
            said = machine.said()
        finally:
            machine.stop()
        return wanted in said, said + machine.program.log()

    def logs(self):
        return "\n".join(f"--- {path.name}\n{path.read_text(errors='replace')[-6000:]}"
                         for path in sorted(self.network.folder.glob("*.log")))


@pytest.fixture(scope="module")
def boots(tmp_path_factory, request):
    """What comes of each boot that a test was selected for, as a future."""
    wanted = [name for name in BOOTS if any(f"[{name}]" in item.name for item in request.session.items)]
    sites = {}
    pool = concurrent.futures.ThreadPoolExecutor(2)
    try:
        for serve in dict.fromkeys(BOOTS[name][0] for name in wanted):
            sites[serve] = Site(tmp_path_factory.mktemp(serve.__name__), serve)
        yield {name: (sites[BOOTS[name][0]], pool.submit(sites[BOOTS[name][0]].boot, number, *BOOTS[name][1:]))
               for number, name in enumerate(wanted, 1)}
    finally:
        pool.shutdown(cancel_futures=True)
        for site in sites.values():
            site.network.close()


@pytest.mark.parametrize("name", BOOTS)
def test_boots(boots, name):
    if "beside" in name and DNSMASQ is None:
        pytest.skip("no dnsmasq here")
    site, result = boots[name]
    loaded, said = result.result(timeout=len(BOOTS) * (BOOT_SECONDS + 10))
    assert loaded, f"{name}:\n{said[-3000:]}\n{site.logs()}"
