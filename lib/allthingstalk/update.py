"""Updates over the air: a program brings in the next one, which is signed, and proves itself.

    from allthingstalk import update

    KEY = "…"  # as `make release-key` prints it

    board = Board(client=client, id=settings.device, connect=False)
    update.offer(board, KEY)
    board.connect()

The command `update` with the name of a release, or its address, starts it; the state `update` tells
how far it is. docs/updates.md says what is protected against what, and what is not.
"""

import builtins
import sys

from .overlay import Overlay, unload

_OURS = ("updating", "declare")
_SLICE_MS = 40  # of work at each poll
_all = []  # what offer() returned, one for each client


def offer(device, key, ready=None):
    """Let a device be updated by a command; return an object whose `busy` says that it is.

    - `device`: one of a Client. It gets an actuator `update`, with its next connect.
    - `key`: the public key of who signs releases, 64 hex digits, or several of them.
    - `ready()`: says whether the board may be reset now; None: it always may.

    Also ends the trial of a program that was brought in, once the platform has acknowledged a value
    of its and it has run for ten seconds. The command is a release's name at the platform or its
    address, with "force " before it for a version that is not higher; "cancel" gives up. Raises
    ValueError for a key that is none, and a device that has an asset `update`.
    """
    for updates in _all:
        if updates.device.client is device.client:  # the program was started again
            if updates.device in device.client.devices:
                raise ValueError("another device of this client is updated already")
            updates.device, updates.ready, updates.due_s = device, ready, 0
            break
    else:
        updates = _Updates(device, ready)
    with Overlay("updating"):
        from .updating.job import begin

        begin(updates, key)
    unload(_OURS)
    if updates not in _all:
        _all.append(updates)
        device.client.link_up = updates.link_up
    return updates


def run():
    """Run the program that is to run: all that /main.py does, once there was an update.

    What a program on trial raises is noted, and resets the board.
    """
    from .updating.starting import start

    folder, trial = start()
    del start
    unload(_OURS)
    try:  # the source is compiled as it is read, however large it is
        builtins.execfile(folder + "/main.py", {"__name__": "__main__"})
    except Exception as e:
        if not trial:
            raise
        import machine

        try:
            getattr(sys, "print_exception", print)(e)
            from .updating.slots import note

            note("%s: %s" % (e.__class__.__name__, e))
        finally:
            machine.reset()


class _Updates:
    """What stays of it; `updating` is in memory while there is something to do."""

    given = None  # the command that came
    place = None  # the one that is carried out
    steps = None  # of that
    end = None  # what became of them: a version, or an exception
    version = None  # what is installed, and waits for the reset
    goes_on = False  # it has made progress since the start
    failed = None  # what was taken back, and is still to be told
    next_s = 0  # when it is tried again, or reset at the latest
    trial = False  # the program that runs is on trial
    tight = False  # there is no memory for MQTT beside an update
    room = False  # so MQTT is closed now

    def __init__(self, device, ready):
        self.device = device
        self.ready = ready
        self.due_s = 0  # when there is something to do, None: with the next command
        self.text = None  # to be told
        self.below = device.client.link_up

    @property
    def busy(self):
        """Whether an update is under way, or the trial of what it brought."""
        return bool(self.trial or self.place or self.version or self.given)

    def command(self, device, value, at):
        """Take a command; a handler."""
        self.given, self.due_s = value.strip(), 0

    def link_up(self):
        """Do what is due in a poll; return whether there is a network for the session."""
        device = self.device
        client = device.client
        up = self.below is None or self.below()
        if up and device.__started__:
            try:
                if self.due_s is not None and client.second >= self.due_s:
                    if self.given is not None or not self.steps or self._go_on(client.net):
                        with Overlay("updating"):
                            from .updating.job import step

                            self.due_s = step(self, client)
                        unload(_OURS)
                if self.text and client.state == "online":
                    client.publish_asset_state(device.id, "update", self.text)
                    self.text = None
                    if self.failed:  # that it was told is still to be written
                        self.due_s = 0
            except Exception as e:
                self.due_s = client.second + 60
                client.report("the update", e)
        return up and not self.room

    def _go_on(self, net):
        """Take steps of the update for a while; return whether it has ended, in `end`."""
        start = net.ticks_ms()
        try:
            while net.ticks_diff(net.ticks_ms(), start) < _SLICE_MS:
                if not next(self.steps):  # nothing has come: the program goes on
                    return False
            return False
        except StopIteration as e:
            self.end = e.value
        except Exception as e:
            self.end = e
        self.steps = None
        return True
