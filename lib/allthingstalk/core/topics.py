"""Assets, their numbers in the outbox, and their MQTT topics; names are checked here."""


def checked_name(name, where="asset name"):
    """Return a name or an id if it can be part of a topic and of a path. Else ValueError."""
    # As bytes: MicroPython interns each one-character string for ever.
    if isinstance(name, str) and name and min(name.encode()) > 32:
        if not ("/" in name or "+" in name or "#" in name):
            return name
    raise ValueError("%s %r: it is text without blanks, /, + and #" % (where, name))


class Topics:
    """Gives each asset that is published a number, by which the outbox knows it.

    The asset name `()` stands for values of several assets in one message.
    """

    def __init__(self):
        self.by_number = []  # number -> topic, as bytes
        self._numbers = {}  # device id -> asset name -> number

    def number(self, device_id, asset_name):
        """Return the number of an asset. ValueError for a name that cannot be part of a topic."""
        numbers = self._numbers.get(device_id)
        if numbers is None:
            numbers = self._numbers[device_id] = {}
        found = numbers.get(asset_name)
        if found is None:
            topic = self._topic(device_id, asset_name)
            self.by_number.append(topic)  # first: an interrupt may add one as well
            found = numbers[asset_name] = self.by_number.index(topic)
        return found

    def _topic(self, device_id, asset_name):
        if asset_name != ():
            device_id = "%s/asset/%s" % (device_id, checked_name(asset_name))
        return ("device/%s/state" % device_id).encode()

    def asset(self, number):
        """Return (device id, asset name) of a number; the name is None for several assets."""
        parts = str(self.by_number[number], "utf-8").split("/")
        return parts[1], parts[3] if len(parts) > 3 else None

    def rename(self, placeholder, device_id):
        """Address the values of a device that had no id yet."""
        numbers = self._numbers.pop(placeholder, None)
        if numbers:
            self._numbers[device_id] = numbers
            for name in numbers:
                self.by_number[numbers[name]] = self._topic(device_id, name)

    def is_placeholder(self, device_id):
        """Return whether a text is what stands for the id of a device that has none yet."""
        return device_id.isdigit() and int(device_id) in self._numbers


def incoming(device_id, stream):
    """Return the topic filter of a stream: messages for any asset of the device."""
    return "device/%s/asset/+/%s" % (device_id, stream)


def split(topic):
    """Return (device id, asset name, stream) of an incoming topic, None if it is none of ours."""
    parts = topic.split("/")
    return (parts[1], parts[3], parts[4]) if len(parts) == 5 else None
