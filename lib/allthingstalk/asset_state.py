"""AssetState: a value and the time it was true."""


class AssetState:
    """A value of an asset.

    `at` is when the value was true: ISO 8601 text, a number as `time.time()` gives it, a
    `time.gmtime()` tuple or a `datetime`; it is kept as ISO 8601 text in UTC. Without it the
    platform stamps the value when it arrives, and `at` is None. `place` is where: a dict of
    `latitude`, `longitude` and perhaps `altitude`; only a Client with payload="cbor" can send it.

    Raises ValueError or TypeError for an `at` that is no time.
    """

    place = None

    def __init__(self, value, at=None, place=None):
        if at is not None:
            from .timestamps import normalise

            at = normalise(at)
        self.value = value
        self.at = at
        if place is not None:
            self.place = place

    def __repr__(self):
        return "AssetState(%r, at=%r)" % (self.value, self.at)

    def __eq__(self, other):
        return isinstance(other, AssetState) and self.value == other.value and self.at == other.at
