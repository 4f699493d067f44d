"""An attacker with root: sends what each line of standard input says, packets by scapy, and prints that it did.

A line is a JSON object: `number`, `marker` (which the packets carry as `m`) and `code`. Arguments: a JSON object of what
the attacker knows of its surroundings. Whether a packet may be sent is not judged here: EPERM counts as sent.
"""

import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time

from scapy.contrib.geneve import GENEVE
from scapy.contrib.igmp import IGMP
from scapy.layers.dhcp import BOOTP
from scapy.layers.dns import DNS, DNSQR
from scapy.layers.inet import *
from scapy.layers.inet6 import *
from scapy.layers.l2 import ARP, Dot1Q, Ether, GRE
from scapy.layers.sctp import SCTP, SCTPChunkData, SCTPChunkInit
from scapy.layers.vxlan import VXLAN
from scapy.packet import Raw

known = json.loads(sys.argv[1])
ROUTER, HARDWARE, OWN4, OWN6 = (known[name] for name in ("router", "hardware", "own4", "own6"))
ALICE, BRIDGE, EGRESS = (known[name] for name in ("alice", "bridge", "egress"))
FAR4, FAR6 = "203.0.113.10", "2001:db8:113::10"
PEER4, PEER6 = "203.0.113.66", "2001:db8:66::66"
RESOLVER = "198.51.100.53"
PRODUCTPAGE4, PRODUCTPAGE6 = "10.1.1.10", "fd00:10:1:1::10"
REVIEWS4, REVIEWS6 = "10.1.1.11", "fd00:10:1:1::11"
COREDNS4 = "10.1.1.2"
DETAILS4, DETAILS6 = "10.1.2.20", "fd00:10:1:2::20"
GATEWAY4, GATEWAY6 = "10.1.2.10", "fd00:10:1:2::10"
FINISHED4 = "10.1.1.13"
MALLORY4, MALLORY6 = "10.1.3.11", "fd00:10:1:3::11"
ALICE4, ALICE6 = "10.1.3.12", "fd00:10:1:3::12"
ROUTER4, ROUTER6 = "10.1.3.254", "fd00:10:1:3::fe"
WORKER4, WORKER6 = "172.18.0.11", "fd00:172:18::11"
EGRESS4, EGRESS6 = "172.18.0.12", "fd00:172:18::12"
BRIDGENODE4 = "172.18.0.13"
NOBODY = "02:00:00:00:00:42"

SESSION = "v=0\r\no=- 1 1 IN IP4 203.0.113.66\r\ns=-\r\nc=IN IP4 203.0.113.66\r\nt=0 0\r\nm=audio 5004 RTP/AVP 0\r\n"
INVITE = (
    "INVITE sip:pod@10.1.1.11 SIP/2.0\r\nVia: SIP/2.0/UDP 203.0.113.66:5060\r\nFrom: <sip:peer@203.0.113.66>;tag=1\r\n"
    "To: <sip:pod@10.1.1.11>\r\nCall-ID: 1@203.0.113.66\r\nCSeq: 1 INVITE\r\nContact: <sip:peer@203.0.113.66>\r\n"
    f"Content-Type: application/sdp\r\nContent-Length: {len(SESSION)}\r\n\r\n{SESSION}").encode()

kept = {}  # what one order leaves for another

frames = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
raw4 = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
raw6 = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)


def wire(frame, interface="eth0"):
    """Sends a frame past all of the own kernel."""
    frames.sendto(bytes(frame), (interface, 0))


def out(*packets, to=None):
    """Sends packets to the router, or whoever has the hardware address `to`."""
    for packet in packets:
        wire(Ether(src=HARDWARE, dst=to or ROUTER) / packet)


def raw(*packets):
    """Sends packets by the own kernel's routes and through its output hooks."""
    for packet in packets:
        try:
            if packet.version == 4:
                raw4.sendto(bytes(packet), (packet.dst, 0))
            else:
                raw6.sendto(bytes(packet), (packet.dst, 0))
        except PermissionError:
            pass


def shell(command):
    subprocess.run(["sh", "-ec", command], check=True, capture_output=True, text=True)


def pieces(packet, *ranges):
    """IPv4 fragments: of the content these ranges of bytes, in this order; the one that ends it is the last."""
    content = bytes(packet.payload)
    for first, end in ranges:
        yield IP(
            src=packet.src, dst=packet.dst, proto=packet.proto, id=packet.id, frag=first // 8,
            flags="" if end >= len(content) else "MF") / Raw(content[first:end])


def pieces6(packet, *ranges):
    """The same for IPv6."""
    content = bytes(packet.payload)
    for first, end in ranges:
        yield IPv6(src=packet.src, dst=packet.dst) / IPv6ExtHdrFragment(
            nh=packet.nh, id=packet.fl, offset=first // 8, m=0 if end >= len(content) else 1) / Raw(content[first:end])


def counted(packet):
    """The packet as bytes and back, lengths and checksums filled in."""
    return packet.__class__(bytes(packet))


def vxlan(inner, vni=42):
    return UDP(sport=5555, dport=8472) / VXLAN(vni=vni, flags=8) / Ether(dst=NOBODY, src=HARDWARE) / inner


def forged(destination, m, source=PEER4, sport=443, dport=9080):
    """What the start of a connection from `source` looks like."""
    layer = IPv6 if ":" in destination else IP
    return layer(src=source, dst=destination) / TCP(sport=sport, dport=dport, flags="S") / Raw(m)


def serve_tunnels():
    """Ends of tunnels of an own making, where the kernel has none: what comes by Geneve, GRE and IPIP goes on by a TUN
    device, as from any tunnel."""
    device = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(device, 0x400454CA, struct.pack("16sH22x", b"tun0", 0x0001 | 0x1000))  # TUNSETIFF, IFF_TUN | IFF_NO_PI
    shell("ip link set tun0 up")
    geneve = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    geneve.bind(("", 6081))
    gre = socket.socket(socket.AF_INET, socket.SOCK_RAW, 47)
    ipip = socket.socket(socket.AF_INET, socket.SOCK_RAW, 4)
    for end, header in (geneve, 8 + 14), (gre, 20 + 4), (ipip, 20):
        threading.Thread(target=unwrap, args=(end, header, device), daemon=True).start()


def unwrap(end, header, device):
    while True:
        os.write(device, end.recv(65535)[header:])


def route_multicast(*ways):
    """Lets the node's kernel route multicast: (group, source, from interface, to interface)."""
    control = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_IGMP)
    control.setsockopt(socket.IPPROTO_IP, 200, struct.pack("i", 1))  # MRT_INIT
    interfaces = []
    for _, _, *both in ways:
        interfaces += [name for name in both if name not in interfaces]
    for index, name in enumerate(interfaces):
        vif = struct.pack("HBBIi4s", index, 8, 0, 0, socket.if_nametoindex(name), bytes(4))  # VIFF_USE_IFINDEX
        control.setsockopt(socket.IPPROTO_IP, 202, vif)  # MRT_ADD_VIF
    for group, source, entry, exit in ways:
        limits = bytearray(32)
        limits[interfaces.index(exit)] = 1
        entry = struct.pack("4s4sH32s", socket.inet_aton(source), socket.inet_aton(group), interfaces.index(entry), limits)
        control.setsockopt(socket.IPPROTO_IP, 204, entry + bytes(18))  # MRT_ADD_MFC
    return control


def lie(message, m, source, destination):
    """Neighbour discovery with a mark in an option that nobody knows."""
    option = ICMPv6NDOptUnknown(type=253, len=2, data=m + bytes(6))
    return IPv6(src=source, dst=destination, hlim=255) / message / option


def expect_helper(kind, text):
    """Where the kernel has the helper, it expects a connection for which it saw the announcement."""
    with open("/proc/thread-self/net/nf_conntrack_expect", encoding="utf8") as expected:
        lines = expected.read()
    if kept.get(kind) and text not in lines:
        raise RuntimeError(f"{kind} expects {lines!r}")


def assign_helper(kind, transport, port):
    """Gives connections to a port a helper, as some other program on the node may; not every kernel has each."""
    rules = f"""table inet helping-{kind} {{
      ct helper it {{ type "{kind}" protocol {transport}; }}
      chain prerouting {{ type filter hook prerouting priority 0; {transport} dport {port} ct helper set "it"; }}
    }}"""
    kept[kind] = subprocess.run(["nft", "-f", "-"], input=rules, capture_output=True, text=True).returncode == 0


def expect_no_helper():
    """Nobody has given any connection a helper."""
    with open("/proc/thread-self/net/nf_conntrack", encoding="utf8") as connections:
        if "helper=" in connections.read():
            raise RuntimeError("a helper is at work")


def expect_connection(text, there=True):
    """The node tracks a connection with these words, or does not within five seconds."""
    end = time.monotonic() + 5
    while True:
        with open("/proc/thread-self/net/nf_conntrack", encoding="utf8") as connections:
            found = text in connections.read()
        if found == there:
            return
        if time.monotonic() > end:
            raise RuntimeError(f"{text} is {'not ' if there else ''}tracked")
        time.sleep(0.01)


def fill_connections(destination):
    """Makes the nodes on the way track as many connections as they can."""
    with open("/proc/sys/net/netfilter/nf_conntrack_max", encoding="utf8") as limit:
        most = int(limit.read())
    frame = bytearray(bytes(Ether(src=HARDWARE, dst=ROUTER) / IP(src=OWN4, dst=destination) / UDP(chksum=0)))
    for number in range(most + 2000):
        frame[34:38] = struct.pack(">HH", 1024 + number % 60000, 20000 + number // 60000)
        frames.sendto(frame, ("eth0", 0))


def forget_connections():
    """Deletes all that the node tracks. See: linux/netfilter/nfnetlink_conntrack.h, IPCTNL_MSG_CT_DELETE"""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12) as netlink:
        netlink.sendto(struct.pack("=IHHIIBBH", 20, 0x102, 5, 1, 0, 0, 0, 0), (0, 0))
        netlink.recv(4096)


class Flood:
    """Sends the same packets without end."""

    def __init__(self, *packets, to=None):
        self.ends, self.count = threading.Event(), 0
        whole = [bytes(Ether(src=HARDWARE, dst=to or ROUTER) / packet) for packet in packets]
        self.thread = threading.Thread(target=self.send, args=(whole,), daemon=True)
        self.thread.start()

    def send(self, whole):
        while not self.ends.wait(0.0005):
            for frame in whole:
                try:
                    frames.sendto(frame, ("eth0", 0))
                    self.count += 1
                except OSError:  # no link at the moment
                    pass

    def end(self):
        """Ends, but not before it was a flood."""
        enough = time.monotonic() + 10
        while self.count < 300 and time.monotonic() < enough:
            time.sleep(0.01)
        self.ends.set()
        self.thread.join()
        if self.count < 300:
            raise RuntimeError(f"only {self.count} packets sent")


# One processor for all: packets come through in the order in which they were sent.
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
print("ready", flush=True)
with open(known["orders"], encoding="utf8") as orders:
    for line in orders:
        order = json.loads(line)
        try:
            exec(order["code"], globals() | {"m": order["marker"].encode()})
            print(order["number"], "done", flush=True)
        except Exception as error:
            print(order["number"], "failed", repr(error), flush=True)
