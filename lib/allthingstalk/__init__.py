"""AllThingsTalk for MicroPython: turn a board into a device of the AllThingsTalk platform.

Every public name is loaded on first use, so that a program pays only for what it names:

- `Asset NumberAsset IntegerAsset StringAsset BooleanAsset GeoAsset ObjectAsset ArrayAsset`
- `AssetState BaseClient Client Device Outbox`
- `AllThingsTalkException AccessForbiddenException NotFoundException PlatformException
  CertificateException PlatformUnavailableException AssetMismatchException
  AssetStateRetrievalException InvalidAssetProfileException`
"""

__version__ = "0.2.0"

# How public names end, and their modules: all that a module has of such names is public.
_ENDINGS = {
    "Asset": "assets",
    "AssetState": "asset_state",
    "Client": "clients",
    "Device": "devices",
    "Exception": "exceptions",
    "Outbox": "outbox",
}
# Modules may be named as well, as in `allthingstalk.timestamps`.
_MODULES = "profiles timestamps cbor abcl health flash_log aio update net rest board doctor"


def __getattr__(name):
    if name in _ENDINGS.values() or name in _MODULES.split():
        return __import__("allthingstalk." + name, None, None, ("*",))
    names = []
    for ending in _ENDINGS:
        if name.endswith(ending) or name == "__all__":
            module = __getattr__(_ENDINGS[ending])
            if hasattr(module, name):
                return getattr(module, name)
            for found in dir(module):
                if found.endswith(ending):
                    names.append(found)
    if name == "__all__":
        return names
    raise AttributeError("module 'allthingstalk' has no attribute '" + name + "'")
