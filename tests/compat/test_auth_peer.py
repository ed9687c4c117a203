"""Authoritative service of linnet and of the peer, Debian's dnsmasq as a black box, side by side.

Both run with the same configuration in a namespace with two cables to a client: out0 (10.1.0.1,
2001:db8::1), usually named in auth-server, and in0 (10.1.1.1, 2001:db8:1::1), where ordinary clients are.
Every difference stands in DIFFERENT with what linnet says instead and why; a row that nothing needs is an
error too."""
import itertools
import json
import os
import pathlib
import subprocess
import time

import pytest

HERE = pathlib.Path(__file__).resolve().parent
BINARY = os.environ.get("LINNET_BINARY", "build/release/src/daemon/linnet")
OUT, OUT6, IN, IN6 = "10.1.0.1", "2001:db8::1", "10.1.1.1", "2001:db8:1::1"
NUMBERS = itertools.count()

HOSTS = """
10.1.0.50 host50.z.test host50
10.1.0.51 short51
10.9.9.9 out.z.test
10.1.0.201 excl.z.test
2001:db8::50 host50.z.test
10.1.1.60 other.b.test
10.1.0.52 host52.z.test alias52.z.test
10.1.0.53 deep.er.z.test
"""
BASE = """
no-resolv
no-hosts
server=10.1.1.2#5
auth-server=ns.auth.test,out0
auth-zone=z.test,10.1.0.0/24,2001:db8::/64,exclude:10.1.0.200/29
auth-zone=b.test,10.1.1.0/24
auth-zone=nosub.test
auth-soa=2024,hm.z.test,1000,100,90000
"""
RECORDS = """
host-record=hr.z.test,10.1.0.70,2001:db8::70,300
host-record=hrout.z.test,10.9.0.70
host-record=hrs,10.1.0.71
host-record=any.nosub.test,10.77.0.1
host-record=z.test,10.1.0.2
cname=al.z.test,hr.z.test
cname=alout.z.test,www.elsewhere.test
cname=alshort.z.test,host50
cname=*.w.z.test,hr.z.test
cname=loc.b.test,hr.z.test
cname=deep.al2.z.test,al.z.test,55
mx-host=z.test,mail.z.test,5
mx-host=z.test,hr.z.test,6
srv-host=_sip._tcp.z.test,hr.z.test,5060
txt-record=z.test,hello
txt-record=txt.z.test,a,b
naptr-record=nap.z.test,10,20,u,SIP,!x!y!,.
caa-record=z.test,0,issue,ca.test
dns-rr=rr.z.test,65280,01020304
ptr-record=99.0.1.10.in-addr.arpa,ptr99.z.test
ptr-record=_http._tcp.z.test,inst.z.test
interface-name=if0.z.test,out0
interface-name=if1.z.test,in0
address=/adr.z.test/10.1.0.88
"""
SECONDARIES = "auth-sec-servers=ns2.x.test,ns3.x.test\n"


def rev6(address):
    import ipaddress
    return ipaddress.ip_address(address).reverse_pointer


def at(to, text):
    """Questions, one a line: name, type, then words as of dns_ask.py ("edns" alone means 1232)."""
    rows = []
    for line in filter(None, map(str.strip, text.splitlines())):
        name, kind, *words = line.split()
        row = {"to": to, "name": name, "type": kind, "text": f"{line} @{to}", "rd": "rd" in words}
        for word in words:
            key, equals, value = word.partition("=")
            row[key] = int(value) if value.isdigit() else value if equals else 1232 if key == "edns" else True
        rows.append(row)
    return rows


FORWARD = """
z.test SOA edns
z.test NS edns
z.test A edns
z.test AAAA
z.test MX
z.test TXT
z.test CAA
z.test ANY edns
z.test DS
z.test DNSKEY
Z.TEST SOA
host50.z.test A edns
host50.z.test AAAA
host50.z.test TXT
HoSt50.z.TeSt A
host52.z.test A
alias52.z.test A
out.z.test A edns
excl.z.test A edns
short51.z.test A
nx.z.test A edns
nx.z.test SOA
nx.z.test ANY edns
er.z.test A
deep.er.z.test A
x.deep.er.z.test A
other.b.test A
b.test SOA
b.test A
nosub.test SOA
nosub.test NS
nx.nosub.test A
"""
CONFIGURED = """
hr.z.test A
hr.z.test AAAA
hr.z.test SOA
hr.z.test NS
hr.z.test ANY edns
hrout.z.test A
hrs A edns
hrs.z.test A
any.nosub.test A
al.z.test A
al.z.test AAAA
al.z.test TXT
al.z.test CNAME
alout.z.test A
alshort.z.test A
foo.w.z.test A
foo.w.z.test AAAA
foo.w.z.test CNAME
foo.w.z.test MX
a.b.w.z.test A
w.z.test A
loc.b.test A
al2.z.test A
deep.al2.z.test CNAME
deep.al2.z.test A
_sip._tcp.z.test SRV
_sip._tcp.z.test A
_tcp.z.test A
txt.z.test TXT
txt.z.test A
nap.z.test NAPTR
rr.z.test TYPE65280
rr.z.test A
_http._tcp.z.test PTR
if0.z.test A
if0.z.test AAAA
if1.z.test A
adr.z.test A
"""
REVERSE = f"""
50.0.1.10.in-addr.arpa PTR edns
70.0.1.10.in-addr.arpa PTR
52.0.1.10.in-addr.arpa PTR
99.0.1.10.in-addr.arpa PTR
51.0.1.10.in-addr.arpa PTR
201.0.1.10.in-addr.arpa PTR
88.0.1.10.in-addr.arpa PTR
1.0.1.10.in-addr.arpa PTR
60.1.1.10.in-addr.arpa PTR
9.9.9.10.in-addr.arpa PTR edns
0.1.10.in-addr.arpa SOA edns
0.1.10.in-addr.arpa NS
1.1.10.in-addr.arpa SOA
0.1.10.in-addr.arpa PTR
0.1.10.in-addr.arpa A
50.0.1.10.in-addr.arpa A
50.0.1.10.in-addr.arpa SOA
50.0.1.10.in-addr.arpa ANY edns
1.10.in-addr.arpa PTR
{rev6('2001:db8::50')} PTR
{rev6('2001:db8::99')} PTR
{rev6('2001:db8::')[32:]} SOA
{rev6('2001:db8::')[32:]} NS
{rev6('2001:db8:9::1')} PTR
"""
REFUSED = """
example.com A edns
example.com A rd
test SOA edns
. SOA
. NS edns rd
version.bind TXT class=CH
z.test A class=CH edns
z.test A class=HS
"""
BITS = """
z.test A rd
z.test A rd cd
z.test A rd ad
nx.z.test A rd edns
z.test A edns do
z.test A edns tcp
nx.z.test A tcp rd
example.com A tcp
"""
ORDINARY = """
z.test SOA rd
z.test NS rd
host50.z.test A rd edns
host50.z.test TXT rd
out.z.test A rd
excl.z.test A rd
nx.z.test A rd edns
nx.z.test A rd tcp
short51 A rd
short51.z.test A rd
other.b.test A
_http._tcp.z.test PTR rd
50.0.1.10.in-addr.arpa PTR rd
er.z.test A rd
b.test ANY rd
nx.nosub.test AAAA rd
"""
ORDINARY_CONFIGURED = """
hr.z.test A rd
hrout.z.test A rd
z.test MX rd
txt.z.test TXT rd
al.z.test A rd
foo.w.z.test A rd
if1.z.test A rd
adr.z.test A rd
_sip._tcp.z.test SRV rd
"""
TRANSFERS = """
z.test AXFR tcp
b.test AXFR tcp
nosub.test AXFR tcp
hr.z.test AXFR tcp
example.com AXFR tcp
0.1.10.in-addr.arpa AXFR tcp
z.test IXFR serial=2024
b.test IXFR serial=1 tcp
b.test IXFR serial=2024 tcp
"""
WHERE = [(to, tcp) for to in (OUT, IN, OUT6, IN6) for tcp in ("", " tcp")]


def where():
    return [row for to, tcp in WHERE for row in at(to, f"host50.z.test A rd{tcp}\nshort51 A rd{tcp}")]


PLACED = "no-resolv\nno-hosts\nauth-zone=z.test\nauth-soa=1\n"
CASES = {
    "forward": (BASE + SECONDARIES, at(OUT, FORWARD)),
    "records": (BASE + SECONDARIES + RECORDS, at(OUT, CONFIGURED)),
    "reverse": (BASE + SECONDARIES + RECORDS, at(OUT, REVERSE)),
    "refused": (BASE, at(OUT, REFUSED) + at(OUT6, REFUSED)),
    "bits": (BASE + "auth-ttl=77\n" + RECORDS, at(OUT, BITS)),
    "ordinary": (BASE, at(IN, ORDINARY)),
    "ordinary records": (BASE + RECORDS, at(IN, ORDINARY_CONFIGURED)),
    "no interface": (BASE.replace(",out0", ""), at(OUT, "z.test SOA rd\nhost50.z.test A rd\nshort51 A rd")),
    "subnets": ("no-resolv\nno-hosts\nauth-server=ns.test,out0\nauth-zone=z.test,out0/4\nauth-zone=b.test,in0,exclude:"
                "10.1.1.32/27\nauth-zone=c.test,exclude:10.4.0.0/24\nauth-zone=sub.z.test,10.7.0.1\nauth-soa=7\n"
                "host-record=h.c.test,10.4.0.1\nhost-record=h2.c.test,10.5.0.1\nhost-record=h.sub.z.test,10.1.0.77\n"
                "host-record=h2.sub.z.test,10.7.0.9\nhost-record=in.b.test,10.1.1.33\n",
                at(OUT, "host50.z.test A\nhost50.z.test AAAA\nother.b.test A\nin.b.test A\nh.c.test A\nh2.c.test A\n"
                        "h.sub.z.test A\nh2.sub.z.test A\nsub.z.test NS\nsub.z.test SOA\n50.0.1.10.in-addr.arpa PTR\n"
                        "60.1.1.10.in-addr.arpa PTR\n9.0.7.10.in-addr.arpa PTR\n0.7.10.in-addr.arpa SOA")),
    "transfers": (BASE + SECONDARIES + RECORDS, at(OUT, TRANSFERS)),
    "transfers to a peer": (BASE + "auth-peer=10.1.0.2\n", at(OUT, "z.test AXFR tcp\nz.test SOA tcp")),
    "transfers to another": (BASE + SECONDARIES + "auth-peer=10.1.0.9\n", at(OUT, "z.test AXFR tcp\nb.test AXFR tcp")),
    "no transfers": (BASE, at(OUT, "z.test AXFR tcp")),
    "place: interface": (PLACED + "auth-server=ns.test,out0\ninterface=in0\n", where()),
    "place: address": (PLACED + f"auth-server=ns.test,{OUT}\ninterface=in0\n", where()),
    "place: family": (PLACED + "auth-server=ns.test,out0/6\ninterface=in0\n", where()),
    "place: bound": (PLACED + "auth-server=ns.test,out0\ninterface=in0\nbind-interfaces\n", where()),
    "place: bound address": (PLACED + f"auth-server=ns.test,{OUT}\ninterface=in0\nbind-interfaces\n", where()),
    "place: dynamic": (PLACED + "auth-server=ns.test,out0\ninterface=in0\nbind-dynamic\n", where()),
    "place: listen": (PLACED + f"auth-server=ns.test,out0\nlisten-address={IN}\n", where()),
    "place: except": (PLACED + "auth-server=ns.test,out0\nexcept-interface=out0\n", where()),
    "place: both": (PLACED + "auth-server=ns.test,out0\ninterface=out0\n", where()),
    "local-service": (PLACED + "auth-server=ns.test,out0\nlocal-service\n", where()),
}

# (case, question): what linnet says instead, and why.
SOA = "z.test. 600 soa ns.auth.test. hm.z.test. 2024 1000 100 90000 600"
REVERSE_SOA = SOA.replace("z.test. 600", "0.1.10.in-addr.arpa. 600")
SERVERS = "z.test. 600 ns ns.auth.test., z.test. 600 ns ns2.x.test., z.test. 600 ns ns3.x.test."
ALL_OF_B = ("b.test. 600 NS ns.auth.test.; b.test. 600 NS ns2.x.test.; b.test. 600 NS ns3.x.test.; "
            "b.test. 600 SOA ns.auth.test. hm.z.test. 2024 1000 100 90000 600; "
            "b.test. 600 SOA ns.auth.test. hm.z.test. 2024 1000 100 90000 600; loc.b.test. 600 CNAME hr.z.test.; "
            "other.b.test. 600 A 10.1.1.60")
NO_DATA_REVERSE = f"NOERROR QR AA; ; {REVERSE_SOA}"
REVERSE_WHY = "a reverse zone is a zone: it has types other than PTR too, and its SOA is its apex's alone"
RA_WHY = "where only zones are served there is no recursion, nor is the query forwarded in the end"
HIDDEN_WHY = "what exclude: hides is not told by the reverse zone either"
INCREMENTAL_WHY = "RFC 1995: the SOA when there is nothing new or by UDP, otherwise the whole zone"
DIFFERENT = {
    ("records", f"deep.al2.z.test A @{OUT}"): (
        "NOERROR QR AA; al.z.test. 600 cname hr.z.test., deep.al2.z.test. 600 cname al.z.test., "
        f"hr.z.test. 600 a 10.1.0.70; {SERVERS}", "an alias of an alias is followed"),
    ("reverse", f"0.1.10.in-addr.arpa PTR @{OUT}"): (NO_DATA_REVERSE, "the apex exists"),
    ("reverse", f"0.1.10.in-addr.arpa A @{OUT}"): (NO_DATA_REVERSE, REVERSE_WHY),
    ("reverse", f"50.0.1.10.in-addr.arpa A @{OUT}"): (NO_DATA_REVERSE, REVERSE_WHY),
    ("reverse", f"50.0.1.10.in-addr.arpa SOA @{OUT}"): (NO_DATA_REVERSE, REVERSE_WHY),
    ("reverse", f"50.0.1.10.in-addr.arpa ANY edns @{OUT}"): (NO_DATA_REVERSE, REVERSE_WHY),
    ("reverse", f"201.0.1.10.in-addr.arpa PTR @{OUT}"): (f"NXDOMAIN QR AA; ; {REVERSE_SOA}", HIDDEN_WHY),
    ("subnets", f"60.1.1.10.in-addr.arpa PTR @{OUT}"): (
        "NXDOMAIN QR AA; ; 1.1.10.in-addr.arpa. 600 soa ns.test. hostmaster.ns.test. 7 1200 180 1209600 600", HIDDEN_WHY),
    ("reverse", f"1.10.in-addr.arpa PTR @{OUT}"): ("REFUSED QR; ; ", "it is above the zone"),
    ("no interface", f"z.test SOA rd @{OUT}"): (
        f"NOERROR QR AA RD RA; {SOA}; z.test. 600 ns ns.auth.test.",
        "a zone has a name server wherever it is asked; the peer's answer about it is malformed"),
    ("transfers", f"hr.z.test AXFR tcp @{OUT}"): ("REFUSED QR; ; ", "only whole zones are transferred"),
    ("transfers", f"z.test IXFR serial=2024 @{OUT}"): (
        "NOERROR QR AA RD; SOA; z.test. 600 SOA ns.auth.test. hm.z.test. 2024 1000 100 90000 600", INCREMENTAL_WHY),
    ("transfers", f"b.test IXFR serial=1 tcp @{OUT}"): (
        f"NOERROR QR AA RD; SOA NS CNAME address SOA; {ALL_OF_B}", INCREMENTAL_WHY),
    ("transfers", f"b.test IXFR serial=2024 tcp @{OUT}"): (
        "NOERROR QR AA RD; SOA; b.test. 600 SOA ns.auth.test. hm.z.test. 2024 1000 100 90000 600", INCREMENTAL_WHY),
    ("transfers to another", f"z.test AXFR tcp @{OUT}"): ("REFUSED QR; ; ", RA_WHY),
    ("transfers to another", f"b.test AXFR tcp @{OUT}"): ("REFUSED QR; ; ", RA_WHY),
    ("no transfers", f"z.test AXFR tcp @{OUT}"): ("REFUSED QR; ; ", RA_WHY),
}
used = set()


# ------------------------------------------------------------------ running


def run(*words, text=None, check=True):
    result = subprocess.run([str(w) for w in words], input=text, capture_output=True, text=True, timeout=60)
    if check and result.returncode != 0:
        raise AssertionError(f"{words}: {result.returncode}\n{result.stdout}{result.stderr}")
    return result.stdout


class Pair:
    def __init__(self):
        name = f"ltau{os.getpid() % 100000}x{next(NUMBERS)}"
        self.server, self.client = name + "s", name + "c"
        for namespace in (self.server, self.client):
            run("ip", "netns", "add", namespace)
            run("ip", "-n", namespace, "link", "set", "lo", "up")
        for index, device in enumerate(("out0", "in0")):
            far = f"eth{index}"
            net6 = "2001:db8:1::" if index else "2001:db8::"
            run("ip", "-n", self.server, "link", "add", device, "type", "veth", "peer", "name", far, "netns",
                self.client)
            for namespace, link, last in ((self.server, device, 1), (self.client, far, 2)):
                run("ip", "-n", namespace, "-batch", "-", text=f"addr add 10.1.{index}.{last}/24 dev {link}\n"
                    f"addr add {net6}{last}/64 dev {link} nodad\nlink set {link} up\n")

    def close(self):
        for namespace in (self.server, self.client):
            run("ip", "netns", "del", namespace, check=False)


@pytest.fixture(scope="module")
def pair():
    made = Pair()
    yield made
    made.close()


def wait_ready(pair, process, log):
    for _ in range(500):
        if process.poll() is not None:
            break
        sockets = run("ip", "netns", "exec", pair.server, "ss", "-lutnH")
        if sockets.count(":53 ") >= 2 and "tcp" in sockets and "udp" in sockets:
            time.sleep(0.1)  # both programs read their hosts files about now
            return
        time.sleep(0.02)
    pytest.fail(f"does not listen:\n{log.read_text()}", pytrace=False)


def answers_of(subject, pair, folder, config, questions):
    (folder / "hosts").write_text(HOSTS)
    path = folder / "subject.conf"
    path.write_text(f"{config}\naddn-hosts={folder}/hosts\n")
    folder.chmod(0o755)
    log = folder / f"{subject}.log"
    binary = BINARY if subject == "linnet" else "dnsmasq"
    with open(log, "w") as file:
        process = subprocess.Popen(["ip", "netns", "exec", pair.server, binary, "-k", "-u", "root", "-g", "root", "-C",
                                    path, "--pid-file=", "--log-facility=-"], stdout=file, stderr=file)
    try:
        wait_ready(pair, process, log)
        said = run("ip", "netns", "exec", pair.client, "/usr/bin/python3", HERE / "auth_talk.py",
                   text=json.dumps(questions))
        assert process.poll() is None, log.read_text()
        return json.loads(said)
    finally:
        process.terminate()
        process.wait(10)


# ------------------------------------------------------------------ comparing


def part_of(record):
    """Which part of a transfer a record stands in, as the peer orders them; hosts come in any order."""
    kind = record.split()[2]
    return {"A": "address", "AAAA": "address"}.get(kind, kind)


def text_of(answer):
    """An answer as text, letters in lower case because compressed names share those of the question. The peer writes an EDE of its own accord into TCP answers, left from some other
    answer, and leaves OPT out of refusals; both were mended later, so EDE counts by rcode."""
    if "silent" in answer or "unreadable" in answer:
        return "nothing"
    if "records" in answer:
        parts = [key for key, _ in itertools.groupby(map(part_of, answer["records"]))]
        return (f"{answer['rcode']} {answer['flags']}; {' '.join(parts)}; "
                + "; ".join(sorted(answer["records"])))
    text = f"{answer['rcode']} {answer['flags']}; {', '.join(answer['answer'])}; {', '.join(answer['authority'])}"
    text += "; " + ", ".join(answer["additional"]) if answer["additional"] else ""
    head, records = text.split(";", 1)
    return head + ";" + records.lower()


def check_ede(question, answer):
    """RFC 8914, told by linnet to clients with EDNS and to nobody else."""
    if "rcode" not in answer or "ede" not in answer:
        return None
    assert answer["edns"] == bool(question.get("edns")), question["text"]
    wanted = []
    if question.get("edns") and question["to"] in (OUT, OUT6):
        if answer["rcode"] == "REFUSED":
            wanted = [20]
        elif question["type"] == "ANY" and answer["rcode"] == "NOERROR":
            wanted = [17]
    return None if answer["ede"] == wanted else f"EDE {answer['ede']} instead of {wanted}"


@pytest.mark.parametrize("case", CASES)
def test_same_answers(case, pair, tmp_path):
    config, questions = CASES[case]
    theirs = answers_of("dnsmasq", pair, tmp_path, config, questions)
    ours = answers_of("linnet", pair, tmp_path, config, questions)
    wrong = []
    for question, our, their in zip(questions, ours, theirs, strict=True):
        our_text, their_text = text_of(our), text_of(their)
        pinned = DIFFERENT.get((case, question["text"]))
        ede = check_ede(question, our)
        if ede is not None:
            wrong.append(f"{question['text']}: {ede}")
        if pinned is not None:
            used.add((case, question["text"]))
            if our_text != pinned[0] or our_text == their_text:
                wrong.append(f"{question['text']}\n  pinned  {pinned[0]}\n  linnet  {our_text}\n  dnsmasq {their_text}")
        elif our_text != their_text:
            wrong.append(f"{question['text']}\n  linnet  {our_text}\n  dnsmasq {their_text}")
    assert not wrong, "\n".join(wrong)


def test_every_difference_is_needed():
    if len({case for case, _ in used}) < len({case for case, _ in DIFFERENT}):
        pytest.skip("not all cases ran")
    assert used == DIFFERENT.keys()


def test_enough_compared():
    assert sum(len(questions) for _, questions in CASES.values()) >= 200 and len(CASES) >= 8
