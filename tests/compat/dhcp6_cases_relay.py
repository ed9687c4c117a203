"""Clients behind one relay or two, and what relays add."""
from dhcp6_cases import (POOL, case, confirm, decline, fqdn, inform, na, rebind, relay, relayed, release, renew, request,
                         solicit)

FAR = "dhcp-range=fd00:99::100,fd00:99::1ff,64,1h\n"
LINK = "fd00:99::1"
INTERFACE_ID = (18, "6c616e37")
REMOTE_ID = (37, "00000009aabbcc")
SUBSCRIBER_ID = (38, b"subscriber".hex())
MAC = (79, "0001" "020000000033")
NOTES = "".join(f"dhcp-option=tag:t{i},option6:{200 + i},t{i}\n" for i in range(10))
ALL = tuple(200 + i for i in range(10))


def far(packet, *options, **more):
    return relayed(packet, relay(LINK, options=options, **more))


def twice(packet, *options):
    return relayed(packet, relay("::", options=options), relay(LINK, peer="fe80::77", options=[(18, "ff00")]))


case("one relay", FAR, [
    far(solicit(na("fd00:99::110"))), far(request(na("fd00:99::110"))), far(renew(na("fd00:99::110"))),
    far(rebind(na("fd00:99::110"))), far(confirm(na("fd00:99::110"))), far(confirm(na("fd00:50::110"))), far(inform()),
    far(request(na("fd00:50::110"), client=2)), far(decline(na("fd00:99::110"))), far(release(na("fd00:99::110"))),
    relayed(solicit(na("fd00:99::110")), relay(LINK), to="ff02::1:2"),
])

case("relay with an interface-id", FAR, [
    far(solicit(na("fd00:99::110")), INTERFACE_ID), far(request(na("fd00:99::110")), INTERFACE_ID, REMOTE_ID),
    far(renew(na("fd00:99::110")), REMOTE_ID, SUBSCRIBER_ID, INTERFACE_ID), far(inform(), MAC, INTERFACE_ID),
    far(inform(), (18, "")), far(inform(), (9999, "0102")), far(inform(), INTERFACE_ID, (18, "0102")),
    far(inform(), hops=5), far(inform(), hops=255), far(inform(), after=[(18, "0506")]),
])

case("two relays", FAR, [
    solicit(want=None), twice(solicit(na("fd00:99::110"), want=None)), twice(inform(want=None), MAC), relayed(solicit(na("fd00:99::110")), relay(LINK), relay("::", peer="fe80::77")),
    relayed(solicit(na("fd00:99::110")), relay(LINK), relay("fd00:98::1", peer="fe80::77")),
    relayed(request(na("fd00:99::110")), relay(LINK, options=[INTERFACE_ID]),
            relay("::", peer="fe80::77", options=[(18, "ff00"), REMOTE_ID])),
    relayed(renew(na("fd00:99::110")), relay(LINK, options=[MAC]), relay(LINK, peer="fe80::77")),
    relayed(solicit(na("fd00:98::110"), want=None), relay("fd00:98::1"), relay(LINK, peer="fe80::77")),
    relayed(inform(), relay(LINK), relay("::"), relay("::"), relay("::")),
])

case("relay elsewhere", FAR, [
    relayed(solicit(want=None), relay("fd00:98::1")), relayed(inform(want=None), relay("fd00:98::1")),
    relayed(solicit(want=None), relay("::")), relayed(inform(want=None), relay("::")),
    relayed(solicit(want=None), relay("fe80::1")), far(inform()),
    relayed(confirm(na("fd00:99::110"), want=None), relay("fd00:98::1")),
])

case("relay on the link", POOL, [
    relayed(solicit(na("fd00:50::110")), relay("fd00:50::2")), relayed(request(na("fd00:50::110")), relay("fd00:50::2")),
    relayed(solicit(na("fd00:50::110"), want=None), relay("::")), relayed(inform(want=None), relay("::")),
    relayed(inform(want=None), relay("::"), to="ff02::1:2"), solicit(na("fd00:50::110")),
])

case("relay and hosts", FAR + "dhcp-host=02:00:00:00:00:33,[fd00:99::70],behind,set:t1\n"
     "dhcp-host=id:00:03:00:01:02:00:00:00:00:02,[::72],set:t2\n" + NOTES, [
    far(solicit(oro=ALL), MAC), far(request(na("fd00:99::70"), oro=ALL), MAC), far(inform(oro=ALL)),
    far(solicit(client=2, oro=ALL), MAC), far(request(na("fd00:99::72"), client=2, oro=ALL)),
    far(inform(oro=ALL), (79, "0006" "020000000033")), far(inform(oro=ALL), (79, "0001")), far(inform(oro=ALL), (79, "")),
    relayed(inform(oro=ALL, want=None), relay("::", options=[MAC]), relay(LINK)),
    relayed(inform(oro=ALL), relay(LINK), relay("::", options=[MAC])),
])

case("relay and tags", FAR + "dhcp-remoteid=set:t1,aa:bb:cc\ndhcp-subscrid=set:t2,subscriber\n"
     "dhcp-circuitid=set:t3,lan7\ndhcp-mac=set:t4,02:00:00:00:00:33\ndhcp-remoteid=set:t5,00:00:00:09:aa:bb:cc\n"
     "dhcp-match=set:t6,option6:37\n" + NOTES, [
    far(inform(oro=ALL), REMOTE_ID), far(inform(oro=ALL), SUBSCRIBER_ID), far(inform(oro=ALL), INTERFACE_ID),
    far(inform(oro=ALL), MAC), far(inform(oro=ALL), REMOTE_ID, SUBSCRIBER_ID, INTERFACE_ID, MAC),
    relayed(inform(oro=ALL), relay(LINK, options=[REMOTE_ID]), relay("::", options=[SUBSCRIBER_ID])),
    far(inform(oro=ALL), after=[REMOTE_ID, SUBSCRIBER_ID, INTERFACE_ID]),
    far(inform(oro=ALL)),
])

case("relay and the server's own network", POOL + FAR, [
    far(solicit(na("fd00:99::110"))), far(solicit(na("fd00:50::110"))), solicit(na("fd00:99::110"), client=2),
    request(na("fd00:50::110"), client=2), far(request(na("fd00:99::110"))), renew(na("fd00:99::110")),
    far(renew(na("fd00:50::110"), client=2)), confirm(na("fd00:99::110")), far(request(na("fd00:99::111"), fqdn("far"))),
], questions=[["far", "AAAA"]])

case("malformed relays", FAR, [
    far(inform()),
    far({**inform(want=None), "send": "raw", "raw": "02XID0001000a00030001020000000001"}),
    {**inform(want=None), "send": "raw", "raw": "0c00" + "00" * 32, "label": "relay of nothing"},
    {**inform(want=None), "send": "raw", "raw": "0c00" + "00" * 31, "label": "relay cut"},
    {**inform(want=None), "send": "raw", "raw": "0c00" + "00" * 32 + "00090030", "label": "relay of nowhere"},
    relayed(inform(want=None), *[relay("::")] * 40, relay(LINK)), far(inform()),
])
