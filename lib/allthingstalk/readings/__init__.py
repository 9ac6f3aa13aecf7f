"""What health.watch() creates and reads; in memory for that long only."""

import gc
import sys

from .. import __version__
from ..assets import IntegerAsset, NumberAsset, StringAsset
from ..core import several
from ..outbox import SEVERAL
from ..utf8 import check

# A line each asset: its part, name, unit ("-" for a count, "text" for text), title. One text: names
# of their own would stay in memory for ever.
_ASSETS = """\
signal wifi-signal text WiFi Signal Strength
signal wifi-rssi dBm WiFi RSSI
memory free-heap B Free heap
memory largest-block B Largest free block
uptime uptime s Uptime
reset reset-cause text Cause of the last reset
link reconnects - Reconnects
link dropped - Values dropped
errors errors - Errors
errors last-error text Last error
versions versions text Versions"""
_STEP = 256  # bytes: how exactly the largest free block is known
_LONGEST = 200  # characters of the last error
# dBm above which a signal is called so by the platform's Arduino SDK.
_WORDS = "-55 Excellent -70 Good -80 Decent -88 Bad -999 Horrible"
_CAUSES = """\
PWRON_RESET power on
HARD_RESET hard reset
WDT_RESET watchdog
DEEPSLEEP_RESET deep sleep
SOFT_RESET soft reset"""


def chosen(device, what):
    """Return the parts that a text names. Raises ValueError."""
    parts = what.split() if isinstance(what, str) else [repr(what)]
    known = {line.split()[0] for line in _ASSETS.split("\n")}
    for part in parts:
        if part not in known:
            raise ValueError("health has no '%s'; it has: %s" % (part, " ".join(sorted(known))))
    for name, _, _ in _wanted(parts):
        for asset in device.assets.values():
            if asset.name == name:
                raise ValueError("the device has an asset '%s' already" % name)
    return parts


def _wanted(parts):
    """Yield name, unit and title of each asset of some parts."""
    for line in _ASSETS.split("\n"):
        part, name, unit, title = line.split(" ", 3)
        if part in parts:
            yield name, unit, title


def report(device, parts, told):
    """Publish the readings of some parts; `told` holds what was told before."""
    client, values = device.client, []
    if "created" not in told:
        _create(client, device.id, parts)
        told["created"] = True
    for part in parts:
        try:
            values += _read(part, client, told)
        except (OSError, ValueError, TypeError, ImportError, AttributeError):
            pass  # a port, or a network, that does not tell
    if values:
        format = several if client.format.BEGINNING else client.format
        pairs = [format.pair(name, value, None) for name, value in values]
        client.publish(client.number(device.id, ()), format.join(pairs), None, SEVERAL)


def _create(client, device_id, parts):
    """Create the assets of some parts that the platform does not have."""
    from ..rest.assets import each_asset, write_asset

    there = [asset.name for asset in each_asset(client, device_id)]
    for name, unit, title in _wanted(parts):
        if name in there:
            continue
        if unit == "text":
            asset = StringAsset(name=name, title=title)
        else:
            cls = NumberAsset if unit == "dBm" else IntegerAsset
            asset = cls(name=name, title=title, unit=None if unit == "-" else unit)
        asset.made[1] -= 1  # it belongs to no class, and none has to name it
        write_asset(client, device_id, asset)


def _read(part, client, told):
    """Return (asset name, value) of each reading of a part."""
    if part == "signal":
        import network

        rssi = network.WLAN(network.STA_IF).status("rssi")
        words = _WORDS.split()
        while rssi <= int(words.pop(0)):
            words.pop(0)
        return [("wifi-signal", words[0]), ("wifi-rssi", rssi)]
    if part == "memory":
        gc.collect()
        free = gc.mem_free()
        return [("free-heap", free), ("largest-block", _largest(free))]
    if part == "uptime":
        return [("uptime", client.second)]
    if part == "link":
        return [("reconnects", max(told["links"], 0)), ("dropped", client.dropped)]
    news = client.errors if part == "errors" else True
    if told.get(part) == news:
        return []
    told[part] = news
    if part == "errors":
        text = (client.last_error or "")[:_LONGEST]
        try:
            check(text.encode())
        except ValueError:  # no platform could read the message
            text = "(its text is no UTF-8)"
        return [("errors", client.errors), ("last-error", text)]
    return [("versions", _versions())] if part == "versions" else [("reset-cause", _reset_cause())]


def _largest(free):
    """Return the bytes of the largest block that can be had."""
    low, high = 0, free // _STEP
    while low < high:
        middle = (low + high + 1) // 2
        try:
            bytearray(middle * _STEP)
            low = middle
        except MemoryError:
            high = middle - 1
    return low * _STEP


def _reset_cause():
    import machine

    cause = machine.reset_cause()
    for line in _CAUSES.split("\n"):
        name, _, words = line.partition(" ")
        if getattr(machine, name, None) == cause:
            return words
    return "unknown, %s" % cause


def _versions():
    try:
        from _allthingstalk_build import MANIFEST
    except ImportError:  # not built by `make firmware`
        MANIFEST = "none"
    micropython = ".".join([str(n) for n in sys.implementation.version[:3]])
    text = "allthingstalk %s, MicroPython %s, manifest %s"
    return text % (__version__, micropython, MANIFEST[:12])
