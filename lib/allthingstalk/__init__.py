"""AllThingsTalk for MicroPython: turn a board into a device of the AllThingsTalk platform.

Every public name is loaded on first use, so that a program pays only for what it names.
"""

__version__ = "0.1.0"

_WHERE = (
    (
        "assets",
        "Asset NumberAsset IntegerAsset StringAsset BooleanAsset GeoAsset ObjectAsset ArrayAsset",
    ),
    ("asset_state", "AssetState"),
    ("clients", "BaseClient Client"),
    ("devices", "Device"),
    (
        "exceptions",
        "AllThingsTalkException AccessForbiddenException NotFoundException PlatformException "
        "CertificateException PlatformUnavailableException AssetMismatchException "
        "AssetStateRetrievalException InvalidAssetProfileException",
    ),
    ("outbox", "Outbox"),
)


def __getattr__(name):
    if not name.startswith("__"):
        for module, names in _WHERE:
            if name in names.split():
                return getattr(__import__("allthingstalk." + module, None, None, (name,)), name)
        try:
            return __import__("allthingstalk." + name, None, None, ("*",))
        except ImportError:
            pass
    raise AttributeError("module 'allthingstalk' has no attribute '" + name + "'")
