"""Gives a Client what its loop needs, when the loop is loaded. Let go afterwards."""

from .outbox import Outbox
from .publishing import scratch

_SHORT = 64  # as in publishing


def begin(client):
    if not client._outbox:
        client._outbox = Outbox()
    client._topics = []  # topic number -> topic of the asset's state
    client._numbers = {}  # device id -> asset name -> topic number
    client._late = []
    client._text = bytearray(_SHORT)
    client._stream = scratch(client._text)  # in which a value becomes JSON
    if client._outbox.path:
        from .outbox_file import Store

        Store(client, client._outbox)
