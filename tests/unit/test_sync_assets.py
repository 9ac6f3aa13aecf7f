"""Bringing the platform's assets in line: create, compare, overwrite; when to leave alone."""

import json
import unittest

from allthingstalk import (
    Asset,
    AssetMismatchException,
    Device,
    GeoAsset,
    IntegerAsset,
    NumberAsset,
    ObjectAsset,
    PlatformException,
    PlatformUnavailableException,
)
from own_client import OverwritingClient, OwnClient, raised

PLACE = {"latitude": {"type": "number"}, "longitude": {"type": "number"}}


def on_platform(name="temp", kind="sensor", profile=None, **extras):
    d = {"id": "id-" + name, "deviceId": "D", "name": name, "is": kind, "title": "Temp"}
    d["profile"] = profile or {"type": "number"}
    d.update(extras)
    return d


class Small(Device):
    temp = NumberAsset()


class TestCreate(unittest.TestCase):
    def test_what_is_missing_is_created_in_the_order_of_declaration(self):
        class Board(Device):
            zebra = NumberAsset()
            apple = NumberAsset()
            mango = NumberAsset()
            kiwi = NumberAsset()
            fig = NumberAsset()
            second = NumberAsset(name="2")
            berry = NumberAsset()

        client = OwnClient(on_platform("mango", title="Mango"))
        board = Board(client=client, id="D")
        names = [asset.name for _, asset in client.created]
        self.assertEqual(names, ["zebra", "apple", "kiwi", "fig", "2", "berry"])
        self.assertEqual([d for d, _ in client.created], ["D"] * 6)
        self.assertEqual(board.assets["mango"].id, "id-mango")
        self.assertEqual(board.assets["second"].id, "id-of-2")
        self.assertEqual(board.assets["second"].thing_id, "D")

    def test_what_is_created_is_what_was_declared(self):
        class Board(Device):
            temp = NumberAsset(
                kind="actuator", title="Température", description="außen", unit="°C", minimum=-40
            )

        client = OwnClient()
        Board(client=client, id="D")
        asset = client.created[0][1]
        self.assertEqual((asset.name, asset.kind, asset.title), ("temp", "actuator", "Température"))
        self.assertEqual(asset.description, "außen")
        self.assertEqual(asset.profile, {"type": "number", "unit": "°C", "minimum": -40})

    def test_a_client_whose_create_asset_returns_nothing_will_do(self):
        class Silent(OwnClient):
            def create_asset(self, device_id, asset):
                super().create_asset(device_id, asset)

        small = Small(client=Silent(), id="D")
        self.assertIsNone(small.assets["temp"].id)

    def test_what_is_there_is_not_created_again(self):
        client = OwnClient(on_platform(), on_platform("of somebody else"))
        small = Small(client=client, id="D")
        self.assertEqual(client.created, [])
        self.assertEqual(small.assets["temp"].id, "id-temp")
        small.connect()
        self.assertEqual(client.created, [])

    def test_what_creating_raises_is_raised(self):
        class Refusing(OwnClient):
            def create_asset(self, device_id, asset):
                raise PlatformException("bad", status=422)

        self.assertEqual(raised(PlatformException, Small, client=Refusing(), id="D").status, 422)


class MadeMeanwhile(OwnClient):
    """An asset that was not in the list when it was read, and exists when it is created."""

    status = 400

    def __init__(self, found):
        super().__init__()
        self.found = found
        self.lists = 0

    def get_assets(self, device_id):
        self.lists += 1
        if self.lists == 1:
            return []
        if isinstance(self.found, Exception):
            raise self.found
        return [Asset.from_dict(self.found)] if self.found else []

    def create_asset(self, device_id, asset):
        raise PlatformException("refused", status=self.status)


class TestExistsAlready(unittest.TestCase):
    def test_400_and_409_count_as_existing_and_are_read_back(self):
        for status in (400, 409):
            client = MadeMeanwhile(on_platform())
            client.status = status
            self.assertEqual(Small(client=client, id="D").assets["temp"].id, "id-temp")

    def test_what_is_read_back_is_compared(self):
        client = MadeMeanwhile(on_platform(kind="actuator"))
        raised(AssetMismatchException, Small, client=client, id="D")

    def test_400_for_one_that_does_not_exist_is_a_refusal(self):
        client = MadeMeanwhile(None)
        self.assertEqual(raised(PlatformException, Small, client=client, id="D").status, 400)

    def test_a_network_that_goes_away_meanwhile_is_no_refusal(self):
        client = MadeMeanwhile(PlatformUnavailableException("away"))
        self.assertFalse(Small(client=client, id="D", connect=False).connect())


class TestMismatch(unittest.TestCase):
    def check(self, declared, found, *wanted):
        cls = type("Board", (Device,), {"temp": declared})
        e = raised(AssetMismatchException, cls, client=OwnClient(found), id="D")
        self.assertEqual((e.asset, e.expected, e.found), wanted)

    def fits(self, declared, found):
        cls = type("Board", (Device,), {"temp": declared})
        client = OwnClient(found)
        self.assertEqual(cls(client=client, id="D").assets["temp"].id, "id-temp")
        self.assertEqual(client.created, [])

    def test_the_kind(self):
        self.check(
            NumberAsset(),
            on_platform(kind="actuator"),
            "temp",
            ("sensor", "number"),
            ("actuator", "number"),
        )

    def test_the_type(self):
        found = on_platform(profile={"type": "string"})
        self.check(NumberAsset(), found, "temp", ("sensor", "number"), ("sensor", "string"))

    def test_integer_and_number_differ(self):
        self.check(
            IntegerAsset(), on_platform(), "temp", ("sensor", "integer"), ("sensor", "number")
        )

    def test_no_profile_differs_from_any(self):
        found = {"id": "x", "name": "temp", "is": "sensor", "profile": None}
        self.check(NumberAsset(), found, "temp", ("sensor", "number"), ("sensor", None))

    def test_a_place_and_any_object_differ(self):
        found = on_platform(profile={"type": "object"})
        self.check(GeoAsset(), found, "temp", ("sensor", "object"), ("sensor", "object"))

    def test_a_place_is_one_in_either_form(self):
        short, long = {"type": "location"}, {"type": "object", "properties": PLACE}
        wide = {"type": "object", "properties": dict(altitude={"type": "number"}, **PLACE)}
        self.fits(GeoAsset(), on_platform(profile=short))
        self.fits(GeoAsset(), on_platform(profile=long))
        self.fits(GeoAsset(), on_platform(profile=wide))
        self.fits(Asset(profile=short), on_platform(profile=long))
        self.fits(Asset(profile=short), on_platform(profile=short))
        self.fits(ObjectAsset(properties=PLACE), on_platform(profile=short))

    def test_everything_else_may_differ(self):
        profile = {"type": "number", "minimum": 5, "unit": "K", "enum": [1], "other": None}
        found = on_platform(title="Other", description="other", profile=profile)
        self.fits(NumberAsset(minimum=1, unit="V", title="Mine", description="mine"), found)

    def test_nothing_is_created_when_something_differs(self):
        class Board(Device):
            missing = NumberAsset()
            temp = NumberAsset()

        client = OwnClient(on_platform(kind="virtual"))
        board = Board()
        raised(AssetMismatchException, board.connect, client=client, id="D")
        self.assertEqual(client.created, [])
        raised(RuntimeError, setattr, board, "temp", 5)

    def test_the_list_is_read_to_its_end_so_that_its_socket_is_closed(self):
        ended = []

        class Streaming(OwnClient):
            def get_assets(self, device_id):
                for d in self.existing:
                    yield Asset.from_dict(d)
                ended.append(True)

        client = Streaming(on_platform(kind="virtual"), on_platform("other"))
        raised(AssetMismatchException, Small, client=client, id="D")
        self.assertEqual(ended, [True])


class TestOverwrite(unittest.TestCase):
    def updated(self, found, **kwargs):
        client = OverwritingClient(found)
        Small(client=client, id="D", **kwargs)
        return [asset.name for asset in client.updated]

    def test_what_differs_is_put_right(self):
        for found in (
            on_platform(kind="actuator"),
            on_platform(profile={"type": "string"}),
            on_platform(profile={"type": "number", "unit": "V"}),
            on_platform(profile={"type": "number", "maximum": 5}),
            on_platform(title="Other"),
            on_platform(description="other"),
            {"id": "x", "name": "temp", "is": "sensor"},
        ):
            self.assertEqual(self.updated(found, overwrite_assets=True), ["temp"])

    def test_what_is_as_declared_is_left_alone(self):
        self.assertEqual(self.updated(on_platform(), overwrite_assets=True), [])
        self.assertEqual(self.updated(on_platform(description=None), overwrite_assets=True), [])

    def test_a_profile_is_compared_by_what_json_makes_of_it(self):
        class Choice(Device):
            choice = Asset(profile={"type": "string", "enum": ("a", "b"), "x": {"y": (1, 0.1)}})
            limits = NumberAsset(minimum=0.1, maximum=1 / 3, enum=(0.1, 1))

        client = OverwritingClient()
        Choice(client=client, id="D")
        kept = []
        for _, asset in client.created:
            profile = json.loads(json.dumps(asset.profile))
            kept.append(on_platform(asset.name, profile=profile, title=asset.title))
        client = OverwritingClient(*kept)
        Choice(client=client, id="D", overwrite_assets=True)
        self.assertEqual(client.updated, [])

    def test_without_it_nothing_is(self):
        self.assertEqual(self.updated(on_platform(title="Other", description="other")), [])

    def test_it_can_be_given_to_connect(self):
        client = OverwritingClient(on_platform(kind="actuator"))
        small = Small()
        raised(AssetMismatchException, small.connect, client=client, id="D")
        self.assertTrue(small.connect(overwrite_assets=True))
        self.assertEqual(len(client.updated), 1)
        self.assertIs(small.overwrite_assets, True)
        raised(AssetMismatchException, small.connect, overwrite_assets=False)

    def test_what_is_missing_is_created_all_the_same(self):
        client = OverwritingClient()
        Small(client=client, id="D", overwrite_assets=True)
        self.assertEqual((len(client.created), client.updated), (1, []))

    def test_a_client_that_cannot_says_so(self):
        client = OwnClient(on_platform(kind="actuator"))
        text = str(raised(NotImplementedError, Small, client=client, id="D", overwrite_assets=True))
        self.assertIn("update_asset", text)
        Small(client=OwnClient(on_platform()), id="D", overwrite_assets=True)


if __name__ == "__main__":
    unittest.main()
