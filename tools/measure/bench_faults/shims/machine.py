"""`machine` as far as mqtt_async asks for it: the chip's id."""


def unique_id():
    """Return an id; the bench gives each client its own."""
    return b"bench"
