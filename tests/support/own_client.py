"""What the unit tests of assets and devices share: a client of somebody's own, in memory."""

from allthingstalk import Asset, Device, NotFoundException


class _Probe:
    member = None

    def __set_name__(self, owner, member):
        self.member = member


class _Owner:
    probe = _Probe()


# MicroPython before 1.27 does not tell a class's members what they are called.
HAS_SET_NAME = _Owner.probe.member is not None


def raised(exception, function, *args, **kwargs):
    """Return the exception of this kind that a call raises; fail if it raises none."""
    try:
        function(*args, **kwargs)
    except exception as e:
        return e
    raise AssertionError("%s was not raised" % exception.__name__)


def forget_handlers():
    """Without `__set_name__` handlers of a class are kept in one place for all classes."""
    Device.__dict__.get("__handlers__", {}).clear()


class OwnClient:
    """Exactly the four calls that a Device needs; what it gets is kept as it comes."""

    def __init__(self, *existing):
        self.existing = list(existing)  # asset objects as the platform sends them
        self.created = []  # (device id, asset)
        self.published = []  # (device id, asset name, state)
        self.state = None  # what get_asset_state returns, or raises if it is an exception
        self.asked = []  # (device id, asset name)

    def get_assets(self, device_id):
        return [Asset.from_dict(d) for d in self.existing]

    def create_asset(self, device_id, asset):
        self.created.append((device_id, asset))
        return Asset.from_dict(
            {
                "id": "id-of-" + asset.name,
                "deviceId": device_id,
                "name": asset.name,
                "is": asset.kind,
                "profile": asset.profile,
            }
        )

    def get_asset_state(self, device_id, asset_name):
        self.asked.append((device_id, asset_name))
        if isinstance(self.state, Exception):
            raise self.state
        return self.state

    def publish_asset_state(self, device_id, asset_name, state):
        self.published.append((device_id, asset_name, state))


class ReportingClient(OwnClient):
    """Keeps what a device reports, as Client does."""

    def __init__(self, *existing):
        super().__init__(*existing)
        self.reports = []

    def report(self, text, e=None):
        self.reports.append(text)


class OverwritingClient(OwnClient):
    """Can overwrite assets as well."""

    def __init__(self, *existing):
        super().__init__(*existing)
        self.updated = []

    def update_asset(self, device_id, asset):
        self.updated.append(asset)
        return self.create_asset(device_id, asset)


class AbsentClient(OwnClient):
    """Its device is not there."""

    def get_assets(self, device_id):
        raise NotFoundException("no device %s" % device_id, status=404)
