"""The MQTT side: a listening socket, its clients, and amqtt as the broker behind them."""

import asyncio
import logging
import socket
import ssl

from amqtt.broker import Broker
from amqtt.contexts import BrokerConfig, ListenerConfig, ListenerType

from .core import Core
from .mqtt_connection import MqttConnection
from .sockets import listen, stop_accepting
from .topics import matches
from .watching import Message

LEAVE_TIMEOUT_S = 0.5
STOP_TIMEOUT_S = 5
_LISTENER = "default"
# The plug-in that says yes: MqttConnection has checked the token before the library is asked.
_PLUGINS = {"amqtt.plugins.base.BaseAuthPlugin": {}}


class _Broker(Broker):
    """The library's, which at each CONNECT sends what is retained for anybody's subscriptions."""

    async def _publish_retained_messages_for_subscription(self, subscription, session):
        if any(entry[0] is session for entry in self.subscriptions.get(subscription[0], ())):
            await super()._publish_retained_messages_for_subscription(subscription, session)


class LocalBroker:
    """The broker of one local platform; it lives in the event loop that starts it.

    Args:
        core: the platform's rules; the broker gives it the way out to the clients.
        retained: the retained messages by topic, which outlive this broker.
    """

    def __init__(self, core: Core, retained: dict[str, bytes]):
        self._core = core
        self._retained = retained
        self._connections: dict[MqttConnection, asyncio.Task] = {}
        self._server: asyncio.Server | None = None
        self._socket: socket.socket | None = None
        self._broker: Broker | None = None

    async def start(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> int:
        """Listen, and return the port; port 0 takes any free one. With `tls` over TLS.

        Raises:
            OSError: the port cannot be had.
        """
        self._socket = listen("MQTT", host, port)
        # What the library reports about its clients is reported here already, in better words.
        for name in ("amqtt", "transitions"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        # The socket is ours, so that port 0, closing one client and checking packets are possible.
        listener = ListenerConfig(type=ListenerType.EXTERNAL)
        self._broker = _Broker(BrokerConfig(listeners={_LISTENER: listener}, plugins=_PLUGINS))
        await self._broker.start()
        self._core.publish = self._publish
        self._core.retain = self._retain
        for topic, payload in self._retained.items():
            await self._broker.retain_message(None, topic, payload)
        self._core.count_listeners = self._count_listeners
        self._server = await asyncio.start_server(self._serve, sock=self._socket, ssl=tls)
        return self._socket.getsockname()[1]

    async def stop(self) -> None:
        """Drop every client and stop listening."""
        await stop_accepting(self._socket)
        self._server.close()
        tasks = list(self._connections.values())
        self._close(self._connections, "the platform stops")
        if tasks:
            await asyncio.wait(tasks, timeout=STOP_TIMEOUT_S)
        await self._server.wait_closed()
        await self._broker.shutdown()

    def close_token(self, token: str) -> None:
        """Drop every client that uses a token."""
        self._close(
            [
                connection
                for connection in self._connections
                if connection.token and connection.token.text == token
            ],
            "its token was revoked",
        )

    def _close(self, connections, reason):
        for connection in list(connections):
            connection.close(reason)

    async def _publish(self, topic, payload):
        if listeners := self._count_listeners(topic):
            heard = f"{listeners} listening"
            what, device_id = f"PUBLISH {topic}", topic.split("/")[1]
            self._core.watching.message(
                Message("MQTT", "out", what, device_id, None, payload, heard)
            )
            await self._broker.internal_message_broadcast(topic, payload)

    async def _retain(self, topic, payload):
        """Keep a message for later subscriptions; an empty one removes what is kept.

        Whoever is subscribed already gets it as any other (MQTT 3.1.1, section 3.3.1.3).
        """
        if payload:
            self._retained[topic] = payload
        else:
            self._retained.pop(topic, None)
        await self._broker.retain_message(None, topic, payload)

    def _count_listeners(self, topic):
        return sum(
            len(sessions)
            for topic_filter, sessions in self._broker.subscriptions.items()
            if matches(topic, topic_filter)
        )

    async def _serve(self, reader, writer):
        connection = MqttConnection(reader, writer, self._core)
        self._connections[connection] = asyncio.current_task()
        try:
            if await connection.admit():
                # In the order of their CONNECTs, which need not be that of their sockets.
                self._connections[connection] = self._connections.pop(connection)
                await self._take_over(connection)
                if connection.has_ended():  # while it waited for the older one to leave
                    return
                await self._broker.external_connected(connection, connection.outgoing, _LISTENER)
        except asyncio.CancelledError:
            if not connection.has_ended():  # else it was only helped to leave
                raise
        finally:
            self._forget_subscriptions(connection.client_id)
            await connection.finish()
            del self._connections[connection]

    def _forget_subscriptions(self, client_id):
        """Do at once what the library does within a second of a client's end."""
        subscriptions = self._broker.subscriptions
        for topic_filter, sessions in list(subscriptions.items()):
            sessions[:] = [entry for entry in sessions if entry[0].client_id != client_id]
            if not sessions:
                del subscriptions[topic_filter]

    async def _take_over(self, connection):
        """Drop an older client with the same client id (MQTT 3.1.1, section 3.1.4)."""
        older = {}
        for other, task in self._connections.items():
            if other is connection:
                break  # the rest came later: two that wait for each other would wait in vain
            if other.client_id == connection.client_id:
                older[other] = task
        self._close(older, "another client came with the same client id")
        if older:
            # The library may hang on a client that vanished while it was being let in.
            _, hanging = await asyncio.wait(older.values(), timeout=LEAVE_TIMEOUT_S)
            for task in hanging:
                task.cancel()
            if hanging:
                await asyncio.wait(hanging, timeout=STOP_TIMEOUT_S)
