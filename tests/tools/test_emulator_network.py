"""The emulated board's network, frame by frame: it ends on this machine, at the named ports.

The frames are those of a board that has joined the Wi-Fi; no firmware image is needed.
"""

import asyncio
import socket
import struct
import time

import pytest
from rp2040py.external.cyw43 import nat, net

from tools.simulate.emulator.network import LoopbackNetwork

MAC = bytes.fromhex("001018000002")
SOME_HOST = bytes([192, 0, 2, 1])  # documentation's network, RFC 5737
SENT_PORT = 50000
LIMIT_S = 10


class Chip:
    """What the network needs of the emulated chip: an event loop."""

    def schedule_threadsafe(self, coroutine):
        asyncio.get_running_loop().create_task(coroutine)


class Board:
    """A board's side of the network: sends packets, keeps frames and refusals."""

    def __init__(self, ports=(), names=()):
        self.frames = []
        self.refused = []
        self.network = LoopbackNetwork(
            Chip(), self.frames.append, ports, names, self.refused.append
        )

    def send(self, to, proto, packet):
        ip = net.pack_ipv4(nat.GUEST_IP, to, proto, packet)
        frame = net.pack_ethernet(nat.GATEWAY_MAC, MAC, net.ETHERTYPE_IPV4, ip)
        self.network.handle_outbound_ethernet_frame(frame)

    def send_udp(self, to, port, data):
        udp = net.pack_udp(nat.GUEST_IP, to, SENT_PORT, port, data)
        self.send(to, net.IP_PROTO_UDP, udp)

    def send_tcp(self, to, port, seq, ack=0, flags=net.TCP_ACK, data=b""):
        tcp = net.pack_tcp(
            nat.GUEST_IP, to, SENT_PORT, port, seq=seq, ack=ack, flags=flags, window=8192,
            payload=data,
        )  # fmt: skip
        self.send(to, net.IP_PROTO_TCP, tcp)

    def answered_udp(self):
        """Return the data of the one datagram that came."""
        (frame,) = self.frames
        return net.parse_udp(net.parse_ipv4(net.parse_ethernet(frame).payload).payload).payload

    async def segment(self):
        """Return the next TCP segment that comes."""
        until = time.monotonic() + LIMIT_S
        while not self.frames:
            assert time.monotonic() < until, "no frame came"
            await asyncio.sleep(0.01)
        frame = self.frames.pop(0)
        return net.parse_tcp(net.parse_ipv4(net.parse_ethernet(frame).payload).payload)


def question(name, kind=1):
    """Return a DNS query with the id 0x1234."""
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    return bytes.fromhex("1234 0100 0001 0000 0000 0000") + labels + struct.pack(">BHH", 0, kind, 1)


@pytest.fixture
def server():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.5)
        yield listening


def test_a_named_port_of_this_machine_is_reached_and_answers(server):
    port = server.getsockname()[1]

    async def talk():
        board = Board(ports=[port])
        board.send_tcp(nat.GATEWAY_IP, port, seq=100, flags=net.TCP_SYN)
        opened = await board.segment()
        assert opened.flags == net.TCP_SYN | net.TCP_ACK
        assert opened.ack == 101
        connection, _ = server.accept()
        with connection:
            connection.settimeout(LIMIT_S)
            board.send_tcp(nat.GATEWAY_IP, port, seq=101, ack=opened.seq + 1, data=b"hello")
            assert (await board.segment()).ack == 106
            assert connection.recv(100) == b"hello"
            connection.sendall(b"welcome")
            assert (await board.segment()).payload == b"welcome"
        assert board.refused == []

    asyncio.run(talk())


@pytest.mark.parametrize("to", [nat.GATEWAY_IP, SOME_HOST, bytes([127, 0, 0, 1])])
def test_every_other_port_and_address_refuses_without_a_connection(server, to):
    port = server.getsockname()[1]
    named = port if to != nat.GATEWAY_IP else 1  # at the gateway it is the port that is wrong

    async def knock():
        board = Board(ports=[named])
        board.send_tcp(to, port, seq=100, flags=net.TCP_SYN)
        answer = await board.segment()
        assert answer.flags & net.TCP_RST
        address = ".".join(str(byte) for byte in to)
        assert board.refused == [f"TCP to {address}:{port} refused"]

    asyncio.run(knock())
    with pytest.raises(TimeoutError):
        server.accept()


def test_a_named_host_leads_to_this_machine():
    board = Board(names=["platform.test"])
    board.send_udp(nat.GATEWAY_IP, 53, question("Platform.test"))
    answer = board.answered_udp()
    # the id, a response without error, one question, one answer
    assert answer[:8] == bytes.fromhex("1234 8180 0001 0001")
    assert answer[-6:] == bytes([0, 4]) + nat.GATEWAY_IP
    assert board.refused == []


def test_another_name_does_not_exist():
    board = Board(names=["platform.test"])
    board.send_udp(nat.GATEWAY_IP, 53, question("example.com"))
    assert board.answered_udp()[:8] == bytes.fromhex("1234 8183 0001 0000")
    assert board.refused == ["name example.com refused"]


def test_a_named_host_has_no_ipv6_address():
    board = Board(names=["platform.test"])
    board.send_udp(nat.GATEWAY_IP, 53, question("platform.test", kind=28))
    assert board.answered_udp()[:8] == bytes.fromhex("1234 8180 0001 0000")


@pytest.mark.parametrize(
    "query", [b"", b"\x12\x34\x01", question("platform.test")[:-3], question("a" * 80), bytes(12)]
)
def test_a_broken_name_query_is_refused_and_not_answered(query):
    board = Board(names=["platform.test"])
    board.send_udp(nat.GATEWAY_IP, 53, query)
    assert board.frames == []
    assert board.refused == ["UDP to 10.0.0.1:53 refused"]


def test_the_time_is_this_machines():
    board = Board()
    mark = b"\1\2\3\4\5\6\7\x08"
    board.send_udp(nat.GATEWAY_IP, 123, b"\x23" + bytes(39) + mark)
    answer = board.answered_udp()
    assert answer[0] == 0x24 and answer[24:32] == mark
    (seconds,) = struct.unpack(">I", answer[40:44])
    assert abs(seconds - 2208988800 - time.time()) < 5


def test_datagrams_to_any_other_host_go_nowhere():
    board = Board()
    board.send_udp(SOME_HOST, 53, question("platform.test"))
    board.send_udp(SOME_HOST, 123, b"\x23" + bytes(47))
    board.send_udp(nat.GATEWAY_IP, 9999, b"anything")
    assert board.frames == []
    assert board.refused == [
        "UDP to 192.0.2.1:53 refused",
        "UDP to 192.0.2.1:123 refused",
        "UDP to 10.0.0.1:9999 refused",
    ]


def test_what_a_board_calls_out_to_everybody_is_no_offence():
    board = Board()
    board.send_udp(bytes([224, 0, 0, 251]), 5353, question("board.local"))
    board.send_udp(b"\xff" * 4, 9999, b"anybody?")
    assert board.frames == board.refused == []


def test_the_board_is_given_an_address():
    board = Board()
    # a BOOTP request with DHCP's magic number and option 53: discover (RFC 2131)
    request = struct.pack(">BBBBI", 1, 1, 6, 0, 0x55) + bytes(20) + MAC + bytes(10 + 192)
    request += bytes.fromhex("63825363 350101 ff")
    udp = net.pack_udp(bytes(4), b"\xff" * 4, 68, 67, request)
    ip = net.pack_ipv4(bytes(4), b"\xff" * 4, net.IP_PROTO_UDP, udp)
    frame = net.pack_ethernet(b"\xff" * 6, MAC, net.ETHERTYPE_IPV4, ip)
    board.network.handle_outbound_ethernet_frame(frame)
    assert board.answered_udp()[16:20] == nat.GUEST_IP
