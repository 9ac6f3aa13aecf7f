"""What is seldom called of a Client: the bodies of its methods, in memory for one call.

What they need in turn (folders `connect` and `rest`) comes and goes with them; what load() loads
stays.
"""

import gc
import sys
from io import BytesIO

from micropython import const

try:
    from _thread import allocate_lock
except ImportError:  # a port without threads
    from ..core.no_threads import allocate_lock

_ROOM = const(64)  # bytes of the text of a value for which nothing is allocated


def load(client, cls):
    """Load `core` for a client, see Client.load(); its methods become those of the class."""
    from ..core import assignments

    _join(cls, assignments, "Assignments")
    from ..core import poll

    _join(cls, poll, "Loop")
    from ..core.session import Session
    from ..outbox import Outbox

    outbox, session = client.outbox_given or Outbox(), Session(client)
    if client.session:  # made by an interrupt meanwhile
        return
    if client.payload == "cbor" and client.mqtt:  # over REST everything is JSON
        from ..core import cbor_payload as payload
    else:
        from ..core import payload

        if outbox.path or not client.mqtt:
            # Not in the midst of sending: an update() of an interrupt would find half of it.
            from ..core import several  # noqa: F401
    client.lock = allocate_lock()
    client.holder = None
    client.own()
    # On 32-bit ports with large thread numbers each question allocates: only where two meet.
    client.asks = client.thread < 1 << 30 or sys.maxsize > 1 << 31
    client.format = payload
    client.text = bytearray(_ROOM)
    client.stream = BytesIO(bytearray(_ROOM))
    client.ticked = client.net.ticks_ms()
    client.second = client.ms = client.polled_s = 0
    client.late = []
    client.outbox = outbox
    if outbox.path:
        from ..outbox_file import Store

        Store(client, client.net)
    client.session = session


def _join(cls, module, name):
    part = getattr(module, name)
    if part:
        for method in part.__dict__:
            if not method.startswith("__"):
                setattr(cls, method, part.__dict__[method])
        setattr(module, name, None)  # only its functions are needed from here on
    gc.collect()  # compiling what comes next takes much


def rest(client, name, *args):
    """Call a function of rest.calls."""
    for _ in range(2):
        try:
            from ..rest import calls

            return getattr(calls, name)(client, *args)
        except MemoryError:
            if not client.link or client.busy:
                raise
        make_room(client)


def get_states(client, *args):
    return rest(client, "get_states", *args)


def send_command(client, *args):
    rest(client, "send_command", *args)


def make_room(client):
    """Close MQTT: it and REST do not fit both into the memory, two TLS sessions least of all."""
    client.busy = True
    client.down(True)
    client.lost("MQTT made room for REST")
    client.busy = False


def save(client):
    """Bring the files up to date, where there are some: of the outbox, and core.seen's."""
    if client.unseen:
        from ..core import seen

        seen.keep(client)
    if client.outbox and client.outbox.store and not client.entered():
        try:
            client.enter()
            client.outbox.store.push()
            client.leave()
        except BaseException:
            client.cut_off()
            raise


def ready_to_close(client):
    """Do what comes before connect.calls.close(): flush. Return False if it has to wait."""
    client.check_thread(True)
    if client.busy or client.entered():
        client.after.append(client.close)
        return False
    if client.timer and not client.watchdog:  # which cannot be disarmed, and is fed on
        client.timer.deinit()
        client.timer = None
    if client.state == "online":
        found = client.flush(1)
        if hasattr(found, "throw"):  # `async def`, as of aio.Client: nobody can await it here
            found.close()
            deliver(client)
    return True


def deliver(client):
    """Poll for a second at most until all is acknowledged."""
    client.until(1, lambda: not client.pending or client.status == "closed")


def end(client):
    """Give what waits a second, when the interpreter ends."""
    if client.status not in ("closed", "refused") and client.pending:
        client.timeout = min(client.timeout, 0.5)  # of each step of a connect that is due
        deliver(client)
    save(client)
