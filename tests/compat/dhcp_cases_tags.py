"""Tags, names, host lines and files of them: what both DHCPv4 servers are given."""
from dhcp_cases import (HOST, ONE, PRL, RELAY_RANGE, both_ways, case, discover, inform, relayed, renew, reverse,
                        select)


def options(pairs):
    """A line for each (tag, line), and an option that shows that it matched."""
    return "".join(f"{line}\ndhcp-option=tag:{tag},{number},x\n" for number, (tag, line) in enumerate(pairs, 224))


def sub(code, data):
    return bytes([code, len(data)]) + data


MATCHES = ["200,5", "200,5s", "200,5i", "200,text", "200,192.168.1.1", "200,01:02", "200,01:*", "200,01:*:03", "200",
           "option:client-arch,7", "option:client-arch,0", "200,te*", "200,te,xt", "200,256", '200,"5"', "200,-1",
           "vi-encap:9,abc", "vi-encap:9", "93,00:07", "93,00:*", "6,1.2.3.4,5.6.7.8", "60,01:*", "12,foo", "58,1m"]
case("dhcp-match forms", ONE + options((f"m{i}", f"dhcp-match=set:m{i},{text}") for i, text in enumerate(MATCHES)), [
    *[discover(options=[(200, value)]) for value in (
        "05", "0005", "00000005", "0105", "050000", b"text", b"atextb", b"TEXT", "c0a80101", "01020304c0a80101",
        "0102", "010203", "010303", "01", "", b"te*", b"te,xt", "0100", b"5", "ff", "ffffffff", b"x5", "ffff")],
    *[discover(options=[(93, value)]) for value in ("0007", "00060007", "0000", "07", "000700", "", "00080007")],
    *[discover(options=[(124, value)]) for value in (
        "000000090403616263", "000000090100", "0000000900", "000000090605786162637a", "000000080403616263",
        "00000008010000000009040361626364")],
    *[discover(options=[(6, value)]) for value in ("01020304", "0506070801020304", "0102030405060708",
                                                   "090909090102030405060708")],
    discover(options=[(60, b"01:*")]), discover(options=[(60, "0102")]), discover(name="foo"), discover(name="FOO"),
    discover(options=[(58, "0000003c")]), discover(options=[(93, "0007"), (200, "05"), (60, "0102")])])

case("classes", ONE + options([
    ("a", "dhcp-vendorclass=set:a,Acme"), ("b", "dhcp-vendorclass=b,Corp"), ("c", "dhcp-userclass=c,lab"),
    ("d", "dhcp-userclass=set:d,LAB"), ("e", 'dhcp-vendorclass=set:e,"x,y"')]), [
        discover(options=[(60, b"AcmeCorp")]), discover(options=[(60, b"acme")]), discover(options=[(60, b"")]),
        discover(options=[(77, b"lab")]), discover(options=[(77, b"\x03abc\x03lab")]), discover(options=[(77, b"\x04xlab")]),
        discover(options=[(77, b"LAB")]), discover(options=[(60, b"ax,yb"), (77, b"mylab")])])

case("tag-if", f"""dhcp-range=set:rng,192.168.50.100,192.168.50.100,1h
dhcp-host=02:00:00:00:00:01,set:h1,set:h2
""" + options([
    ("t1", "dhcp-vendorclass=set:v,Acme\ntag-if=set:t1,tag:v"), ("t2", "tag-if=set:t2,set:t2b,tag:t1"),
    ("t3", "tag-if=set:t3,tag:rng"), ("t4", "dhcp-match=set:o1,93\ntag-if=set:t4,tag:o*"),
    ("t5", "tag-if=set:t5,tag:!t9"), ("t9", "tag-if=set:t9"), ("t6", "tag-if=set:t6,tag:known"),
    ("t7", "tag-if=set:t7,tag:!o*"), ("t8", "tag-if=set:t8,tag:h1,tag:h2,tag:!t1"), ("ta", "tag-if=set:ta,tag:lan0")]) + """
dhcp-option=tag:rng,tag:t1,203,x
dhcp-option=tag:t3,204,t3
dhcp-option=tag:rng,204,rng
dhcp-option=tag:v,204,v
dhcp-option=tag:t3,204,t3b
dhcp-option=tag:t2b,205,both
""", [discover(1, options=[(60, b"xAcmeCorp"), (93, "0007")]), discover(1), discover(2), discover(2, options=[(93, "0000")]),
      discover(2, options=[(60, b"Acme")]), select(1)])

case("built-in tags", ONE + options([
    ("known", ""), ("!known", ""), ("known-othernet", ""), ("bootp", ""), ("cpewan-id", ""), ("lan0", ""), ("h", ""),
    ("some.img", "")]) + """dhcp-host=02:00:00:00:00:01,192.168.50.60,set:h
dhcp-host=02:00:00:00:00:02,10.1.1.1,set:h
dhcp-host=02:00:00:00:00:03,[fd00::1],set:h
dhcp-host=02:00:00:00:00:04,[fd00::1],192.168.50.70,set:h,boxy
""", [discover(1), discover(2), discover(3), discover(4), discover(5),
      discover(5, options=[(125, b"\0\0\x0d\xe9\x0d" + sub(1, b"ABCDEF") + sub(2, b"SER"))]),
      discover(5, options=[(125, b"\0\0\x0d\xe8\x0d" + sub(1, b"ABCDEF") + sub(2, b"SER"))]),
      discover(5, options=[(125, b"\0\0\x0d\xe9\x08" + sub(1, b"ABCDEF"))])])

case("name matches", ONE + "domain=lan.test\n" + options([
    ("a", "dhcp-name-match=set:a,Cli"), ("b", "dhcp-name-match=b,cl*"), ("d", "dhcp-name-match=set:d,cli.lan.test")]), [
        discover(name="CLI"), discover(name="cli"), discover(name="clix"), discover(name="cli.lan.test"),
        discover(name="cli.foo"), discover(name="cl.lan.test"), discover(options=[(81, b"\x01\0\0cli.foo")]),
        discover(options=[(81, b"\x04\0\0\x03cli\0")]), discover(name="other")])

case("relay agents' names", RELAY_RANGE + options([
    ("a", "dhcp-circuitid=set:a,01:zz"), ("b", "dhcp-circuitid=set:b,0102"), ("c", "dhcp-circuitid=set:c,01:02"),
    ("d", 'dhcp-circuitid=set:d,"01:02"'), ("e", "dhcp-remoteid=e,01:02"), ("f", "dhcp-subscrid=f,sub")]), [
        relayed(discover(options=[(82, value)])) for value in (
            "01020102", sub(1, b"01:zz"), sub(1, b"0102"), sub(1, b"01:02"), "02020102", sub(6, b"sub"), sub(6, b"subx"),
            sub(1, b"\1\2") + sub(6, b"sub") + sub(2, b"\1\2"))])

case("hardware types", ONE + """dhcp-host=02:00:00:00:00:01,192.168.50.60,set:h1
dhcp-host=06-02:00:00:00:00:02,192.168.50.61,set:h2
dhcp-host=02:00:00:00:01:*,set:w
dhcp-host=06-02:00:00:00:02:*,set:w2
""" + options([("h1", ""), ("h2", ""), ("w", ""), ("w2", ""), ("m", "dhcp-mac=set:m,01-02:00:00:00:00:01")]), [
    discover(1, flags=0x8000, htype=6), discover(2), discover(2, flags=0x8000, htype=6), discover(1),
    discover("02:00:00:00:01:01", flags=0x8000, htype=6), discover("02:00:00:00:02:01", flags=0x8000, htype=6),
    discover("02:00:00:00:02:01"), discover("02:00:00:00:01:01")])

case("names ignored for some", HOST + """dhcp-ignore-names=tag:a,tag:b
dhcp-ignore-names=c
dhcp-match=a,200
dhcp-match=set:b,201
dhcp-userclass=c,lab
dhcp-host=02:00:00:00:00:05,named,192.168.50.65
""", [select(name="x1"), select(name="x2", options=[(200, "01")]), select(name="x3", options=[(200, "01"), (201, "01")]),
      select(name="x4", options=[(77, b"lab")]), select(5, "192.168.50.65", name="other", options=[(77, b"lab")]),
      select(5, "192.168.50.65", options=[(77, b"lab"), (81, b"\x01\0\0other")])],
     questions=both_ways("x1", "x2", "x3", "x4", "named", "other") + reverse("192.168.50.100", "192.168.50.65"))

case("names ignored, but not for host lines", HOST + "dhcp-ignore-names\ndhcp-host=boxy,192.168.50.60\n", [
    discover(name="boxy"), select(ip="192.168.50.60", name="boxy"), renew(ip="192.168.50.60", name="boxy")],
     questions=both_ways("boxy", "boxy.lan.test") + reverse("192.168.50.60"))

case("names generated, renewals", HOST + "dhcp-generate-names\n", [
    select(name="hi"), renew(), renew(name="hi"), select(name="bad name"), inform(7, prl=(12,)),
    select(htype=6, flags=0x8000, want="nak"), discover(prl=PRL, name="hi")], questions=both_ways("02-00-00-00-00-01", "hi"))

TWO = "dhcp-range=192.168.50.100,192.168.50.103,1h\ndomain=lan.test\ndomain=low.test,192.168.50.0/26\n" \
      "dhcp-host=02:00:00:00:00:02,192.168.50.60\n"
ONE_NAME = [select(1, "192.168.50.100", name="pc"), select(2, "192.168.50.60", name="pc"),
            select(3, "192.168.50.103", name="pc"), renew(1, "192.168.50.100"), renew(2, "192.168.50.60")]
ASKED = both_ways("pc", "pc.lan.test", "pc.low.test") + reverse("192.168.50.100", "192.168.50.60", "192.168.50.103")
case("dhcp-fqdn, one name in two domains", TWO + "dhcp-fqdn\n", ONE_NAME, questions=ASKED)
case("one name in two domains", TWO, ONE_NAME, questions=ASKED)
case("dhcp-fqdn and a hosts file", HOST + "dhcp-fqdn\n", [select(name="inhosts"), renew(name="whole"), renew(name="free")],
     hosts="192.168.50.77 inhosts\n192.168.50.78 whole.lan.test\n",
     questions=both_ways("inhosts", "inhosts.lan.test", "whole.lan.test", "free", "free.lan.test") + reverse("192.168.50.100"))

case("old spellings of tags", """dhcp-range=net:red,192.168.50.100,192.168.50.100,1h
dhcp-range=blue,192.168.50.110,192.168.50.110,1h
dhcp-host=02:00:00:00:00:01,net:red
dhcp-option=red,200,red
dhcp-option=net:blue,201,blue
dhcp-option=net:#red,202,not-red
dhcp-option=#red,203,not-red
dhcp-ignore=net:bad
dhcp-ignore=worse
dhcp-mac=bad,02:00:00:00:00:08
dhcp-mac=worse,02:00:00:00:00:09
""", [discover(1, ip="192.168.50.100"), discover(2), discover(8, want=None), discover(9, want=None)])

case("host lines with conditions", HOST + """dhcp-vendorclass=set:v,Acme
dhcp-host=tag:v,02:00:00:00:00:01,192.168.50.60
dhcp-host=id:01:02:03,192.168.50.61
dhcp-host=tag:!v,02:00:00:00:00:02,ignore
dhcp-host=tag:v,02:00:00:00:00:*,192.168.50.62
dhcp-host=tag:known,02:00:00:00:00:04,192.168.50.64
dhcp-host=tag:lan0,02:00:00:00:00:05,192.168.50.65,20m,five
""", [discover(1), discover(1, options=[(60, b"Acme")]), discover(1, clid="010203"),
      discover(1, clid="010203", options=[(60, b"Acme")]), discover(2, want=None), discover(2, options=[(60, b"Acme")]),
      discover(3), discover(4), discover(5), select(5, "192.168.50.65")], questions=both_ways("five"))

case("domains by interface", HOST + "domain=if.test,lan0\n", [
    discover(prl=PRL), select(name="a"), select(name="a.if.test"), select(name="a.lan.test"),
    select(options=[(81, b"\x01\0\0a")])], questions=both_ways("a.if.test", "a.lan.test", "a") + reverse("192.168.50.100"))

case("lines in files", "domain=lan.test\ndhcp-range=192.168.50.100,192.168.50.100,1h\n"
     "dhcp-hostsfile={folder}/lines/hosts\ndhcp-optsfile={folder}/lines/options\n"
     "dhcp-host=02:00:00:00:00:03,192.168.50.99\ndhcp-option=42,192.168.50.77\ndhcp-option=tag:ft,44,1.2.3.4\n", [
         discover(1), discover(2), discover(3), discover(4), discover(5), select(1, "192.168.50.60")],
     questions=both_ways("filehost"),
     files={"lines/hosts": "02:00:00:00:00:01,192.168.50.60,filehost\n# comment\n\n02:00:00:00:00:0z,bad\n"
            "02:00:00:00:00:02,set:ft,192.168.50.61 # tail\n  02:00:00:00:00:03 , 192.168.50.62 , blanks  \n"
            "02:00:00:00:00:04,192.168.50.60\n",
            "lines/options": "42,192.168.50.9\noption:ntp-server,192.168.50.10\nbadopt\n6,999.1.1.1\n200,\"a b # c\"\n"
            "option:bootfile-name,fromfile.0\n201,x=y # comment\noption:server-ip-address,192.168.50.8\n"})

case("folders of lines", "domain=lan.test\ndhcp-range=192.168.50.100,192.168.50.100,1h\ndhcp-hostsfile={folder}/hosts.d\n"
     "dhcp-optsdir={folder}/options.d\ndhcp-hostsdir={folder}/more.d\ndhcp-hostsfile=/nonexistent\n"
     "dhcp-option=42,192.168.50.77\n", [discover(n) for n in range(1, 7)],
     files={"hosts.d/a": "02:00:00:00:00:01,192.168.50.60\n02:00:00:00:00:02,192.168.50.61\n",
            "hosts.d/b": "02:00:00:00:00:01,192.168.50.66\n", "hosts.d/c~": "02:00:00:00:00:03,192.168.50.63\n",
            "hosts.d/.d": "02:00:00:00:00:04,192.168.50.64\n", "hosts.d/#e#": "02:00:00:00:00:05,192.168.50.65\n",
            "more.d/x": "02:00:00:00:00:06,192.168.50.76\n02:00:00:00:00:02,192.168.50.71\n",
            "options.d/o": "42,192.168.50.88\n"})
