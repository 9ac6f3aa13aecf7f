"""Which format a message of states is in: JSON, CBOR, or bytes in a layout of the device's own."""

from . import abcl_states, cbor_states
from .payloads import read_json, read_states


def read_message(
    payload: bytes, name: str | None, definition: dict | None
) -> tuple[str, dict[str, tuple[object, int | None]]]:
    """Return the format, and value and time (milliseconds since 1970, or None) by asset name.

    JSON is told by its content. Anything else is read by the device's ABCL definition where it has
    one, else as CBOR.

    Args:
        payload: the message.
        name: the asset that the topic names, whose value may then stand for itself; None for
            states of several.
        definition: the device's ABCL definition, or None.

    Raises:
        ValueError: it cannot be read; the text says why.
    """
    try:
        body = read_json(payload)
    except ValueError as error:
        if name is not None or payload.lstrip()[:1] == b"{" and definition is None:
            raise ValueError(f"it is no JSON: {error}") from None
    else:
        if name is not None or isinstance(body, dict):
            return "JSON", read_states(body if name is None else {name: body})
    if definition is None:
        return "CBOR", cbor_states.read_states(payload)
    found = abcl_states.read_states(payload, definition)
    return "ABCL", {asset_name: (value, None) for asset_name, value in found.items()}
