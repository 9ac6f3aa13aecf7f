"""What goes out to one MQTT client: whole packets, and the faults that befall them on the way.

The broker library and MqttConnection write here, one call of ``write`` for one packet.
"""

import asyncio

from amqtt.adapters import StreamWriterAdapter
from amqtt.mqtt.packet import CONNACK, PINGRESP, PUBACK

from .core import Core

# MQTT 3.1.1, section 3.2: the fourth byte of CONNACK is the return code.
_ACCEPTED = b"\x00"


class OutgoingPackets(StreamWriterAdapter):
    """What the broker library writes to; closing does not wait for a client that reads nothing.

    Args:
        writer: the client's socket.
        core: the platform's rules, asked for faults.
    """

    def __init__(self, writer: asyncio.StreamWriter, core: Core):
        super().__init__(writer)
        self._core = core

    def write(self, data: bytes) -> None:
        """Send one packet, or do with it what a fault wants."""
        kind = data[0] >> 4
        if kind == PUBACK:
            self._write_puback(data)
        elif kind != PINGRESP or self._core.fault("ignore_pings") is None:
            super().write(data)
        if kind == CONNACK and data[3:] == _ACCEPTED and self._core.fault("close_after_connack"):
            self._writer.close()

    def _write_puback(self, data):
        if self._core.fault("drop_pubacks"):
            return
        delay_ms = self._core.fault("delay_pubacks")
        if delay_ms is None:
            super().write(data)
        else:
            asyncio.get_running_loop().call_later(delay_ms / 1000, self._write_late, data)

    def _write_late(self, data):
        if not self._writer.is_closing():
            super().write(data)

    async def close(self) -> None:
        """Close once what was written is on its way."""
        self.is_closed = True
        self._writer.close()
