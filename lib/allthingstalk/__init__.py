"""AllThingsTalk for MicroPython: turn a board into a device of the AllThingsTalk platform.

Every public name is loaded on first use, so that a program pays only for what it names.
"""

__version__ = "0.2.0"

# Public names and their modules; a module may be named as well, as in `allthingstalk.timestamps`.
_NAMES = {
    "assets": "Asset NumberAsset IntegerAsset StringAsset BooleanAsset GeoAsset ObjectAsset "
    "ArrayAsset",
    "asset_state": "AssetState",
    "clients": "BaseClient Client",
    "devices": "Device",
    "exceptions": "AllThingsTalkException AccessForbiddenException NotFoundException "
    "PlatformException CertificateException PlatformUnavailableException AssetMismatchException "
    "AssetStateRetrievalException InvalidAssetProfileException",
    "outbox": "Outbox",
}
_MODULES = "profiles timestamps cbor abcl health flash_log aio update net rest board doctor"


def __getattr__(name):
    if name in _NAMES or name in _MODULES.split():
        return __import__("allthingstalk." + name, None, None, ("*",))
    for module in _NAMES:
        if name in _NAMES[module].split():
            return getattr(__import__("allthingstalk." + module, None, None, (name,)), name)
    if name == "__all__":
        return " ".join(_NAMES.values()).split()
    raise AttributeError("module 'allthingstalk' has no attribute '" + name + "'")
