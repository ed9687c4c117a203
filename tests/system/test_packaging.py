"""What an installed linnet has beside its programs: units, manual pages, completions, packages' lists and scripts."""
import fnmatch
import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from conftest import BINARY, lacks, run

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PACKAGING = ROOT / "packaging"
DEBIAN = PACKAGING / "debian"
BUILD = pathlib.Path(BINARY).resolve().parent.parent.parent
UNITS = [PACKAGING / "systemd/linnet.service", PACKAGING / "systemd/linnet@.service",
         PACKAGING / "systemd/linnet.socket", DEBIAN / "dnsmasq/dnsmasq.service", DEBIAN / "dnsmasq/dnsmasq@.service"]
MANUALS = sorted(path for path in (ROOT / "docs").iterdir() if re.search(r"\.[158]$", path.name))


def needs(program):
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed")
    return program


# ------------------------------------------------------------------ systemd

@pytest.fixture
def units(tmp_path):
    """The units as systemd would read them, with programs that are there."""
    for path in UNITS:
        text = re.sub(r"(?m)^(Exec\w+=)/usr/(?:sbin/linnet|share/dnsmasq/systemd-helper)", r"\1/bin/true", path.read_text())
        (tmp_path / path.name.replace("@.", "@office.")).write_text(text)
    return tmp_path


def test_systemd_finds_nothing_wrong_with_the_units(units):
    needs("systemd-analyze")
    result = run("systemd-analyze", "verify", "--man=no", *sorted(units.iterdir()), check=False)
    wrong = [line for line in result.stderr.splitlines() if any(path.name in line for path in UNITS)
             or "@office" in line]
    assert not wrong and result.returncode == 0, result.stderr


@pytest.mark.parametrize("name", ["linnet.service", "linnet@office.service"])
def test_the_units_expose_little(units, name):
    needs("systemd-analyze")
    output = run("systemd-analyze", "security", "--offline=yes", units / name, check=False).stdout
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", output)
    if not found:
        pytest.skip("this systemd-analyze knows no --offline")
    assert float(found[1]) <= 3.5, output


@pytest.mark.parametrize("unit", ["linnet.service", "linnet@.service"])
def test_the_units_let_linnet_confine_its_server(unit):
    """systemd 252 has none of these in @system-service: refused there, the layer would be left out without a word."""
    text = (PACKAGING / "systemd" / unit).read_text()
    allowed = " ".join(re.findall(r"(?m)^SystemCallFilter=(.*)", text)).split()
    assert {"landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self", "seccomp"} <= set(allowed)
    assert "NotifyAccess=main" in text  # the broker speaks for its server


@pytest.mark.parametrize("unit", ["linnet.service", "linnet@.service"])
def test_linnet_takes_the_words_of_its_units(unit, tmp_path):
    made = BUILD / "packaging" / unit  # without what this program was built without
    path = made if made.exists() else PACKAGING / "systemd" / unit
    text = path.read_text().replace("\\\n", " ").replace("%i", "office")
    commands = re.findall(r"(?m)^Exec(?:StartPre|Start)=\S+/sbin/linnet (.*)", text)
    assert len(commands) == 2
    for words in commands:
        words = re.sub(r"--conf-file=\S+", "", words).split()
        result = run(BINARY, "--test", "--conf-file=/dev/null", *words)
        assert "syntax check OK" in result.stderr


# ------------------------------------------------------------------ manual pages, completions

def test_the_manuals_are_what_the_programs_say():
    if not (BUILD / "src/companions/linnetctl").exists():
        pytest.skip("linnetctl is not built")
    result = run("/usr/bin/python3", ROOT / "tools/manuals", BUILD, "--check", check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_program_has_its_page():
    assert {path.name for path in MANUALS} == {"dhcp_lease_time.1", "dhcp_release.1", "dhcp_release6.1", "linnet.8",
                                               "linnet.conf.5", "linnetctl.1"}
    installed = (PACKAGING / "meson.build").read_text()
    assert not [path.name for path in MANUALS if f"'../docs/{path.name}'" not in installed]


@pytest.mark.parametrize("page", MANUALS, ids=lambda path: path.name)
def test_mandoc_has_nothing_to_say(page):
    result = run(needs("mandoc"), "-T", "lint", "-W", "warning", page, check=False)
    assert result.stdout == "" and result.returncode == 0, result.stdout[:2000]


def completion(shell):
    return run(BINARY, f"--print-completion={shell}").stdout


@pytest.mark.parametrize("shell, suffix", [("bash", ""), ("zsh", ""), ("fish", ".fish")])
def test_shells_can_read_their_completions(shell, suffix, tmp_path):
    needs(shell)
    path = tmp_path / "completion"
    path.write_text(completion(shell))
    name = "_linnetctl" if shell == "zsh" else "linnetctl" + suffix
    for file in (path, PACKAGING / "completion" / name):
        result = run(shell, "-n", file, check=False)
        assert result.returncode == 0 and result.stderr == "", f"{file}: {result.stderr}"


def complete_in_bash(script, function, *words):
    """What bash offers for the last of these words."""
    line = " ".join(words)
    program = f"""source {script}
        COMP_WORDS=({' '.join(repr(w) for w in words)}); COMP_CWORD={len(words) - 1}; COMP_LINE='{line}'
        COMP_POINT={len(line)}; compopt() {{ :; }}
        {function} {words[0]} '{words[-1]}' '{words[-2]}'; printf '%s\\n' "${{COMPREPLY[@]}}" """
    return run("bash", "-c", program).stdout.split()


def test_bash_completes_options_and_files(tmp_path):
    script = tmp_path / "linnet"
    script.write_text(completion("bash"))
    assert complete_in_bash(script, "_linnet", "linnet", "--dhcp-ra") == ["--dhcp-range=", "--dhcp-rapid-commit"]
    (tmp_path / "office.conf").touch()
    assert complete_in_bash(script, "_linnet", "linnet", "--conf-file", "=", f"{tmp_path}/off") == [
        f"{tmp_path}/office.conf"]


def test_bash_completes_the_commands_of_linnetctl():
    program = BUILD / "src/companions/linnetctl"
    if not program.exists():
        pytest.skip("linnetctl is not built")
    script = PACKAGING / "completion/linnetctl"
    assert complete_in_bash(script, "_linnetctl", str(program), "expl") == ["explain", "explain-dhcp"]
    assert complete_in_bash(script, "_linnetctl", str(program), "cache", "f") == ["flush"]
    assert complete_in_bash(script, "_linnetctl", str(program), "--js") == ["--json"]


# ------------------------------------------------------------------ what is installed, and what the packages take of it

def installed_files():
    output = run("meson", "introspect", BUILD, "--installed").stdout
    return sorted(json.loads(output).values())


def test_everything_installed_is_in_a_package():
    if not (BUILD / "meson-private").exists():
        pytest.skip("the program is not in a build folder")
    taken = [line.split()[0] for line in (DEBIAN / "linnet.install").read_text().splitlines()]
    left = (DEBIAN / "not-installed").read_text().split()
    own = ["lib/systemd/*", "lib/sysusers.d/*", "lib/tmpfiles.d/*", "share/doc/linnet/examples/linnet.socket"]
    names = [re.sub(r"^/usr(?:/local)?/", "", path) for path in installed_files()]
    for name in ("sbin/linnet", "bin/dhcp_release", "share/man/man8/linnet.8", "share/man/man5/linnet.conf.5",
                 "share/bash-completion/completions/linnet", "share/zsh/site-functions/_linnet",
                 "share/fish/vendor_completions.d/linnet.fish",
                 *([] if lacks("control-socket") else ["share/bash-completion/completions/linnetctl"]),
                 "lib/systemd/system/linnet.service", "lib/systemd/system/linnet@.service",
                 "lib/sysusers.d/linnet.conf", "lib/tmpfiles.d/linnet.conf"):
        assert name in names
    for name in names:
        full = f"usr/{name}"
        assert (any(full == p or full.startswith(p.rstrip("/") + "/") or fnmatch.fnmatch(full, p) for p in taken)
                or full in left or any(fnmatch.fnmatch(name, p) for p in own)), f"{full} is in no package"
    for pattern in taken:
        assert any(f"usr/{name}".startswith(pattern.rstrip("*").rstrip("/")) for name in names), f"nothing for {pattern}"


def test_installing_into_a_folder(tmp_path):
    if not (BUILD / "packaging/linnet.fish").exists():
        pytest.skip("only the program is built")
    run("meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", tmp_path / "x")
    files = {str(path.relative_to(tmp_path / "x")) for path in (tmp_path / "x").rglob("*") if path.is_file()}
    assert files == {path.lstrip("/") for path in installed_files()}
    (program,) = (tmp_path / "x").rglob("sbin/linnet")
    assert run(program, "--version").stdout.startswith("linnet ")


# ------------------------------------------------------------------ Debian

def test_debhelper_understands_the_source_package(tmp_path):
    needs("dh")
    shutil.copytree(DEBIAN, tmp_path / "debian")
    shutil.copy(ROOT / "meson.build", tmp_path)
    steps = run("dh", "binary", "--no-act", "--buildsystem=meson", cwd=tmp_path).stdout
    assert "dh_installsystemd" in steps and "dh_install" in steps
    version = re.search(r"version: '([\d.]+)'", (ROOT / "meson.build").read_text())[1]
    assert run("dpkg-parsechangelog", "-S", "Version", cwd=tmp_path).stdout.strip() == version
    for package in ("linnet", "linnet-dnsmasq"):
        (tmp_path / f"root-{package}/DEBIAN").mkdir(parents=True)
        run("dpkg-gencontrol", f"-p{package}", f"-P{tmp_path}/root-{package}", "-ffiles", cwd=tmp_path)
        control = (tmp_path / f"root-{package}/DEBIAN/control").read_text()
        assert f"Version: {version}\n" in control
    assert "Provides: dnsmasq (= 2.93), dnsmasq-base (= 2.93)\n" in control


def test_every_file_in_an_install_list_is_there():
    for path in DEBIAN.glob("*.install"):
        for line in path.read_text().splitlines():
            source = line.split()[0]
            assert source.startswith("usr/") or (ROOT / source).exists(), f"{path.name}: {source}"
    for path in (DEBIAN / "linnet.docs", DEBIAN / "linnet.examples"):
        for name in path.read_text().split():
            assert (ROOT / name).exists(), f"{path.name}: {name}"


@pytest.fixture
def helper(tmp_path):
    """Debian's way to start dnsmasq, on folders and a program of the test's own; a function of settings and verb."""
    (tmp_path / "default").mkdir()
    (tmp_path / "program").write_text("#!/bin/sh\n[ \"$1\" != --version ] || { echo 'Compile time options: IPv6 DNSSEC';"
                                      " exit; }\nfor word; do echo \"$word\"; done\n")
    (tmp_path / "resolvconf").write_text(f"#!/bin/sh\n{{ echo \"$@\"; [ \"$1\" = -d ] || cat; }} >>{tmp_path}/calls\n")
    (tmp_path / "root.ds").write_text(". IN DS 20326 8 2 E06D44\n. 172800 IN DS 38696 8 2 683D 2D0A\n")
    text = (DEBIAN / "dnsmasq/systemd-helper").read_text()
    for old, new in (("/usr/sbin/dnsmasq", "program"), ("/etc/default/dnsmasq", "default/dnsmasq"), ("/run/dnsmasq", "run"),
                     ("/sbin/resolvconf", "resolvconf"), ("/usr/share/dns/root.ds", "root.ds"),
                     ("/etc/dnsmasq.conf", "dnsmasq.conf")):
        text = text.replace(old, str(tmp_path / new))
    (tmp_path / "helper").write_text(text)
    for name in ("program", "resolvconf", "helper"):
        (tmp_path / name).chmod(0o755)

    def call(settings, *words, program=None, check=True):
        name = f".{words[1]}" if len(words) > 1 else ""
        (tmp_path / f"default/dnsmasq{name}").write_text(settings)
        if program:
            shutil.copy(program, tmp_path / "program")
        result = run("sh", tmp_path / "helper", *words, check=check)
        return result.stdout.split("\n")[:-1] if check else result
    call.folder = tmp_path
    return call


ANCHORS = ["--local-service", "--trust-anchor=.,20326,8,2,E06D44", "--trust-anchor=.,38696,8,2,683D2D0A"]
HELPER_ROWS = {  # as dnsmasq's own helper does, asked with a program that prints its words
    "nothing": ("", ["-u", "dnsmasq"]),
    "folder and options": ('CONFIG_DIR=/x,.a\nDNSMASQ_OPTS="--a --b=c"\n', ["-u", "dnsmasq", "-7", "/x,.a", "--a", "--b=c"]),
    "all": ('DNSMASQ_INTERFACE="eth0 eth1"\nDNSMASQ_EXCEPT="lo eth2"\nDHCP_LEASE=/l\nDOMAIN_SUFFIX=d.e\nRESOLV_CONF=/r\n'
            "CACHESIZE=9\nDNSMASQ_USER=u\n",
            ["-u", "u", "-i", "eth0", "-i", "eth1", "-I", "lo", "-I", "eth2", "-l", "/l", "-s", "d.e", "-r", "/r", "-c", "9"]),
    "mail": ("MAILHOSTNAME=m\nMAILTARGET=n\n", ["-m", "m", "-t", "n", "-u", "dnsmasq"]),
}


@pytest.mark.parametrize("row", HELPER_ROWS)
def test_the_helper_starts_it_as_debian_does(helper, row):
    settings, words = HELPER_ROWS[row]
    assert helper(settings, "exec") == ["-x", f"{helper.folder}/run/dnsmasq.pid", *words, *ANCHORS]
    assert helper(settings, "exec", "lan") == ["-x", f"{helper.folder}/run/dnsmasq.lan.pid", *words, *ANCHORS]


def test_the_helper_checks_with_the_real_program(helper):
    (helper.folder / "good").mkdir()
    (helper.folder / "good/a").write_text("domain-needed\n")
    (helper.folder / "good/b.dpkg-old").write_text("nonsense\n")
    settings = f'CONFIG_DIR={helper.folder}/good,.dpkg-old\nDNSMASQ_OPTS="--conf-file=/dev/null"\n'
    result = helper(settings, "checkconfig", program=BINARY, check=False)
    assert result.returncode == 0, result.stderr
    (helper.folder / "good/c").write_text("nonsense\n")
    result = helper(settings, "checkconfig", check=False)
    assert result.returncode == 1 and "nonsense" in result.stderr
    assert helper("", "dance", check=False).returncode == 1


def test_the_helper_tells_resolvconf(helper):
    helper("", "start-resolvconf")
    helper("", "start-resolvconf", "lan")
    helper("", "stop-resolvconf")
    calls = (helper.folder / "calls").read_text().splitlines()
    assert calls == ["-a lo.dnsmasq", "nameserver 127.0.0.1", "-a lo.dnsmasq.lan", "nameserver 127.0.0.1", "-d lo.dnsmasq"]
    for settings in ('DNSMASQ_EXCEPT="lo"\n', 'DNSMASQ_OPTS="--port=0"\n'):
        helper(settings, "start-resolvconf")
    assert (helper.folder / "calls").read_text().splitlines() == calls


def test_a_configuration_that_is_there_stays(tmp_path):
    shared = tmp_path / "share"
    shutil.copytree(DEBIAN / "dnsmasq", shared)
    (tmp_path / "etc/default").mkdir(parents=True)
    (tmp_path / "etc/dnsmasq.conf").write_text("port=5353\n")

    def script(name, *words):
        text = (DEBIAN / f"linnet-dnsmasq.{name}").read_text().replace("/usr/share/linnet-dnsmasq", str(shared))
        text = re.sub(r"/etc/(?=default/|dnsmasq\.conf|dnsmasq\.d )", f"{tmp_path}/etc/", text)
        run("sh", "-e", "-c", text, "script", *words)
    script("postinst", "configure")
    script("postinst", "configure", "0.1.0")
    assert (tmp_path / "etc/dnsmasq.conf").read_text() == "port=5353\n"
    assert (tmp_path / "etc/default/dnsmasq").read_text() == (DEBIAN / "dnsmasq/default").read_text()
    script("postrm", "purge")
    assert (tmp_path / "etc/dnsmasq.conf").exists() and not (tmp_path / "etc/default/dnsmasq").exists()


def test_the_files_that_are_made_are_right(tmp_path):
    for path in (DEBIAN / "dnsmasq/dnsmasq.conf", PACKAGING / "examples/linnet.conf"):
        run(BINARY, "--test", f"--conf-file={path}")
        shown = re.sub(r"(?m)^#(?=[a-z][a-z-]*(?:=|$))", "", path.read_text())
        (tmp_path / "shown").write_text(shown)
        run(BINARY, "--test", f"--conf-file={tmp_path}/shown")


# ------------------------------------------------------------------ scripts, OpenWrt, the static program

def test_shell_scripts_are_clean():
    scripts = [DEBIAN / "dnsmasq/systemd-helper", DEBIAN / "dnsmasq/resolvconf/dnsmasq",
               PACKAGING / "openwrt/files/linnet.init", *DEBIAN.glob("*.post*"),
               *(ROOT / "tools" / name for name in ("build", "check_debs", "deb", "static"))]
    result = run(needs("shellcheck"), "-S", "warning", *scripts, check=False)
    assert result.returncode == 0, result.stdout


def test_make_understands_the_openwrt_package(tmp_path):
    """With stand-ins for the build system's files that print what a package is made of."""
    for name in ("rules.mk", "include/package.mk", "include/meson.mk"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "include/package.mk").write_text(
        "define BuildPackage\n$(info package $(1))\n$(info $(Package/$(1)))\n$(info $(Package/$(1)/install))\nendef\nall:;\n")
    output = run("make", "-n", f"TOPDIR={tmp_path}", f"INCLUDE_DIR={tmp_path}/include", "INSTALL_BIN=install",
                 "INSTALL_DATA=install", "INSTALL_CONF=install", "INSTALL_DIR=mkdir", cwd=PACKAGING / "openwrt").stdout
    assert "package linnet\n" in output and "DEPENDS:=+libuv +libmnl" in output
    for name in re.findall(r"\./files/(\S+)", output):
        assert (PACKAGING / "openwrt/files" / name).exists()
    assert "/etc/init.d/linnet" in output


def test_the_static_program_serves(network, client_script):
    program = pathlib.Path(os.environ.get("LINNET_BINARY_STATIC", ROOT / "build/static/src/daemon/linnet"))
    if not program.exists():
        pytest.skip("make static was not run")
    assert "statically linked" in run(needs("file"), program).stdout
    network.linnet("interface=lan0\nno-resolv\naddress=/static.example/192.0.2.7\n"
                   "dhcp-range=192.168.50.10,192.168.50.50,1h\nno-ping\n", binary=program)
    client = network.add_client("c")
    network.inside(client, "udhcpc", "-i", "eth0", "-n", "-q", "-f", "-t", "3", "-s", client_script)
    assert network.dig(client, "static.example")[0][3] == "192.0.2.7"
    assert "192.168.50." in (network.folder / "leases").read_text()
