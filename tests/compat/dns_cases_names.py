"""Names of hosts files: what the comparison with the peer asks about them (test_dns_peer.py). Files beyond
the case's own are made here, in a folder that both programs read."""
import atexit
import pathlib
import shutil
import tempfile

from dns_questions import Case, q

FOLDER = pathlib.Path(tempfile.mkdtemp(prefix="hosts-", dir="/tmp"))
FOLDER.chmod(0o755)
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)


def hosts(name, text):
    path = FOLDER / name
    path.parent.mkdir(exist_ok=True)
    path.parent.chmod(0o755)
    path.write_text(text)
    return path


SECOND = hosts("second", """\
192.0.2.10 alpha second-file
192.0.2.40 only-second
192.0.2.11 beta.lan
192.0.2.13 beta.lan
2001:db8:1::40 only-second
""")
ODD = hosts("odd", """\
\t 192.0.2.50 \t tabs\tblanks  # and a comment
192.0.2.51 _srv._tcp.odd  9digits xn--bcher-kva
192.0.2.52 *.star.odd
192.0.2.53 -dash UPPER.Odd under_score
192.0.2.54 trailing.dot. trailing.
192.0.2.55 good bad..name after-bad
192.0.2.256 nobody
# 192.0.2.57 commented
192.0.2.58
192.0.2.59 crlf crlf2\r
192.0.2.60 dup dup DUP
192.0.2.60 dup
0.0.0.0 blocked1.odd blocked2.odd
0.0.0.0 blocked3.odd
:: blocked1.odd
::ffff:192.0.2.61 mapped.odd
2001:DB8:1:0:0:0:0:62 long6.odd
127.0.0.1 here.odd
fe80::1 linklocal.odd
255.255.255.255 broadcast.odd
192.0.2.63 slash/y
192.0.2.64 end-without-newline""")
FIRST_OF_FOLDER = hosts("folder/10-a", "192.0.2.70 in-folder first-of-folder\n")
hosts("folder/20-b", "192.0.2.70 second-of-folder\n192.0.2.71 in-folder\n")
hosts("folder/backup~", "192.0.2.72 backup\n")
hosts("folder/.hidden", "192.0.2.73 hidden\n")
hosts("folder/#lock#", "192.0.2.74 locked\n")
hosts("folder/#half", "192.0.2.75 half\n")
hosts("watched/one", "192.0.2.80 watched w2\n2001:db8:1::80 watched\n")
hosts("watched/two", "192.0.2.81 watched-too.lan\n")
hosts("watched/skip~", "192.0.2.82 skipped\n")
EXPAND = hosts("expand", """\
192.0.2.90 inside inside-alias
198.51.100.90 other
198.51.100.91 qualified.already.lan other2
198.51.100.92 final.
10.3.0.5 ranged
10.3.0.200 unranged
127.7.7.7 looped
2001:db8:9::5 six
2001:db8:a::5 seven
203.0.113.7 plain
203.0.113.7 plain2
""")


def ptr(address, tail="in-addr.arpa"):
    return ".".join(reversed(address.split("."))) + "." + tail


def both(*names):
    """Each name's addresses of both families."""
    return [q(name, rdtype) for name in names for rdtype in ("A", "AAAA")]


PLAIN = [
    *both("alpha", "ALPHA", "alpha-alias", "second-for-ten", "known.lan", "nobody.lan", "beta.lan"),
    q("alpha", "ANY"), q("alpha", "TXT"), q("alpha", "MX"), q("beta.lan", "ANY"), q("known.lan", "PTR"),
    q("dotted.host.example"), q("dotted.host.example."), q("host.example"), q("x.alpha"),
    q(ptr("192.0.2.10"), "PTR"), q(ptr("192.0.2.10"), "ANY"), q(ptr("192.0.2.10"), "A"),
    q(ptr("192.0.2.10"), "TXT"), q(ptr("192.0.2.12"), "PTR"), q(ptr("192.0.2.99"), "PTR"),
    q("2.0.192.in-addr.arpa", "PTR"), q("x." + ptr("192.0.2.10"), "PTR"),
    q("0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", "PTR"),
    q("0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.ip6.int", "PTR"),
    q("0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.8.B.D.0.1.0.0.2.IP6.ARPA", "ANY"),
]
SEVERAL = [
    *both("alpha", "second-file", "only-second", "beta.lan"), q("beta.lan", "ANY"), q("alpha", "ANY"),
    q(ptr("192.0.2.10"), "PTR"), q(ptr("192.0.2.11"), "PTR"), q(ptr("192.0.2.40"), "PTR"),
    q(ptr("192.0.2.13"), "PTR"), q("0.4.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", "PTR"),
]
ODD_QUESTIONS = [
    *both("tabs", "blanks", "_srv._tcp.odd", "9digits", "xn--bcher-kva", "upper.odd", "under_score"),
    q("*.star.odd"), q("x.star.odd"), q("star.odd"), q("-dash"), q("trailing.dot"), q("trailing"),
    q("good"), q("after-bad"), q("nobody"), q("commented"), q("crlf"), q("crlf2"), q("dup"), q("dup", "ANY"),
    q("and"), q("comment"), *both("blocked1.odd", "blocked2.odd", "blocked3.odd"), q("blocked1.odd", "ANY"),
    *both("mapped.odd", "long6.odd", "here.odd", "linklocal.odd", "broadcast.odd"), q("slash/y"),
    q("end-without-newline"), q(ptr("192.0.2.50"), "PTR"), q(ptr("192.0.2.53"), "PTR"),
    q(ptr("192.0.2.54"), "PTR"), q(ptr("192.0.2.55"), "PTR"), q(ptr("192.0.2.60"), "PTR"),
    q(ptr("0.0.0.0"), "PTR"), q(ptr("127.0.0.1"), "PTR"), q(ptr("192.0.2.64"), "PTR"),
]
FOLDER_QUESTIONS = [
    *both("in-folder", "first-of-folder", "second-of-folder"), q("backup"), q("hidden"), q("locked"), q("half"),
    q("in-folder", "ANY"), q(ptr("192.0.2.70"), "PTR"), q(ptr("192.0.2.71"), "PTR"), q(ptr("192.0.2.72"), "PTR"),
]
WATCHED_QUESTIONS = [
    *both("watched", "w2", "watched-too.lan", "watched-too"), q("watched", "ANY"), q("skipped"),
    q(ptr("192.0.2.80"), "PTR"), q(ptr("192.0.2.81"), "PTR"), *both("w2.home.test", "watched.home.test"),
]
EXPANDED = [
    q(name + suffix) for name in ("inside", "inside-alias", "other", "other2", "final", "ranged", "unranged",
                                  "plain", "plain2", "looped")
    for suffix in ("", ".home.test", ".net.test", ".range.test", ".loop.test")
] + [
    q(ptr(address), "PTR") for address in ("192.0.2.90", "198.51.100.90", "198.51.100.91", "198.51.100.92",
                                           "10.3.0.5", "10.3.0.200", "203.0.113.7", "127.7.7.7")
] + [
    q("six.home.test", "AAAA"), q("six.net6.test", "AAAA"), q("seven.net6.test", "AAAA"),
    q("seven.home.test", "AAAA"), q("qualified.already.lan"), q("qualified.already.lan.home.test"),
]
INSIDE = [
    q("inside.home.test", "AAAA"), q("inside.home.test", "ANY"), q("INSIDE.Home.TEST"), q("inside.home.test", "TXT"),
]

CASES = {
    "names: hosts": Case("", PLAIN),
    "names: hosts several": Case(f"addn-hosts={SECOND}\naddn-hosts={SECOND}", SEVERAL),
    "names: hosts odd": Case(f"addn-hosts={ODD}", ODD_QUESTIONS),
    "names: hosts folder": Case(f"addn-hosts={FOLDER / 'folder'}", FOLDER_QUESTIONS),
    "names: hostsdir": Case(f"hostsdir={FOLDER / 'watched'}", WATCHED_QUESTIONS),
    "names: hostsdir expanded": Case(f"hostsdir={FOLDER / 'watched'}\nexpand-hosts\ndomain=home.test", WATCHED_QUESTIONS),
    "names: expand plain": Case(f"addn-hosts={EXPAND}\nexpand-hosts\ndomain=home.test", EXPANDED + INSIDE),
    "names: expand without domain": Case(f"addn-hosts={EXPAND}\nexpand-hosts", EXPANDED[:20]),
    "names: expand unasked": Case(f"addn-hosts={EXPAND}\ndomain=home.test", EXPANDED[:20]),
    "names: expand by subnet": Case(
        f"addn-hosts={EXPAND}\nexpand-hosts\ndomain=home.test\ndomain=net.test,192.0.2.0/24\n"
        "domain=range.test,10.3.0.1,10.3.0.99\ndomain=net6.test,2001:db8:9::/64", EXPANDED),
    "names: expand by dash": Case(
        f"addn-hosts={EXPAND}\nexpand-hosts\ndomain=range.test,10.3.0.1-10.3.0.99\ndomain=net.test,198.51.100.90",
        EXPANDED),
    "names: expand by subnet alone": Case(
        f"addn-hosts={EXPAND}\nexpand-hosts\ndomain=net.test,192.0.2.0/24,local", EXPANDED),
    "names: expand by interface": Case(
        f"addn-hosts={EXPAND}\nexpand-hosts\ndomain=home.test\ndomain=loop.test,lo", EXPANDED),
    "names: expand overlapping": Case(
        f"addn-hosts={EXPAND}\nexpand-hosts\ndomain=net.test,192.0.0.0/16\ndomain=range.test,192.0.2.0/24\n"
        "domain=home.test", EXPANDED),
    "names: hosts local only": Case(
        f"addn-hosts={EXPAND}\nlocal=/home.test/lan/\nexpand-hosts\ndomain=home.test", [
            *EXPANDED[:10], *both("known.lan", "nobody.lan", "inside.home.test"), q("known.lan", "TXT"),
            q("inside.home.test", "MX")]),
}
