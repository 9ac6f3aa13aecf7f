"""When each command was sent that was obeyed last, on flash: a retained one comes at each connect.

Loaded by the first command with a time, where the client keeps its outbox or its digest in a file;
the times are beside that file, in one called .seen. To spare the flash a command that is not marked
as retained is written once a minute at most, and at flush() and close().
"""

import os

from micropython import const

_PAUSE_S = const(60)
_written = {}  # file -> second of its client in which it was written last


def seen(client, device, key, at):
    """Return whether a message with DUP or RETAIN is the last that was handed over, or older.

    If not, the time `at` becomes that of the last one, `key` in `device.__last_at__`.
    """
    if at is None:
        return False
    last_at, path = device.__last_at__, key[:8] == "command " and getattr(client, "beside", None)
    if device.__again__:
        if path and key not in last_at:
            last_at[key] = _lines(client).get("%s %s" % (device.id, key))
        last = last_at.get(key)
        # A retained one that is older was superseded. (Texts without their Z sort as times do.)
        if last == at or last and device.__again__ & 1 and at[:-1] < last[:-1]:
            return True
    last_at[key] = at
    if path:
        # Before the handler is called: it may be one that resets the board.
        due = path not in _written or not 0 <= client.second - _written[path] < _PAUSE_S
        if device.__again__ or due:
            keep(client)
        else:
            client.unseen = True
    return False


def keep(client):
    """Write the times of all devices; the file is whole at any moment."""
    lines = _lines(client)
    for device in client.devices:
        for place in device.__last_at__:
            if place[:8] == "command " and device.__last_at__[place]:
                lines["%s %s" % (device.id, place)] = device.__last_at__[place]
    path = client.beside + ".seen"
    _written[client.beside] = client.second
    client.unseen = False
    try:
        with open(path + ".new", "w") as f:
            for place in lines:
                f.write("%s %s\n" % (place, lines[place]))
        os.rename(path + ".new", path)
    except OSError as e:
        client.report(
            "%s cannot be written, a retained command may be obeyed again after a reset; is the "
            "flash full? %s" % (path, e)
        )


def _lines(client):
    """Return what the file holds: {device id and key: time}."""
    lines = {}
    try:
        with open(client.beside + ".seen") as f:
            for line in f:
                place, _, at = line.strip().rpartition(" ")
                lines[place] = at
    except (OSError, UnicodeError):  # not there, or damaged
        pass
    return lines
