"""Tags of ranges: who has them, and what follows from them for options and names. And what a dhcp-host line without
an address of IPv6 comes to."""
from dhcp6_cases import (POOL, case, confirm, fqdn, inform, na, names6, rebind, relay, relayed, release, renew, request,
                         solicit)

ONE_ID = "id:00:03:00:01:02:00:00:00:00:01"
CLIENT_MAC = "02:00:00:00:50:02"
NOTES = ("dhcp-option=tag:x,option6:200,in\ndhcp-option=tag:!x,option6:201,out\ndhcp-option=tag:y,option6:202,other\n"
         "tag-if=set:z,tag:x\ndhcp-option=tag:z,option6:203,follows\n")
ALL = (200, 201, 202, 203)
INFORMS = [inform(oro=ALL), inform()]
X = "dhcp-range=set:x,fd00:50::100,fd00:50::1ff,64,1h\n"
Y = "dhcp-range=set:y,fd00:50::200,fd00:50::2ff,64,1h\n"
ELSEWHERE = "dhcp-range=set:y,fd00:52::100,fd00:52::1ff,64,1h\n"
SECOND = [("server", "addr", "add", "fd00:52::1/64", "dev", "lan0", "nodad")]


def far(packet):
    return relayed(packet, relay("fd00:99::1"))


# ------------------------------------------------------------------ who asks for information alone

for name, line in {
    "of addresses": X,
    "stateless": "dhcp-range=set:x,fd00:50::,ra-stateless\n",
    "static": "dhcp-range=set:x,fd00:50::,static\n",
    "deprecated": "dhcp-range=set:x,fd00:50::100,fd00:50::1ff,deprecated\n",
    "of a constructor": "dhcp-range=set:x,::100,::1ff,constructor:lan0,1h\n",
    "of a stateless constructor": "dhcp-range=set:x,::,constructor:lan0,ra-stateless\n",
    "everywhere": "dhcp-range=set:x,::,static\n",
    "stateless everywhere": "dhcp-range=set:x,::,ra-stateless\n",
    "whose own tag is missing": "dhcp-range=tag:never,set:x,fd00:50::100,fd00:50::1ff,64,1h\n",
    "beside one of another link": X + "dhcp-range=set:y,fd00:77::100,fd00:77::1ff,64,1h\n",
}.items():
    case(f"tag of a range {name}", line + NOTES, INFORMS)

for name, line in {
    "beside an advertised one": X + "dhcp-range=set:y,fd00:52::,ra-only\n",
    "behind an advertised one": "dhcp-range=set:y,fd00:52::,ra-only\n" + X,
    "beside another": X + ELSEWHERE,
    "behind another": ELSEWHERE + X,
    "beside a stateless one": X + "dhcp-range=set:y,fd00:52::,ra-stateless\n",
    "beside one of the same tag": X + "dhcp-range=set:x,fd00:52::100,fd00:52::1ff,64,1h\n",
    "beside one without": X + "dhcp-range=fd00:52::100,fd00:52::1ff,64,1h\n",
    "of a constructor of two": "dhcp-range=set:x,::100,::1ff,constructor:lan0,1h\n",
}.items():
    case(f"tag of a range {name}", line + NOTES, [inform(oro=ALL)], setup=SECOND)

case("tag of a range with three addresses", X + NOTES, [inform(oro=ALL), request(na("fd00:50::110"), oro=ALL)],
     setup=[("server", "addr", "add", f"fd00:50::{n}/64", "dev", "lan0", "nodad") for n in (5, 3)])

case("tag of a range behind a relay", "dhcp-range=set:x,fd00:99::100,fd00:99::1ff,64,1h\n" + Y + NOTES,
     [far(packet) for packet in INFORMS] + INFORMS)

case("tag of a stateless range behind a relay", "dhcp-range=set:x,fd00:99::,ra-stateless\n" + NOTES,
     [far(packet) for packet in INFORMS])

# ------------------------------------------------------------------ who is given something, or nothing

case("tags of two ranges", X + Y + NOTES, [
    inform(oro=ALL), request(na("fd00:50::110"), oro=ALL), renew(na("fd00:50::110"), oro=ALL),
    solicit(na("fd00:50::120"), na("fd00:50::220", iaid=2), client=2, oro=ALL),
    request(na("fd00:50::120"), na("fd00:50::220", iaid=2), client=2, oro=ALL),
    renew(na("fd00:50::120"), na("fd00:50::220", iaid=2), client=2, oro=ALL),
    rebind(na("fd00:50::120"), na("fd00:50::220", iaid=2), client=2, oro=ALL),
    request(na("fd00:50::230", "fd00:50::130"), client=3, oro=ALL), renew(na("fd00:50::130"), client=3, oro=ALL),
])

case("tags without a lease", X + NOTES, [
    renew(na("fd00:51::110"), oro=ALL), renew(na("fd00:50::119"), oro=ALL), request(na("fd00:51::110"), oro=ALL),
    rebind(na("fd00:51::110"), oro=ALL), confirm(na("fd00:50::110"), oro=ALL), release(na("fd00:50::110"), oro=ALL),
])

# ------------------------------------------------------------------ names

CLAIMED = [solicit(na("fd00:50::110"), fqdn("cli")), request(na("fd00:50::110"), fqdn("cli")),
           renew(na("fd00:50::110"), fqdn("cli"), oro=(39,)), inform(options=[fqdn("cli")], oro=(39,))]

case("names ignored in a range", X + Y + "dhcp-ignore-names=tag:x\ndomain=lan.test\n", [
    *CLAIMED,
    request(na("fd00:50::210"), fqdn("told"), client=2), renew(na("fd00:50::210"), fqdn("told"), client=2),
    request(na("fd00:50::130"), na("fd00:50::230", iaid=2), fqdn("both"), client=3),
], questions=names6("cli", "told", "both"))

case("names ignored outside a range", X + "dhcp-ignore-names=tag:!x\n", CLAIMED, questions=names6("cli"))

case("names ignored by what follows", X + "tag-if=set:z,tag:x\ndhcp-ignore-names=tag:z\n", CLAIMED,
     questions=names6("cli"))

case("names ignored, but of a host", X + f"dhcp-ignore-names=tag:x\ndomain=lan.test\ndhcp-host={ONE_ID},hosty\n",
     CLAIMED, questions=names6("cli", "hosty"))

case("names ignored, of a host by name", X + "dhcp-ignore-names=tag:x\ndhcp-host=cli,[fd00:50::77]\n", CLAIMED,
     questions=names6("cli"))

case("a host's name for information", POOL + f"domain=lan.test\ndhcp-host={ONE_ID},hosty\n", [
    inform(oro=(39,)), inform(), inform(options=[fqdn("own")], oro=(39,)),
    inform(client=2, options=[fqdn("own")], oro=(39,)), inform(client=2, options=[fqdn("own", 0)], oro=(39,)),
    request(na("fd00:50::110"), oro=(39,)), inform(oro=(39,)),
])

case("a claimed name for information", POOL + "domain=lan.test\ndomain=six.test,fd00:50::/64\n", [
    inform(options=[fqdn("own")]), request(na("fd00:50::110"), fqdn("own")),
])

# ------------------------------------------------------------------ times

TIMED = [kind(na("fd00:50::110")) for kind in (solicit, request, renew, rebind)]

for item in ("45m", "5h", "infinite"):
    case(f"a time of a host without address {item}", POOL + f"dhcp-host={ONE_ID},{item}\n", TIMED)
    case(f"a time of a host with a name {item}", POOL + f"dhcp-host={CLIENT_MAC},foo,{item}\n", TIMED)

case("a time of a host by name", POOL + "dhcp-host=foo,45m\n", [
    request(na("fd00:50::110"), fqdn("foo")), renew(na("fd00:50::110"), fqdn("foo")),
])

# ------------------------------------------------------------------ values

case("a width without a number", POOL + "dhcp-option=option6:201,b\ndhcp-option=option6:202,s\n"
     "dhcp-option=option6:203,i\ndhcp-option=option6:204,w\ndhcp-option=option6:205,1b\ndhcp-option=option6:206,:\n", [
         inform(oro=(201, 202, 203, 204, 205, 206)),
     ])
