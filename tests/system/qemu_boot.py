"""Machines that boot from the network, emulated by QEMU without KVM: BIOS with QEMU's own iPXE, or UEFI. What
they load says so on the serial line, which goes to a file. Every boot is bounded and ended by its process id."""
import os
import pathlib
import shutil

from conftest import run

QEMU = shutil.which("qemu-system-x86_64")
GRUB_MKIMAGE = shutil.which("grub-mkimage", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/bin")
FIRMWARE = pathlib.Path("/usr/share/OVMF/OVMF_CODE_4M.fd")
VARIABLES = pathlib.Path("/usr/share/OVMF/OVMF_VARS_4M.fd")
PXELINUX = pathlib.Path("/usr/lib/PXELINUX/pxelinux.0")
LDLINUX = pathlib.Path("/usr/lib/syslinux/modules/bios/ldlinux.c32")
GRUB_MODULES = pathlib.Path("/usr/lib/grub/x86_64-efi")
TUN = pathlib.Path("/dev/net/tun")
MEMORY_MB = 192  # UEFI wants 128 and more

FROM_PXELINUX = "Loading from-the-network"
FROM_GRUB = "this is grub from the network"

NEEDED = {
    "qemu-system-x86": QEMU,
    "ovmf": FIRMWARE,
    "pxelinux": PXELINUX,
    "syslinux-common": LDLINUX,
    "grub-efi-amd64-bin": GRUB_MODULES,
    "grub-common": GRUB_MKIMAGE,
}


def why_not():
    """Why no machine can be booted here; None when one can."""
    missing = [name for name, path in NEEDED.items() if not path or not pathlib.Path(path).exists()]
    if missing:
        return "not installed: " + ", ".join(missing)
    try:
        os.close(os.open(TUN, os.O_RDWR))
    except OSError as error:
        return f"{TUN}: {error.strerror}"
    return None


def put_pxelinux(folder):
    """For BIOS: pxelinux.0, what it needs, and a configuration whose only entry does not exist: it says which."""
    (folder / "pxelinux.cfg").mkdir(parents=True, exist_ok=True)
    shutil.copy(PXELINUX, folder)
    shutil.copy(LDLINUX, folder)
    (folder / "pxelinux.cfg/default").write_text("SERIAL 0 115200\nDEFAULT from-the-network\n")


def put_grub(folder, name="bootx64.efi"):
    """For UEFI: a GRUB that says something and stays."""
    folder.mkdir(parents=True, exist_ok=True)
    script = folder.parent / "grub-early.cfg"
    # In two words, so that the line as GRUB echoes it, or the file itself, is not taken for what it says.
    script.write_text('serial --unit=0 --speed=115200\nterminal_output serial\n'
                      f'echo "this is grub" "{FROM_GRUB.removeprefix("this is grub ")}"\nsleep 100\n')
    run(GRUB_MKIMAGE, "-O", "x86_64-efi", "-o", folder / name, "-c", script, "-p", "/", "normal", "echo",
        "serial", "terminal", "sleep")


def add_tap(network, number):
    """A port of the server's bridge for one machine."""
    tap = f"tap{number}"
    run("ip", "-n", network.server, "tuntap", "add", "dev", tap, "mode", "tap")
    run("ip", "-n", network.server, "link", "set", tap, "master", "lan0", "up")
    return tap


class Machine:
    """firmware: bios or uefi. pxe4, pxe6: ways of UEFI that are tried before HTTP boot, IPv4 first."""

    def __init__(self, network, number, firmware, pxe4=True, pxe6=False):
        self.folder = network.folder / f"machine{number}"
        self.folder.mkdir()
        self.serial = self.folder / "serial.txt"
        self.mac = f"02:00:00:00:05:{number:02x}"
        tap = add_tap(network, number)
        words = [QEMU, "-nodefaults", "-no-user-config", "-accel", "tcg", "-m", MEMORY_MB, "-display", "none",
                 "-serial", f"file:{self.serial}", "-no-reboot", "-boot", "menu=off",
                 "-netdev", f"tap,id=lan,ifname={tap},script=no,downscript=no"]
        if firmware == "uefi":
            variables = self.folder / "variables.fd"
            shutil.copy(VARIABLES, variables)
            words += ["-machine", "q35",
                      "-drive", f"if=pflash,format=raw,unit=0,readonly=on,file={FIRMWARE}",
                      "-drive", f"if=pflash,format=raw,unit=1,file={variables}",
                      "-fw_cfg", f"name=opt/org.tianocore/IPv4PXESupport,string={'yn'[not pxe4]}",
                      "-fw_cfg", f"name=opt/org.tianocore/IPv6PXESupport,string={'yn'[not pxe6]}",
                      "-device", f"virtio-net-pci,netdev=lan,mac={self.mac},bootindex=0,romfile=",
                      "-device", "virtio-rng-pci"]
        else:
            # The ROM talks to a VGA; without one it has nowhere to.
            words += ["-machine", "pc", "-vga", "std",
                      "-device", f"virtio-net-pci,netdev=lan,mac={self.mac},bootindex=0"]
        self.program = network.start(network.server, *words, name=f"qemu{number}")

    def said(self):
        return self.serial.read_text(errors="replace") if self.serial.exists() else ""

    def cpu_seconds(self):
        """What it has computed so far: a machine beside busy others takes longer, but not more."""
        try:
            fields = pathlib.Path(f"/proc/{self.program.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.program.kill()
