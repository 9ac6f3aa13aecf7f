"""The states that an asset had, page by page (seen in public clients), one in memory at a time."""

from ..asset_state import AssetState
from ..core.payload import read
from ..utf8 import loads
from .http import entries, path, quoted, request, unreadable


def states(client, device_id, asset_name, since, until):
    """Yield an AssetState for each state between two times, ISO 8601 text or None, oldest first."""
    query = ""
    for key, at in (("from", since), ("to", until)):
        if at is not None:
            query += "%s=%s&" % (key, quoted(at))
    url = path(device_id, asset_name) + "/states?" + query + "page="
    page, first = 0, None  # of the page before: a platform that knows no pages repeats itself
    while True:
        number = 0
        answer = request(client, "GET", url + str(page), stream=True)
        try:
            for entry in entries(answer.read, 2):
                state = None if entry is None else _state(entry)
                if not state:
                    client.report("a state of '%s' cannot be read: skipped" % asset_name)
                    continue
                number += 1
                if number == 1:
                    if page and state == first:
                        return
                    first = state
                yield state
        except (OSError, ValueError) as e:
            raise unreadable(client, e)
        finally:
            answer.close()
        if not number:
            return
        page += 1


def _state(entry):
    try:
        d = loads(entry)
        value, at = read({"value": d["data"] if "data" in d else d["value"], "at": d.get("at")})
        state = AssetState(value)
        state.at = at  # as the platform writes it: nothing has to be loaded for it
        return state
    except (ValueError, KeyError, TypeError, AttributeError, RuntimeError):
        return None
