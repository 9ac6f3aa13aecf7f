"""The network that the emulated board finds: one host, this machine, and of it only named ports.

It takes the place of rp2040py's bridge, which would pass everything on to the real network. The
board gets its address by DHCP; the gateway 10.0.0.1 stands for 127.0.0.1; given names lead there;
every other name does not exist, every other address and port refuses. Time is told by NTP.
"""

import asyncio
import struct
import time

from rp2040py.external.cyw43 import nat, net

GATEWAY = ".".join(str(byte) for byte in nat.GATEWAY_IP)
_DNS_PORT, _NTP_PORT = 53, 123
_TYPE_A, _CLASS_IN = 1, 1
_NO_SUCH_NAME = 3
_TTL_S = 60
_MULTICAST = 224  # the first byte of addresses of groups; broadcast is above
_1900_S = 2208988800  # seconds from 1900, where NTP counts from, to 1970


class LoopbackNetwork:
    """What the Wi-Fi chip hands its Ethernet frames to.

    Args:
        rp2040: the emulated chip, on whose event loop connections are served.
        send: called with a frame for the board.
        ports: the ports of 127.0.0.1 that the board may open at 10.0.0.1.
        names: the host names that lead to 10.0.0.1.
        report: called with a sentence about each thing that is refused.
    """

    def __init__(self, rp2040, send, ports, names, report):
        self._send = send
        self._ports = frozenset(ports)
        self._names = frozenset(name.lower().rstrip(".") for name in names)
        self._report = report
        self._arp = nat.ArpResponder()
        self._dhcp = nat.DhcpServer()
        self._tcp = nat.TcpReflector(rp2040, send, connect_fn=self._connect)

    def reset(self):
        """Cut all connections; the board has left the Wi-Fi."""
        self._tcp.reset()

    def handle_outbound_ethernet_frame(self, frame):
        """Take a frame from the board; answers go to `send`, now or later."""
        ethernet = net.parse_ethernet(frame)
        if ethernet is None:
            return
        answer = self._arp.maybe_handle(ethernet) or self._dhcp.maybe_handle(ethernet)
        if answer is not None:
            self._send(answer)
            return
        packet = None
        if ethernet.ethertype == net.ETHERTYPE_IPV4:
            packet = net.parse_ipv4(ethernet.payload)
        if packet is None:
            return
        if packet.proto == net.IP_PROTO_TCP:
            self._tcp.maybe_handle(ethernet, packet)
        elif packet.proto == net.IP_PROTO_UDP:
            self._answer_datagram(ethernet, packet)

    async def _connect(self, address, port):
        if address != GATEWAY or port not in self._ports:
            self._report(f"TCP to {address}:{port} refused")
            raise ConnectionRefusedError
        return await asyncio.open_connection("127.0.0.1", port)

    def _answer_datagram(self, ethernet, packet):
        datagram = net.parse_udp(packet.payload)
        if datagram is None:
            return
        answer = None
        if packet.dst_ip == nat.GATEWAY_IP:
            if datagram.dst_port == _DNS_PORT:
                answer = self._answer_name(datagram.payload)
            elif datagram.dst_port == _NTP_PORT:
                answer = _tell_time(datagram.payload)
        if answer is None:
            if packet.dst_ip[0] >= _MULTICAST:  # a board calls its own name (mDNS); nobody is here
                return
            to = ".".join(str(byte) for byte in packet.dst_ip)
            self._report(f"UDP to {to}:{datagram.dst_port} refused")
            return
        udp = net.pack_udp(
            packet.dst_ip, packet.src_ip, datagram.dst_port, datagram.src_port, answer
        )
        ip = net.pack_ipv4(packet.dst_ip, packet.src_ip, net.IP_PROTO_UDP, udp)
        self._send(net.pack_ethernet(ethernet.src_mac, nat.GATEWAY_MAC, net.ETHERTYPE_IPV4, ip))

    def _answer_name(self, query):
        """Return the answer to a DNS query (RFC 1035), None to what is none."""
        found = _question(query)
        if found is None:
            return None
        name, kind, end = found
        known = name in self._names
        if not known:
            self._report(f"name {name} refused")
        address = known and kind == _TYPE_A
        # 0x8180: a response, recursion desired and available
        flags = 0x8180 if known else 0x8180 | _NO_SUCH_NAME
        answer = query[:2] + struct.pack(">5H", flags, 1, int(address), 0, 0) + query[12:end]
        if address:
            # 0xc00c: the name is the one of the question
            record = struct.pack(">HHHIH", 0xC00C, _TYPE_A, _CLASS_IN, _TTL_S, 4)
            answer += record + nat.GATEWAY_IP
        return answer


def _question(query):
    """Return name, type and where the question ends of a DNS query, None if there is none."""
    labels, at = [], 12
    try:
        if query[2] & 0x80:  # an answer
            return None
        while query[at]:
            if query[at] > 63:  # a pointer; a question has none
                return None
            labels.append(query[at + 1 : at + 1 + query[at]].decode("ascii"))
            at += 1 + query[at]
        (kind,) = struct.unpack_from(">H", query, at + 1)
    except (IndexError, UnicodeDecodeError, struct.error):
        return None
    end = at + 5
    return (".".join(labels).lower(), kind, end) if labels and len(query) >= end else None


def _tell_time(query):
    """Return the answer to an NTP query (RFC 5905), None to what is none: this machine's time."""
    if len(query) < 48 or query[0] & 7 != 3:
        return None
    seconds, fraction = divmod(time.time(), 1)
    now = struct.pack(">II", (int(seconds) + _1900_S) & 0xFFFFFFFF, int(fraction * 2**32))
    # No warning, version 4, server; stratum 1; poll 6; precision 2**-20 s
    head = struct.pack(">BBbbII4s", 0x24, 1, 6, -20, 0, 0, b"LOCL")
    return head + now + query[40:48] + now + now
