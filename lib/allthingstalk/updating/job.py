"""What an update does next: takes a command, tries, waits, tells, ends a trial, resets."""

import os
from binascii import unhexlify

from micropython import const

from ..assets import StringAsset
from ..overlay import Overlay
from . import FOLDER, slots

_TODO = "/todo"  # in the slots' folder: the command that is being carried out
_FIRST_S = const(5)  # until the next try, doubled after each up to:
_MOST_S = const(300)
_TRIES = const(5)  # starts in a row in which it does not get on
_TELL_S = const(30)  # that the reset waits for the platform to know
_STEADY_S = const(10)  # that a program on trial has to run for


def begin(updates, key):
    """Set up an update._Updates; see update.offer()."""
    device = updates.device
    updates.keys = []
    if not key:
        raise ValueError("no key is given")
    for text in (key,) if isinstance(key, str) else key:
        try:
            updates.keys.append(unhexlify(text))
        except ValueError:
            updates.keys.append(b"")
        if len(updates.keys[-1]) != 32:
            raise ValueError("key is 64 hex digits, as make release-key prints them")
    for asset in device.assets.values():
        if asset.name == "update":
            raise ValueError("the device has an asset 'update' already")
    state = slots.read()
    updates.runs = state["version"] if slots.running() else "0"
    updates.trial = bool(slots.running()) and state["left"] is not None
    updates.failed = None if updates.trial else state["failed"]
    updates.text = updates.runs + (": on trial" if updates.trial else ": running")
    if updates.failed:
        updates.text += "; %s was taken back: %s" % tuple(updates.failed)
    if updates.trial or updates.failed:  # it led here, if the power went at the last moment
        _remove_todo()
    else:
        _resume(updates)
    asset = StringAsset(
        name="update", title="Update", kind="actuator", keep="latest", handler=updates.command
    )
    asset.made[1] -= 1  # it belongs to no class, and none has to name it
    device.assets["update"] = asset


def _resume(updates):
    """Take up what was under way at a reset, unless that is what resets the board."""
    try:
        with open(FOLDER + _TODO) as f:
            tries, _, given = f.read().partition(" ")
        tries = int(tries)
    except (OSError, ValueError):  # nothing is to be done
        return
    if tries >= _TRIES:
        _remove_todo()
        updates.text += "; %s was given up: the board was reset %d times" % (given, tries)
        return
    updates.given = given
    _keep_todo(given, tries + 1)


def _keep_todo(given, tries):
    try:
        slots.replace(FOLDER + _TODO, ("%d %s" % (tries, given)).encode())
    except OSError:  # it is tried all the same
        pass


def step(updates, client):
    """Do what is due; return the second of the next step, None: with the next command."""
    if updates.failed and not updates.text:  # it was told
        updates.failed = None
        slots.told()
    if updates.trial:
        proven = not (client.mqtt and client.qos) or client.session.proven
        if client.state == "online" and proven and client.second >= _STEADY_S:
            slots.confirm()
            updates.trial = False
            _say(updates, updates.runs, "running")
        return client.second + 1
    if updates.end is not None:
        _ended(updates, client)
    if updates.given is not None:
        if updates.version:
            late, updates.given = updates.given, None
            text = "restarting; '%s' comes too late, give it again then" % late
            _say(updates, updates.version, text)
        else:
            _take(updates, client)
    told = not updates.text or client.second >= updates.next_s
    if updates.version and told and (updates.ready is None or updates.ready()):
        updates.version = None
        client.after.append(lambda: _reset(client))
    elif updates.place and not updates.steps and client.second >= updates.next_s:
        updates.steps = _started(updates, client)
    if updates.steps:
        return 0
    if updates.version:
        return client.second + 1
    return updates.next_s if updates.place else None


def _ended(updates, client):
    """Look at what became of the update: a version, or an exception."""
    end, updates.end = updates.end, None
    updates.room = False
    if isinstance(end, str):
        _stop(updates)
        updates.version = end
        updates.next_s = client.second + _TELL_S
        _say(updates, end, "restarting")
    elif isinstance(end, MemoryError) or getattr(end, "passing", False):
        _retry(updates, client, end)
    else:
        _stop(updates)
        _say(updates, updates.name, "refused: %s; %s is running" % (end, updates.runs))
        if not isinstance(end, (ValueError, OSError)) and not hasattr(end, "passing"):
            client.report("the update", end)


def _retry(updates, client, e):
    short = isinstance(e, MemoryError)
    updates.tight = client.mqtt is not None and (short or client.mqtt[:5] == "mqtts")
    if short:
        e = "too little memory"
    else:
        with Overlay("connect"):
            from ..connect.error_texts import in_words

            e = e.args[0] if e.args and isinstance(e.args[0], OSError) else e
            e = in_words(e) if isinstance(e, OSError) else e
    _say(updates, updates.name, "interrupted: %s; next try in %d s" % (e, updates.pause_s))
    updates.next_s = client.second + updates.pause_s
    updates.pause_s = min(2 * updates.pause_s, _MOST_S)


def _take(updates, client):
    """Take a command that was given."""
    given, updates.given = updates.given, None
    if given == updates.place:
        return
    _stop(updates)
    if given == "cancel" or not given:
        _say(updates, updates.runs, "running; the update was given up")
        return
    updates.place, updates.next_s, updates.pause_s = given, 0, _FIRST_S
    updates.goes_on = False
    try:
        os.mkdir(FOLDER)
    except OSError:  # it is there
        pass
    _keep_todo(given, 1)


def _started(updates, client):
    """Return the steps of the update that is to be tried."""
    force = updates.place[:6] == "force "
    place = updates.place[6:].strip() if force else updates.place
    updates.name = place.split("?")[0].split("/")[-1]
    updates.room = updates.tight
    if updates.room and client.link:  # two sessions, of TLS above all, do not fit the memory
        client.down(True)
        client.lost("MQTT made room for the update")
    from .install import install

    def say(version, text):
        _say(updates, version, text)
        if not updates.goes_on:  # it is not what resets the board
            updates.goes_on = True
            _keep_todo(updates.place, 0)

    return install(client, place, force, updates.keys, updates.runs, say)


def _say(updates, version, text):
    updates.text = "%s: %s" % (version, text)


def _stop(updates):
    """Give up what is under way."""
    steps, updates.steps, updates.place = updates.steps, None, None
    updates.room = False
    if steps:
        steps.close()
    _remove_todo()


def _remove_todo():
    slots.remove(FOLDER + _TODO)


def _reset(client):
    import machine

    try:
        client.close()
    finally:  # of a full flash, for one
        machine.reset()
