"""The programs linnet is measured against, each set up as what it is beside linnet: a forwarder with a cache, for the
same upstreams, without logs and without DNSSEC validation. A program that is not installed is left out."""
import pathlib
import shutil


def forwarder(program, folder, linnet, *, upstreams=("127.0.0.2#5300",), cache=10_000, local=(), threads=1, more=()):
    """The command that starts the program on 127.0.0.1 port 53, or None when it is not here. local: names that
    answer 192.0.2.7."""
    if program != "linnet" and shutil.which(program) is None:
        return None
    folder = pathlib.Path(folder) / program
    folder.mkdir(exist_ok=True)
    folder.chmod(0o777)
    return {"linnet": _like_dnsmasq, "dnsmasq": _like_dnsmasq, "unbound": _unbound, "kresd": _kresd,
            "dnsdist": _dnsdist, "smartdns": _smartdns}[program](
        folder, linnet if program == "linnet" else shutil.which(program), upstreams, cache, local, threads, more)


PROGRAMS = ("linnet", "dnsmasq", "unbound", "kresd", "dnsdist", "smartdns")


def _write(path, lines):
    path.write_text("\n".join(lines) + "\n")
    return path


def _like_dnsmasq(folder, binary, upstreams, cache, local, threads, more):
    lines = ["no-resolv", "no-hosts", f"cache-size={cache}"]
    lines += [f"server={u}" for u in upstreams]
    lines += [f"address=/{name}/192.0.2.7" for name in local]
    if threads > 1:
        lines.append(f"dns-threads={threads}")
    path = _write(folder / "conf", [*lines, *more])
    return [binary, "-k", "-u", "root", "-g", "root", "--pid-file=", "-C", path]


def _unbound(folder, binary, upstreams, cache, local, threads, more):
    size = f"{max(4, cache // 2000)}m"
    lines = ["server:", "interface: 127.0.0.1", "port: 53", "access-control: 127.0.0.0/8 allow",
             'username: ""', 'chroot: ""', f'directory: "{folder}"', 'pidfile: ""', "use-syslog: no",
             f'logfile: "{folder}/log"', 'module-config: "iterator"', "do-not-query-localhost: no",
             f"num-threads: {threads}", f"msg-cache-size: {size}", f"rrset-cache-size: {size}", "verbosity: 0",
             "minimal-responses: yes", 'local-zone: "test." nodefault', "outgoing-range: 4096", "num-queries-per-thread: 2048"]
    lines += [f'local-data: "{name} A 192.0.2.7"' for name in local]
    lines += ["forward-zone:", 'name: "."', *[f"forward-addr: {u.replace('#', '@')}" for u in upstreams]]
    lines += ["remote-control:", "control-enable: no"]
    return [binary, "-d", "-c", _write(folder / "conf", lines)]


def _kresd(folder, binary, upstreams, cache, local, threads, more):
    stub = ", ".join(f"'{u.replace('#', '@')}'" for u in upstreams)
    lines = ["net.listen('127.0.0.1', 53, { kind = 'dns' })", "trust_anchors.remove('.')",
             "modules = { 'policy', 'hints' }", f"cache.open({max(20, cache // 1000)} * MB, 'lmdb://{folder}')",
             *[f"hints.set('{name} 192.0.2.7')" for name in local],
             f"policy.add(policy.all(policy.STUB({{{stub}}})))"]
    return [binary, "-n", "-c", _write(folder / "conf", lines), folder]


def _dnsdist(folder, binary, upstreams, cache, local, threads, more):
    lines = ["setLocal('127.0.0.1:53')", "setACL('127.0.0.0/8')", "setSecurityPollSuffix('')",
             *[f"newServer({{address='{u.replace('#', ':')}', healthCheckMode='up'}})" for u in upstreams],
             f"getPool(''):setCache(newPacketCache({cache}, {{maxTTL=86400}}))",
             *[f"addAction('{name}.', SpoofAction('192.0.2.7'))" for name in local]]
    return [binary, "--supervised", "--disable-syslog", "-C", _write(folder / "conf", lines)]


def _smartdns(folder, binary, upstreams, cache, local, threads, more):
    lines = ["bind 127.0.0.1:53", "bind-tcp 127.0.0.1:53", f"cache-size {cache}", "cache-persist no", "log-level fatal",
             "prefetch-domain no", "serve-expired no", "speed-check-mode none", "dualstack-ip-selection no",
             "response-mode fastest-response", "user root", *[f"address /{name}/192.0.2.7" for name in local],
             *[f"server {u.replace('#', ':')}" for u in upstreams]]
    return [binary, "-f", "-x", "-p", "-", "-c", _write(folder / "conf", lines)]
