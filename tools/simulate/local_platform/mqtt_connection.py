"""One MQTT client: checks every packet before the broker library sees it.

The library (amqtt) acknowledges a publish before anybody has worked on it, drops what is still
queued when a client leaves, and cannot close a link over a topic. So publishes are taken here:
stored, then acknowledged. The library sees only whole, permitted packets, and does sessions,
subscriptions and delivery. Protocol facts: MQTT 3.1.1, and what the platform's public clients show.
"""

import asyncio
import contextlib

from amqtt.adapters import BufferReader, ReaderAdapter
from amqtt.errors import AMQTTError, CodecError, MQTTError, NoDataError
from amqtt.mqtt import packet_class
from amqtt.mqtt.connack import (
    BAD_USERNAME_PASSWORD,
    NOT_AUTHORIZED,
    UNACCEPTABLE_PROTOCOL_VERSION,
    ConnackPacket,
)
from amqtt.mqtt.connect import ConnectPacket
from amqtt.mqtt.constants import QOS_1
from amqtt.mqtt.packet import (
    CONNECT,
    DISCONNECT,
    PINGREQ,
    PUBACK,
    PUBLISH,
    SUBSCRIBE,
    UNSUBSCRIBE,
    MQTTFixedHeader,
)
from amqtt.mqtt.puback import PubackPacket
from amqtt.mqtt.suback import SubackPacket, SubackPayload
from amqtt.mqtt.subscribe import SubscribePacket

from .core import Core, Refused, mask
from .outgoing_packets import OutgoingPackets
from .payloads import shown
from .store import Token
from .topics import read_filter
from .watching import Message

CONNECT_TIMEOUT_S = 10
CLOSE_TIMEOUT_S = 1
MAX_PACKET_BYTES = 256 * 1024
MQTT_3_1_1 = 4
_PASSED_ON = (SUBSCRIBE, UNSUBSCRIBE, PUBACK, PINGREQ, DISCONNECT)


class Violation(Exception):
    """The client did what ends its connection; the text says what."""


class MqttConnection(ReaderAdapter):
    """One client's connection, and the stream of packets that the broker library reads.

    Args:
        reader, writer: the client's socket.
        core: the platform's rules.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, core: Core):
        self.outgoing = OutgoingPackets(writer, core)
        self.token: Token | None = None
        self.client_id = ""
        self._reader = reader
        self._writer = writer
        self._core = core
        self._for_broker = bytearray()
        self._silence_s = CONNECT_TIMEOUT_S
        self._will: tuple[str, bytes] | None = None
        self._end: str | None = None

    async def admit(self) -> bool:
        """Read CONNECT and check it; a refusal is answered and reported.

        Returns:
            Whether the broker library may go on with this client.
        """
        try:
            frame = await asyncio.wait_for(self._read_frame(), self._silence_s)
            packet = await _decode(frame)
        except EOFError:
            self._core.log("MQTT port tried, and left before CONNECT; make doctor does so")
            return False
        except (asyncio.TimeoutError, OSError):
            self._core.log("MQTT connection closed: no CONNECT came")
            return False
        except Violation as violation:
            self._core.log(f"MQTT connection closed: {violation}")
            return False
        refusal = self._core.fault("refuse_connect") or self._check_token(packet)
        if refusal is not None:
            self.outgoing.write(ConnackPacket.build(0, refusal).to_bytes())
            self._note("CONNECT", result=f"refused, code {refusal}")
            return False
        self.client_id = packet.client_id
        self._silence_s = packet.keep_alive * 1.5 or None
        self._for_broker += _plain_connect(packet)
        # Some clients take their token for a client id.
        name = shown(self.client_id.replace(self.token.text, mask(self.token.text)), 40)
        self._core.log(f"MQTT {mask(self.token.text)} connected as {name}")
        self._note(f"CONNECT as {name}")
        return True

    def _note(self, what, device_id=None, result=""):
        """Tell those who watch; what concerns no named device concerns that of the token."""
        device_id = device_id or (self.token and self.token.device_id)
        message = Message("MQTT", "in", what, device_id, self.token, result=result)
        self._core.watching.message(message)

    def _check_token(self, packet):
        if packet.proto_name != "MQTT" or packet.proto_level != MQTT_3_1_1:
            self._core.log("MQTT connection refused: only MQTT 3.1.1 is spoken here")
            return UNACCEPTABLE_PROTOCOL_VERSION
        token = self._core.store.token(packet.username or "")
        if token is None or not packet.password:
            what = "password is empty" if token else "token is not known"
            self._core.log(f"MQTT {mask(packet.username or '')} refused: the {what}")
            return BAD_USERNAME_PASSWORD
        if packet.will_flag:
            try:
                self._core.check_subscription(token, packet.will_topic or "")
            except Refused as refusal:
                self._core.log(f"MQTT {mask(token.text)} refused: its will: {refusal}")
                return NOT_AUTHORIZED
            self._will = (packet.will_topic, bytes(packet.will_message))
        self.token = token
        return None

    def has_ended(self) -> bool:
        """Return whether the client has gone, or is to go."""
        return self._end is not None or self._reader.at_eof()

    def close(self, reason: str) -> None:
        """End the connection from the platform's side; a will is not published."""
        self._will = None
        self._end = self._end or reason
        self._writer.transport.abort()

    async def finish(self) -> None:
        """Let go of the socket, report the end, publish the will of a client that vanished."""
        self._writer.close()
        try:
            await asyncio.wait_for(self._writer.wait_closed(), CLOSE_TIMEOUT_S)
        except (asyncio.TimeoutError, OSError):
            self._writer.transport.abort()
        if self.client_id:
            end = self._end or "connection lost"
            self._core.log(f"MQTT {mask(self.token.text)} disconnected: {end}")
            self._note("DISCONNECT", result=end)
        if self.token and self._will:
            with contextlib.suppress(Refused):
                await self._core.take_publish(self.token, *self._will)

    # What the broker library calls

    async def read(self, n: int = -1) -> bytes:
        """Return the next bytes for the broker library, none when the connection is over."""
        while n and not self._for_broker:
            if self._end:
                return b""
            self._for_broker += await self._next_packet()
        count = len(self._for_broker) if n < 0 else n
        data = bytes(self._for_broker[:count])
        del self._for_broker[:count]
        return data

    def feed_eof(self) -> None:
        """Take note of the end of the stream: ``read`` finds it by itself."""

    async def _next_packet(self):
        try:
            frame = await asyncio.wait_for(self._read_frame(), self._silence_s)
            return await self._take(frame)
        except asyncio.TimeoutError:
            self._end = self._end or f"silent for {self._silence_s:g} s"
        except (OSError, EOFError):
            self._end = self._end or "connection lost"
        except (Refused, Violation) as error:
            self._end = self._end or f"closed by the platform: {error}"
            self._will = None
        return b""

    async def _read_frame(self):
        first = await self._reader.readexactly(1)
        if not self.client_id and first[0] >> 4 != CONNECT:
            raise Violation("the first packet is no CONNECT; is this an MQTT client?")
        header = first
        length = 0
        for shift in (0, 7, 14, 21):
            digit = await self._reader.readexactly(1)
            header += digit
            length |= (digit[0] & 0x7F) << shift
            if digit[0] < 0x80:
                break
        else:
            raise Violation("a packet has a length of more than four bytes")
        if length > MAX_PACKET_BYTES:
            raise Violation(f"a packet of {length} bytes is over the limit of {MAX_PACKET_BYTES}")
        return header + await self._reader.readexactly(length)

    async def _take(self, frame):
        kind = frame[0] >> 4
        if kind != PUBLISH and kind not in _PASSED_ON:
            raise Violation(f"a packet of type {kind} may not come here")
        packet = await _decode(frame)
        if kind == PUBLISH:
            await self._publish(packet)
            return b""
        if kind == SUBSCRIBE:
            return self._checked_subscribe(packet)
        if kind == DISCONNECT:
            self._will = None
            self._end = "the client said DISCONNECT"
        return frame

    async def _publish(self, packet):
        if packet.qos > QOS_1:
            raise Violation("QoS 2 is not supported")
        await self._core.take_publish(self.token, packet.topic_name, packet.data)
        if packet.qos == QOS_1:
            self.outgoing.write(PubackPacket.build(packet.packet_id).to_bytes())
            await self.outgoing.drain()

    def _checked_subscribe(self, packet):
        wanted = []
        for topic_filter, qos in packet.payload.topics:
            self._core.check_subscription(self.token, topic_filter)
            self._core.log(f"MQTT {mask(self.token.text)} subscribes to {shown(topic_filter)}")
            self._note(f"SUBSCRIBE {topic_filter}", read_filter(topic_filter))
            wanted.append((topic_filter, min(qos, QOS_1)))
        number = packet.variable_header.packet_id
        if self._core.fault("refuse_subscriptions"):
            codes = [SubackPayload.RETURN_CODE_80] * len(wanted)
            self.outgoing.write(SubackPacket.build(number, codes).to_bytes())
            return b""
        return SubscribePacket.build(wanted, number).to_bytes()


async def _decode(frame):
    """Return a packet of the broker library's own kind, made from all bytes of one packet."""
    buffer = BufferReader(frame)
    try:
        header = await MQTTFixedHeader.from_stream(buffer)
        return await packet_class(header).from_stream(buffer, fixed_header=header)
    except (AMQTTError, MQTTError, CodecError, NoDataError, ValueError, IndexError) as error:
        raise Violation(f"a packet cannot be read: {error}") from None


def _plain_connect(packet: ConnectPacket) -> bytes:
    """Return the CONNECT as the broker library gets it: what is done here is taken off.

    The session is always a clean one, as every AllThingsTalk client asks for; silence is measured
    and the will is kept by this module.
    """
    packet.variable_header.clean_session_flag = True
    packet.variable_header.keep_alive = 0
    packet.variable_header.will_flag = False
    packet.variable_header.will_qos = 0
    packet.variable_header.will_retain_flag = False
    return packet.to_bytes()
