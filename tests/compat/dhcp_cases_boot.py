"""Cases of the comparison: network boot. What ROMs, iPXE, UEFI and Windows ask for, BOOTP, PXE menus, proxy-DHCP."""
from dhcp_cases import ONE, PRL, RELAY_RANGE, bootp, case, discover, inform, message, reboot, relayed, renew, select

UUID = (97, "00" + "0123456789abcdef0123456789abcdef")
ROM_LIST = (1, 2, 3, 5, 6, 11, 12, 13, 15, 16, 17, 18, 43, 54, 60, 67, 128, 129, 130, 131, 132, 133, 134, 135)
IPXE_LIST = (1, 3, 6, 7, 12, 15, 17, 26, 43, 60, 66, 67, 119, 128, 129, 130, 131, 132, 133, 134, 135, 175, 203)
WINDOWS_LIST = (1, 3, 6, 15, 31, 33, 43, 44, 46, 47, 119, 121, 249, 252)
PROXY = "dhcp-range=192.168.50.0,proxy\n"


def rom(arch=0, prl=ROM_LIST, vendor=None, more=(), **header):
    """What a network card says."""
    text = vendor or f"PXEClient:Arch:{arch:05d}:UNDI:003016"
    return {"prl": prl, "size": 1472, "options": [UUID, (93, f"{arch:04x}"), (94, "01030a"),
                                                  (60, text.encode()), *more], **header}


def ipxe(arch=0, **header):
    return rom(arch, IPXE_LIST, more=[(77, b"iPXE"), (175, "b105011af41000" + "eb0301000017010115010119010110010225010121"
                                                     "0101130101ff")], **header)


def windows(**header):
    return {"prl": WINDOWS_LIST, "options": [(60, b"MSFT 5.0"), (81, b"\0\0\0DESKTOP-1")], **header}


def boot_request(client=1, want="ack", ip="192.168.50.77", item=None, arch=0, to="192.168.50.1", **header):
    """The REQUEST to port 4011 of a client that has an address and has chosen from the menu (PXE 2.1 section 2.2)."""
    more = [(43, f"4704{item:04x}0000ff")] if item is not None else []
    return message("request", client, want, ciaddr=ip, to_port=4011,
                   **{"from": ip, "to": to, "label": "boot", **rom(arch, more=more), **header})


# ------------------------------------------------------------------ dhcp-boot

case("boot: what clients ask for", ONE + "dhcp-boot=pxelinux.0,boothost,192.168.50.9\n", [
    discover(**rom()), select(**rom()), discover(**rom(7)), discover(**ipxe()), select(**ipxe()), discover(**windows()),
    inform(**windows()), bootp(2, want=None)])

case("boot: server only", ONE + "dhcp-boot=,boothost,192.168.50.9\n", [discover(), discover(prl=(66, 67))])

case("boot: server name only", ONE + "dhcp-boot=file.img,boothost\n", [discover(), discover(prl=(66, 67))])

case("boot: server by name", ONE + "dhcp-boot=file.img,boothost,tftp.lan\n", [
    discover(), discover(), select(), discover()], hosts="192.168.50.7 tftp.lan\n")

case("boot: server by an unknown name", ONE + "dhcp-boot=file.img,boothost,nowhere.lan\n", [discover(), select()])

case("boot: architectures", ONE + """dhcp-match=set:efi64,option:client-arch,7
dhcp-match=set:efi64,option:client-arch,9
dhcp-match=set:efi32,option:client-arch,6
dhcp-match=set:bios,option:client-arch,0
dhcp-match=set:http,option:client-arch,16
dhcp-match=set:ipxe,175
dhcp-boot=tag:!ipxe,tag:bios,undionly.kpxe
dhcp-boot=tag:!ipxe,tag:efi64,ipxe.efi
dhcp-boot=tag:!ipxe,tag:efi32,ipxe32.efi
dhcp-boot=tag:ipxe,http://boot.lan/menu.ipxe
dhcp-option=tag:ipxe,encap:175,176,1b
dhcp-option-force=tag:http,60,HTTPClient
""", [discover(**rom(0)), discover(**rom(7)), discover(**rom(9)), discover(**rom(6)), discover(**rom(11)),
      discover(**ipxe(0)), discover(**ipxe(7)), select(**ipxe(7)),
      discover(**rom(16, vendor="HTTPClient:Arch:00016:UNDI:003001"))])

case("boot: two lines", ONE + "dhcp-boot=first.img\ndhcp-boot=second.img,host2\n", [discover(), discover(prl=(66, 67))])

case("boot: range tags", """dhcp-range=set:pool,192.168.50.100,192.168.50.100,1h
dhcp-mac=set:m,02:00:00:00:00:01
dhcp-boot=tag:m,mac.img
dhcp-boot=tag:pool,pool.img
dhcp-boot=plain.img
""", [discover(1), discover("06:00:00:00:00:03")])

case("boot: options beside it", ONE + """dhcp-boot=boot.img,boothost,192.168.50.9
dhcp-option=66,option.host
dhcp-option=67,option.img
""", [discover(), discover(prl=(66, 67)), discover(prl=(67,))])

case("boot: forced options beside it", ONE + """dhcp-boot=boot.img,boothost,192.168.50.9
dhcp-option-force=66,option.host
dhcp-option-force=67,option.img
""", [discover(), discover(prl=(66, 67)), discover(prl=(1,))])

case("boot: server ip option beside it", ONE + "dhcp-boot=boot.img,boothost,192.168.50.9\n"
     "dhcp-option=option:server-ip-address,192.168.50.8\n", [discover(), select()])

case("boot: a name too long for its field", ONE + f"dhcp-boot={'f' * 140},{'h' * 70}\n",
     [discover(), discover(prl=(66, 67))])

case("boot: no override", ONE + """dhcp-boot=boot.img,boothost,192.168.50.9
dhcp-no-override
dhcp-option-force=67,option.img
""", [discover(**rom()), discover(prl=(66, 67)), discover(prl=(1,))])

case("boot: tftp options", ONE + """dhcp-option=150,192.168.50.20,192.168.50.21
dhcp-option=209,conf/default
dhcp-option=210,/tftp/
dhcp-option=211,30i
dhcp-option-force=208,f1:00:74:7e
dhcp-boot=pxelinux.0
""", [discover(), discover(prl=(150, 208, 209, 210, 211)), discover(**rom())])

case("boot: relayed", RELAY_RANGE + "dhcp-boot=boot.img\n", [relayed(discover()), relayed(discover(prl=(66, 67)))])

case("boot: renewals", ONE + "dhcp-boot=boot.img,boothost,192.168.50.9\n", [select(), renew(), renew(prl=(67,)), reboot()])

# ------------------------------------------------------------------ BOOTP

case("boot: BOOTP lists", ONE + """dhcp-host=02:00:00:00:00:01,192.168.50.60,set:a
dhcp-host=02:00:00:00:00:04,192.168.50.64,set:many
dhcp-boot=tag:a,kernel.img
dhcp-option=42,192.168.50.9
dhcp-option=44,192.168.50.8
dhcp-option-force=tag:many,200,abcdefghijabcdefghijabcdefghijabcdefghijabcdefghij
dhcp-option=17,/srv/root
bootp-dynamic
""", [bootp(1), bootp(4), bootp(5), bootp(5), discover(5), bootp(1, options=[(55, "2a")]), bootp(1, options=[(57, "05dc")]),
      bootp(1, ciaddr="192.168.50.60", want="bootp"), bootp(1, sname=b"other".hex()), bootp(6, want=None)])

# ------------------------------------------------------------------ broadcasts

case("boot: broadcast and tags", ONE + """dhcp-broadcast=tag:b,tag:c
dhcp-broadcast=tag:d
dhcp-mac=set:b,02:00:00:00:00:*
dhcp-mac=set:c,02:00:00:00:00:02
dhcp-mac=set:d,02:00:00:00:00:03
""", [discover(1), discover(2), discover(3), select(3), bootp(3, want=None)])

# ------------------------------------------------------------------ options of PXE clients and others

case("boot: Windows", ONE + """dhcp-option=vendor:MSFT,2,1i
dhcp-option=249,10.1.0.0/16,192.168.50.9
dhcp-option=121,10.1.0.0/16,192.168.50.9
dhcp-option=252,"http://wpad.lan/wpad.dat"
dhcp-option=44,192.168.50.8
dhcp-option=46,8
dhcp-option=119,lan.test,eng.lan.test
dhcp-option=114,"https://portal.lan/api"
""", [discover(**windows()), select(**windows()), inform(**windows()), discover(prl=(114, 119))])

case("boot: vendor identifying", ONE + """dhcp-option=vi-encap:4491,2,text
dhcp-option=vi-encap:4491,3,192.168.50.9
dhcp-option=vi-encap:3561,1,acs
dhcp-option-force=vi-encap:99,1,5
""", [discover(), discover(prl=(125,)), discover(prl=(1,)), discover(prl=(125,), options=[(124, "0000118b0401020304")])])

case("boot: vendor class for PXE without services", ONE + """dhcp-option=vendor:PXEClient,6,2b
dhcp-option=vendor:PXEClient,1,0.0.0.0
dhcp-boot=pxelinux.0
""", [discover(**rom()), discover(prl=(1,), options=[(60, b"PXEClient")]), discover(prl=(43, 60)), discover(**windows())])

case("boot: vendor class split", ONE + "".join(f"dhcp-option=vendor:PXEClient,{i},{'v' * 100}\n" for i in range(1, 5)),
     [discover(**rom()), select(**rom())])

case("boot: encap split", ONE + "".join(f"dhcp-option=encap:175,{i},{'v' * 100}\n" for i in range(1, 5)),
     [discover(**ipxe()), discover(size=1472)])

case("boot: long client options", ONE + "dhcp-option=vendor:needle,1,7\n", [
    discover(prl=(43,), options=[(60, b"x" * 250), (60, b"needle")]), discover(options=[(55, "2b"), (55, "2c")])])

# ------------------------------------------------------------------ menus

case("pxe: one service", ONE + "pxe-service=x86PC,\"Install Linux\",pxelinux\n", [
    discover(**rom()), select(**rom()), discover(**rom(7)), discover(), discover(prl=(1,), options=[(60, b"PXEClient")]),
    boot_request(item=0x8000), boot_request(item=0x8001, want=None), boot_request(item=0, want=None), boot_request(want=None),
    inform(**rom()), discover(**ipxe()), discover(**rom(prl=(1, 3)))])

case("pxe: several services", ONE + """pxe-prompt="Press F8 for menu.",30
pxe-service=x86PC,"Boot from local disk"
pxe-service=x86PC,"Install Linux",pxelinux,192.168.50.9
pxe-service=x86PC,"Install Windows",1,192.168.50.8
pxe-service=x86PC,"Discover",2
pxe-service=x86-64_EFI,"Install EFI",boot.efi
pxe-service=x86-64_EFI,"Another EFI",other.efi,192.168.50.8
pxe-service=BC_EFI,"One EFI",one.efi,192.168.50.8
pxe-service=IA32_EFI,"Old EFI",old
""", [discover(**rom()), select(**rom()), discover(**rom(7)), discover(**rom(9)), discover(**rom(6)), discover(**rom(2)),
      boot_request(item=0x8000), boot_request(item=0x8001), boot_request(item=1, want=None), boot_request(item=2, want=None),
      boot_request(item=0, want=None), boot_request(arch=7, item=0x8001), boot_request(arch=7, item=0x8002),
      boot_request(arch=9, item=0x8003)])

case("pxe: prompt without services", ONE + "pxe-prompt=\"Wait\",5\ndhcp-boot=pxelinux.0\n", [
    discover(**rom()), discover(**rom(7)), discover(**ipxe()), discover()])

case("pxe: prompt without a timeout", ONE + "pxe-prompt=\"Choose\"\npxe-service=0,\"A\",a\npxe-service=0,\"B\",b\n", [
    discover(**rom())])

case("pxe: prompt at once", ONE + "pxe-prompt=\"Choose\",0\npxe-service=0,\"A\",a\npxe-service=0,\"B\",b\n", [
    discover(**rom())])

case("pxe: services without prompt", ONE + "pxe-service=x86PC,\"A\",a\npxe-service=x86PC,\"B\",b.0\n", [
    discover(**rom()), boot_request(item=0x8000), boot_request(item=0x8001), boot_request(item=0x8002, want=None)])

case("pxe: local boot only", ONE + "pxe-service=x86PC,\"Disk\"\n", [discover(**rom())])

case("pxe: local boot by number", ONE + "pxe-service=x86PC,\"Disk\",0\npxe-service=x86PC,\"Two\",two\n", [discover(**rom())])

case("pxe: tags", ONE + """dhcp-mac=set:m,02:00:00:00:00:01
pxe-prompt=tag:m,"For m",9
pxe-prompt=tag:!m,"For others",8
pxe-service=tag:m,x86PC,"For m",m
pxe-service=tag:!m,x86PC,"For others",o
pxe-service=x86PC,"For all",all
""", [discover(1, **rom()), discover("06:00:00:00:00:02", **rom()), boot_request(1, item=0x8000),
      boot_request(1, item=0x8001), boot_request(1, item=0x8002), boot_request(2, item=0x8001)])

case("pxe: layers", ONE + "pxe-service=x86PC,\"A\",a\n", [
    boot_request(**{"options": [UUID, (93, "0000"), (60, b"PXEClient"), (43, "470480000001ff")]}),
    boot_request(want=None, **{"options": [UUID, (93, "0000"), (60, b"PXEClient"), (43, "4704800080ffff")]}),
    boot_request(want=None, **{"options": [UUID, (93, "0000"), (60, b"PXEClient"), (43, "47028000ff")]}),
    boot_request(want=None, **{"options": [UUID, (93, "0000"), (60, b"Other"), (43, "470480000000ff")]}),
    boot_request(**{"options": [(60, b"PXEClient"), (43, "470480000000ff")]}),
    boot_request(prl=None, flags=0x8000, item=0x8000), boot_request(from_port=4011, item=0x8000),
    boot_request(to="255.255.255.255", item=0x8000), boot_request(ip="0.0.0.0", item=0x8000, want=None)])

case("pxe: dhcp-boot beside services", ONE + """dhcp-boot=boot.img,boothost,192.168.50.9
pxe-service=x86PC,"A",a
pxe-service=x86-64_EFI,"E",e.efi
""", [discover(**rom()), discover(**rom(7)), discover(**rom(9)), boot_request(item=0x8000), discover(), discover(**ipxe())])

case("pxe: server by name", ONE + "pxe-service=x86PC,\"A\",a,tftp.lan\npxe-service=x86PC,\"B\",3,tftp.lan\n",
     [discover(**rom()), boot_request(item=0x8000)], hosts="192.168.50.7 tftp.lan\n")

case("pxe: other vendors", ONE + "dhcp-pxe-vendor=Mine,PXEServer\npxe-service=x86PC,\"A\",a\n", [
    discover(**rom()), discover(**rom(vendor="Mine:Arch:00000")), discover(**rom(vendor="PXEServer")),
    discover(**rom(vendor="min")), boot_request(**rom(vendor="Mine", more=[(43, "470480000000ff")]))])

case("pxe: option 43 beside services", ONE + """pxe-service=x86PC,"A",a
dhcp-option=43,01:02:ff
dhcp-option=vendor:PXEClient,71,1s
""", [discover(**rom()), discover()])

case("pxe: relayed", RELAY_RANGE + "pxe-service=x86PC,\"A\",a\n", [relayed(discover(**rom()))])

# ------------------------------------------------------------------ proxy-DHCP

case("proxy: one service", PROXY + "pxe-service=x86PC,\"Install Linux\",pxelinux\n", [
    discover(**rom()), discover(want=None), select(server="192.168.50.7", want=None, **rom()),
    select(want=None, **rom()), boot_request(item=0x8000), boot_request(), inform(want=None),
    inform(want=None, **rom()), discover(flags=0x8000, **rom()), bootp(want=None), discover(want=None, **windows())])

case("proxy: menu", PROXY + """pxe-prompt="Press F8",10
pxe-service=x86PC,"Local"
pxe-service=x86PC,"Linux",pxelinux
pxe-service=X86-64_EFI,"EFI",boot.efi
pxe-service=x86PC,"WDS",1,192.168.50.8
""", [discover(**rom()), discover(**rom(7)), discover(want="offer", **rom(6)), boot_request(item=0x8000),
      boot_request(arch=7, item=0x8001), discover(**ipxe())])

case("proxy: no services", PROXY + "dhcp-boot=pxelinux.0\n", [discover(want=None, **rom())])

case("proxy: dhcp-boot and services", PROXY + """dhcp-boot=boot.img,boothost,192.168.50.9
pxe-service=x86PC,"A",a
dhcp-option=vendor:PXEClient,10,text
dhcp-option=209,conf
dhcp-option-force=210,prefix
""", [discover(**rom()), discover(**rom(7)), boot_request(item=0x8000), boot_request()])

case("proxy: prompt and dhcp-boot", PROXY + "pxe-prompt=\"Boot\",0\ndhcp-boot=pxelinux.0\n", [
    discover(**rom()), discover(**rom(7)), boot_request(), boot_request(item=0x8000, want=None)])

case("proxy: ignored and tagged", PROXY + """dhcp-mac=set:m,02:00:00:00:00:01
dhcp-ignore=tag:m
pxe-service=x86PC,"A",a
""", [discover(1, want=None, **rom()), discover("06:00:00:00:00:02", **rom()), boot_request(1, want=None, item=0x8000)])

case("proxy: beside a range", ONE + PROXY + "pxe-service=x86PC,\"A\",a\n", [
    discover(**rom()), select(**rom()), discover(2, want=None), boot_request(item=0x8000)])

case("proxy: EFI", PROXY + """pxe-service=x86-64_EFI,"E",e.efi,192.168.50.8
pxe-service=IA32_EFI,"A",a
pxe-service=IA32_EFI,"B",b
pxe-service=BC_EFI,"Old",old
pxe-service=ARM64_EFI,"Disk"
""", [discover(**rom(7)), boot_request(arch=7), boot_request(arch=7, item=0x8000), discover(**rom(6)), boot_request(arch=6),
      discover(**rom(9)), boot_request(arch=9), discover(**rom(11)), boot_request(arch=11), discover(**rom(8)),
      boot_request(arch=8), boot_request(prl=(1, 3))])

case("proxy: EFI and dhcp-boot", PROXY + """dhcp-boot=boot.efi,boothost
pxe-service=x86-64_EFI,"E",e.efi
pxe-service=IA32_EFI,"A",a
pxe-service=IA32_EFI,"B",b
""", [discover(**rom(7)), boot_request(arch=7), discover(**rom(6)), boot_request(arch=6), discover(**rom(11)),
      boot_request(arch=11)])

case("proxy: a tag for the range", """dhcp-mac=set:m,02:00:00:00:00:01
dhcp-range=tag:m,192.168.50.0,proxy
pxe-service=x86PC,"A",a
""", [discover(1, **rom()), discover("06:00:00:00:00:02", want=None, **rom()), boot_request(1)])

case("proxy: another network", "dhcp-range=192.168.99.0,proxy\npxe-service=x86PC,\"A\",a\n", [
    discover(want=None, **rom())])

case("proxy: by relay", "dhcp-range=10.9.0.0,proxy,255.255.0.0\npxe-service=x86PC,\"A\",a\n", [
    relayed(discover(**rom()))])

# ------------------------------------------------------------------ options with rules of their own

case("boot: IPv6 only", ONE + "dhcp-option=108,30i\n", [
    discover(prl=PRL), discover(prl=(*PRL, 108)), select(prl=(*PRL, 108)), discover(), select(prl=(108,))])
