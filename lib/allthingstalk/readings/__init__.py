"""What health.watch() declares and reads; in memory for that long only."""

import gc

from ..assets import IntegerAsset, NumberAsset, StringAsset

# The assets of each part: name, title, and unit, None for text.
_ASSETS = {
    "signal": (("wifi-signal", "WiFi Signal Strength", None), ("wifi-rssi", "WiFi RSSI", "dBm")),
    "memory": (("free-heap", "Free heap", "B"), ("largest-block", "Largest free block", "B")),
    "uptime": (("uptime", "Uptime", "s"),),
    "reset": (("reset-cause", "Cause of the last reset", None),),
    "link": (("reconnects", "Reconnects", ""), ("dropped", "Values dropped", "")),
    "errors": (("errors", "Errors", ""), ("last-error", "Last error", None)),
    "versions": (("versions", "Versions", None),),
}
_STEP = 256  # bytes: how exactly the largest free block is known
_LONGEST = 200  # characters of the last error
# dBm, and what a signal above it is called by the platform's Arduino SDK.
_WORDS = ((-55, "Excellent"), (-70, "Good"), (-80, "Decent"), (-88, "Bad"), (-999, "Horrible"))
_CAUSES = {
    "PWRON_RESET": "power on",
    "HARD_RESET": "hard reset",
    "WDT_RESET": "watchdog",
    "DEEPSLEEP_RESET": "deep sleep",
    "SOFT_RESET": "soft reset",
}


def declare(device, parts):
    """Add the assets of some parts to a device. Raises ValueError."""
    names = [asset.name for asset in device.assets.values()]
    for part in parts:
        if part not in _ASSETS:
            raise ValueError("health has no '%s'; it has: %s" % (part, " ".join(sorted(_ASSETS))))
        for name, _, _ in _ASSETS[part]:
            if name in names:
                raise ValueError("the device has an asset '%s' already" % name)
    for part in parts:
        for name, title, unit in _ASSETS[part]:
            if unit is None:
                asset = StringAsset(name=name, title=title)
            else:
                cls = NumberAsset if unit == "dBm" else IntegerAsset
                asset = cls(name=name, title=title, unit=unit or None)
            asset.member = name
            asset.made[1] -= 1  # it belongs to no class, and none has to name it
            asset.taken = True
            device.assets[name] = asset


def report(device, parts, told):
    """Publish the readings of some parts; `told` holds what was told before."""
    client = device.client
    for part in parts:
        try:
            found = _READINGS[part](client, told)
        except (OSError, ValueError, TypeError, ImportError, AttributeError):
            continue  # a port, or a network, that does not tell
        for name in found:
            if found[name] is not None:
                client.publish_asset_state(device.id or id(device), name, found[name])


def _signal(client, told):
    import network

    rssi = network.WLAN(network.STA_IF).status("rssi")
    words = [word for above, word in _WORDS if rssi > above]
    return {"wifi-signal": words[0], "wifi-rssi": rssi}


def _memory(client, told):
    gc.collect()
    free = gc.mem_free()
    low, high = 0, free // _STEP
    while low < high:
        middle = (low + high + 1) // 2
        try:
            bytearray(middle * _STEP)
            low = middle
        except MemoryError:
            high = middle - 1
    return {"free-heap": free, "largest-block": low * _STEP}


def _uptime(client, told):
    return {"uptime": client.second}


def _reset(client, told):
    if "reset" in told:
        return {}
    import machine

    told["reset"] = cause = machine.reset_cause()
    for name in _CAUSES:
        if getattr(machine, name, None) == cause:
            return {"reset-cause": _CAUSES[name]}
    return {"reset-cause": "unknown, %s" % cause}


def _link(client, told):
    return {"reconnects": max(told["links"], 0), "dropped": client.dropped}


def _errors(client, told):
    if told.get("errors") == client.errors:
        return {}
    told["errors"] = client.errors
    return {"errors": client.errors, "last-error": (client.last_error or "")[:_LONGEST]}


def _versions(client, told):
    if "versions" in told:
        return {}
    told["versions"] = True
    from ..board.banner import versions

    return {"versions": versions()}


_READINGS = {
    "signal": _signal,
    "memory": _memory,
    "uptime": _uptime,
    "reset": _reset,
    "link": _link,
    "errors": _errors,
    "versions": _versions,
}
