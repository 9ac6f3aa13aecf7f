"""The names that programs import, and the public attributes of the objects."""

import os
import sys

import allthingstalk

LOADED_AT_FIRST = [name for name in sys.modules if name.startswith("allthingstalk.")]

import unittest  # noqa: E402

from own_client import OwnClient, raised  # noqa: E402

NAMES = (
    "Asset NumberAsset IntegerAsset StringAsset BooleanAsset GeoAsset ObjectAsset ArrayAsset "
    "AssetState BaseClient Client Device AllThingsTalkException AccessForbiddenException "
    "NotFoundException PlatformException CertificateException PlatformUnavailableException "
    "AssetMismatchException AssetStateRetrievalException InvalidAssetProfileException Outbox"
).split()
PROFILES = (
    "Profile NumberProfile IntegerProfile StringProfile BooleanProfile ObjectProfile "
    "ArrayProfile GeoProfile"
).split()


class TestPackage(unittest.TestCase):
    def test_a_program_pays_only_for_what_it_names(self):
        self.assertEqual(LOADED_AT_FIRST, [])

    def test_every_public_name_is_there(self):
        for name in NAMES:
            self.assertEqual(getattr(allthingstalk, name).__name__, name)

    def test_from_import_gives_the_same_objects(self):
        from allthingstalk import AssetState, Client, Device, NumberAsset
        from allthingstalk.assets import NumberAsset as same_asset
        from allthingstalk.clients import Client as same_client

        self.assertIs(NumberAsset, same_asset)
        self.assertIs(Client, same_client)
        self.assertIs(Device, allthingstalk.devices.Device)
        self.assertIs(AssetState, allthingstalk.asset_state.AssetState)

    def test_modules_need_no_import_of_their_own(self):
        for name in PROFILES:
            self.assertEqual(getattr(allthingstalk.profiles, name).__name__, name)
        self.assertEqual(allthingstalk.assets.Asset.SENSOR, "sensor")
        self.assertEqual(allthingstalk.asset_state.AssetState(5).value, 5)
        self.assertTrue(callable(allthingstalk.clients.BaseClient))
        self.assertTrue(callable(allthingstalk.devices.Device))
        self.assertTrue(callable(allthingstalk.timestamps.to_time))
        self.assertTrue(callable(allthingstalk.board.run))
        self.assertTrue(callable(allthingstalk.doctor.run))
        self.assertTrue(issubclass(allthingstalk.exceptions.NotFoundException, Exception))

    def test_an_unknown_name_is_an_attribute_error(self):
        for name in ("nonsense", "NonsenseAsset", "asset", "__nonsense__"):
            self.assertFalse(hasattr(allthingstalk, name), name)

    def test_from_import_of_an_unknown_name_fails(self):
        try:
            from allthingstalk import nonsense
        except (ImportError, AttributeError):
            nonsense = None
        self.assertIsNone(nonsense)

    def test_it_has_a_version(self):
        self.assertEqual(len(allthingstalk.__version__.split(".")), 3)


class TestStar(unittest.TestCase):
    def star(self, module):
        names = {}
        exec("from %s import *" % module, names)
        return names

    def test_of_a_module_on_every_interpreter(self):
        names = self.star("allthingstalk.assets")
        for name in NAMES[:8]:
            self.assertIs(names[name], getattr(allthingstalk, name))
        names = self.star("allthingstalk.profiles")
        for name in PROFILES:
            self.assertIs(names[name], getattr(allthingstalk.profiles, name))
        self.assertTrue("NotFoundException" in self.star("allthingstalk.exceptions"))

    @unittest.skipIf(
        sys.implementation.name == "micropython" and sys.implementation.version < (1, 26),
        "MicroPython before 1.26 does not read __all__: nothing is imported",
    )
    def test_of_the_package(self):
        names = self.star("allthingstalk")
        for name in NAMES:
            self.assertIs(names[name], getattr(allthingstalk, name))
        self.assertFalse("board" in names)  # it has to be asked for

    def test_all_is_every_public_name(self):
        self.assertEqual(sorted(allthingstalk.__all__), sorted(NAMES))


class TestBroken(unittest.TestCase):
    """A file that is damaged on a board has to say what is wrong with it."""

    folder = "broken"

    def load(self, text, statement):
        """Load a text in place of `allthingstalk.profiles`, which the statement asks for."""
        if hasattr(sys, "dont_write_bytecode"):
            sys.dont_write_bytecode = True  # CPython's would be that of the text before
        os.mkdir(self.folder)
        name = self.folder + "/profiles.py"
        with open(name, "w") as f:
            f.write(text)
        own = allthingstalk.__path__
        kept = sys.modules.pop("allthingstalk.profiles", None)
        attribute = allthingstalk.__dict__.pop("profiles", None)
        allthingstalk.__path__ = self.folder if isinstance(own, str) else [self.folder]
        try:
            exec(statement, {"allthingstalk": allthingstalk})
        finally:
            allthingstalk.__path__ = own
            if kept:
                sys.modules["allthingstalk.profiles"] = kept
            if attribute:
                allthingstalk.profiles = attribute
            os.remove(name)
            os.rmdir(self.folder)

    def test_an_error_inside_a_module_comes_through_as_itself(self):
        for text, kind, words in (
            ("{}['gone']", KeyError, "gone"),
            ("1 +", SyntaxError, ""),
            ("import no_such_module", ImportError, "no_such_module"),
            ("raise MemoryError('full')", MemoryError, "full"),
            ("raise AttributeError('of the module')", AttributeError, "of the module"),
        ):
            for statement in ("allthingstalk.profiles", "from allthingstalk import profiles"):
                self.assertIn(words, str(raised(kind, self.load, text, statement)))
        self.assertEqual(allthingstalk.profiles.NumberProfile().type, "number")


class TestSignatures(unittest.TestCase):
    """What an editor shows; a board has no `inspect.signature`."""

    @unittest.skipUnless(sys.implementation.name == "cpython", "MicroPython has no signatures")
    def test_keywords_are_named(self):
        import inspect

        for cls, keywords in (
            (allthingstalk.NumberAsset, "kind name title description handler keep profile"),
            (allthingstalk.NumberAsset, "minimum maximum unit enum"),
            (allthingstalk.Device, "client id connect overwrite_assets"),
            (allthingstalk.Client, "token api http mqtt ca ground client_id keepalive qos timeout"),
            (allthingstalk.AssetState, "value at"),
        ):
            parameters = inspect.signature(cls).parameters
            for keyword in keywords.split():
                self.assertIn(keyword, parameters)


class TestAttributes(unittest.TestCase):
    def test_of_an_asset(self):
        asset = allthingstalk.NumberAsset(name="temp", unit="V")
        for name in "id thing_id name title description kind type profile handler".split():
            self.assertTrue(hasattr(asset, name), name)
        self.assertIsNone(asset.id)
        self.assertIsNone(asset.thing_id)

    def test_of_a_device(self):
        class Board(allthingstalk.Device):
            temp = allthingstalk.NumberAsset(name="t")

        client = OwnClient()
        board = Board(client=client, id="D")
        self.assertEqual(board.id, "D")
        self.assertIs(board.client, client)
        self.assertEqual(list(board.assets), ["temp"])
        self.assertEqual(board.assets["temp"].name, "t")
        self.assertTrue(callable(board.on_message))

    def test_of_a_client(self):
        client = allthingstalk.Client("maker:secret", api="http://h")
        self.assertEqual(client.token, "maker:secret")
        self.assertEqual((client.http, client.mqtt), ("http://h:80", "mqtt://h:1883"))
        self.assertEqual((client.connected, client.status), (False, "offline"))
        self.assertEqual((client.pending, client.dropped, client.errors), (0, 0, 0))
        self.assertIsNone(client.last_error)
        client = allthingstalk.Client("maker:secret", api="http://h", mqtt=False)
        self.assertIsNone(client.mqtt)

    def test_of_an_asset_state(self):
        state = allthingstalk.AssetState(5, "2026-11-23T08:15:02Z")
        self.assertEqual((state.value, state.at), (5, "2026-11-23T08:15:02Z"))


if __name__ == "__main__":
    unittest.main()
