"""What can go wrong, in classes that tell what to do about it.

Refused things (token, id, certificate, definition) need a human; passing ones need patience.
"""


class AllThingsTalkException(Exception):
    """Base of all errors of this library.

    `status` is the HTTP status or the MQTT CONNACK code, or None; `errno` the number of the
    error of the network underneath, or None; `retry_after_s` what the platform asked for.
    """

    passing = False  # True: the same call may succeed later, nothing has to be changed

    def __init__(self, text="", status=None, errno=None, retry_after_s=None):
        super().__init__(text)
        self.status = status
        self.errno = errno
        self.retry_after_s = retry_after_s


class AccessForbiddenException(AllThingsTalkException):
    """The token is wrong, revoked, or not allowed to use this device."""


class NotFoundException(AllThingsTalkException):
    """The platform knows no such device or asset."""


class PlatformException(AllThingsTalkException):
    """The platform refused a request; `status` and the start of its answer say why."""


class CertificateException(AllThingsTalkException):
    """The server's certificate could not be verified, or there is no root to verify it with."""


class PlatformUnavailableException(AllThingsTalkException):
    """The platform cannot be reached or cannot answer now. It passes: try again."""

    passing = True


class AssetMismatchException(AllThingsTalkException):
    """An asset on the platform has another kind or profile type than the one declared.

    `asset` is its name; `expected` and `found` are (kind, profile type).
    """

    def __init__(self, asset, expected=None, found=None):
        if expected:
            super().__init__(
                "Asset '%s' is declared as %s/%s, but the platform has %s/%s. Change the "
                "declaration, or connect with overwrite_assets=True."
                % ((asset,) + expected + found)
            )
        else:
            super().__init__(asset)  # a text alone
            asset = None
        self.asset = asset
        self.expected = expected
        self.found = found


class AssetStateRetrievalException(AllThingsTalkException):
    """The state of an asset could not be read; `status` is the platform's answer."""


class InvalidAssetProfileException(AllThingsTalkException):
    """An asset has no profile, or one that does not fit its type."""
