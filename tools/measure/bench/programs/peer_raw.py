"""The bench's limit: MQTT on a bare socket, one write a packet, nothing checked and nothing kept.

With a window of 1 it waits for each acknowledgement, which is the most that a client without a
pipeline can do; with 32 it shows what interpreter and broker give.
"""

import json
import socket
import struct

_IPPROTO_TCP, _TCP_NODELAY = 6, 1  # MicroPython's socket has no names for them


class Peer:
    def __init__(self, told, heard):
        self.told = told
        self.heard = heard
        self.window = told["window"]
        self.state_topic = b"device/%s/asset/count/state" % told["device"].encode()
        self.done_topic = b"device/%s/asset/done/state" % told["device"].encode()
        self.command_topic = b"device/%s/asset/led/command" % told["device"].encode()
        self.sock = None

    def connect(self):
        told = self.told
        if self.sock:
            self.ends()
        raw = socket.socket()
        raw.connect(socket.getaddrinfo(told["host"], told["port"])[0][-1])
        raw.setsockopt(_IPPROTO_TCP, _TCP_NODELAY, 1)  # else packets wait for each other's ACK
        self.sock = raw
        if told["ca"]:
            import ussl

            self.sock = ussl.wrap_socket(raw, ca=told["ca"])
        client_id, token = b"bench-raw%d" % self.window, told["token"].encode()
        body = b"\0\4MQTT\4\xc2\0\0"  # clean session, name and password, no keepalive
        for text in (client_id, token, b"-"):
            body += struct.pack(">H", len(text)) + text
        self._write(b"\x10", body)
        if self.sock.read(4)[3]:
            raise OSError("CONNECT was refused")
        topic = struct.pack(">H", len(self.command_topic)) + self.command_topic
        self._write(b"\x82", b"\0\1" + topic + b"\1")
        self.sock.read(5)

    def _write(self, kind, body):
        n = len(body)
        length = bytes([n]) if n < 128 else bytes([n & 127 | 128, n >> 7])
        self.sock.write(kind + length + body)

    def publish(self, count):
        qos, sock, window = self.told["qos"], self.sock, self.window
        topic = struct.pack(">H", len(self.state_topic)) + self.state_topic
        for number in range(count):
            packet_id = struct.pack(">H", number % 65535 + 1) if qos else b""
            self._write(bytes([0x30 | qos << 1]), topic + packet_id + b'{"value":%d}' % number)
            if qos and number >= window - 1:
                sock.read(4)
        if qos:
            sock.read(4 * min(count, window - 1))

    def mark(self):
        """Publish the value that a listener waits for."""
        topic = struct.pack(">H", len(self.done_topic)) + self.done_topic
        self._write(b"\x30", topic + b'{"value":1}')

    def poll(self):
        """Take one message, as QoS 1 commands come, and wait for it."""
        _, length = self.sock.read(2)
        body = self.sock.read(length)
        start = 2 + (body[0] << 8 | body[1])
        self.sock.write(b"\x40\2" + body[start : start + 2])
        self.heard(json.loads(body[start + 2 :])["value"])

    def ends(self):
        self.sock.write(b"\xe0\0")
        self.sock.close()
