"""Assets: names, titles, profiles, and what the platform sends as one."""

import unittest

from allthingstalk import (
    ArrayAsset,
    Asset,
    BooleanAsset,
    Device,
    GeoAsset,
    IntegerAsset,
    InvalidAssetProfileException,
    NumberAsset,
    ObjectAsset,
    StringAsset,
)
from allthingstalk.profiles import IntegerProfile, NumberProfile, ObjectProfile, StringProfile
from own_client import raised

KINDS = (
    (NumberAsset, "number"),
    (IntegerAsset, "integer"),
    (StringAsset, "string"),
    (BooleanAsset, "boolean"),
    (GeoAsset, "object"),
    (ObjectAsset, "object"),
    (ArrayAsset, "array"),
)


class TestDefinition(unittest.TestCase):
    def test_the_kinds(self):
        self.assertEqual(
            (Asset.SENSOR, Asset.ACTUATOR, Asset.VIRTUAL, Asset.CONFIG),
            ("sensor", "actuator", "virtual", "config"),
        )
        self.assertEqual(NumberAsset().kind, "sensor")
        for kind in (Asset.SENSOR, Asset.ACTUATOR, Asset.VIRTUAL, Asset.CONFIG):
            self.assertEqual(NumberAsset(kind=kind).kind, kind)

    def test_a_wrong_kind_is_refused(self):
        for kind in ("Sensor", "", None, 5, ("sensor",), ["sensor"]):
            self.assertIn("actuator", str(raised(ValueError, NumberAsset, kind=kind)))

    def test_typed_assets_have_their_type(self):
        for cls, kind in KINDS:
            asset = cls()
            self.assertEqual((asset.type, asset.profile["type"]), (kind, kind))
            self.assertTrue(isinstance(asset, Asset))

    def test_a_profile_is_what_json_makes_of_it(self):
        enum = StringAsset(enum=("a", "b")).profile["enum"]
        self.assertEqual((type(enum), enum), (list, ["a", "b"]))
        inner = {"type": "array", "items": {"type": "integer", "enum": (1, 2)}}
        asset = ObjectAsset(properties={"a": inner, "5": NumberProfile(enum=(1, 2.5))})
        self.assertEqual(asset.profile["properties"]["a"]["items"]["enum"], [1, 2])
        self.assertEqual(asset.profile["properties"]["5"]["enum"], [1, 2.5])
        self.assertEqual(inner["items"]["enum"], (1, 2))  # the program's own is as it was
        asset = Asset(profile={"type": "string", "enum": ("a",), "x": ((1, 2), {"y": (3,)})})
        self.assertEqual(
            asset.profile, {"type": "string", "enum": ["a"], "x": [[1, 2], {"y": [3]}]}
        )

    def test_an_enum_that_allows_nothing_is_refused(self):
        for enum in ([], (), "", "abc", 5):
            e = raised(InvalidAssetProfileException, StringAsset, enum=enum)
            self.assertIn("enum is a list", str(e))
            profile = {"type": "string", "enum": enum}
            raised(InvalidAssetProfileException, StringAsset, profile=profile)
            raised(InvalidAssetProfileException, ArrayAsset, items=profile)
            raised(InvalidAssetProfileException, ObjectAsset, properties={"a": profile})

    def test_a_property_may_be_called_enum(self):
        properties = {"enum": {"type": "number"}}
        self.assertEqual(ObjectAsset(properties=properties).profile["properties"], properties)

    def test_extras_go_into_the_profile(self):
        asset = NumberAsset(minimum=-40, maximum=85, unit="°C", enum=[1, 2])
        self.assertEqual(
            asset.profile,
            {"type": "number", "minimum": -40, "maximum": 85, "unit": "°C", "enum": [1, 2]},
        )
        self.assertEqual(IntegerAsset(minimum=1).profile, {"type": "integer", "minimum": 1})
        self.assertEqual(StringAsset(enum=["a"]).profile, {"type": "string", "enum": ["a"]})
        properties = {"a": {"type": "number"}}
        self.assertEqual(
            ObjectAsset(properties=properties).profile, {"type": "object", "properties": properties}
        )
        self.assertEqual(
            ArrayAsset(items={"type": "string"}).profile,
            {"type": "array", "items": {"type": "string"}},
        )

    def test_extras_of_one_asset_are_not_those_of_another(self):
        NumberAsset(unit="V")
        self.assertEqual(NumberAsset().profile, {"type": "number"})

    def test_an_unknown_keyword_is_named_with_those_that_exist(self):
        text = str(raised(TypeError, NumberAsset, units="V"))
        for word in ("NumberAsset", "'units'", "kind", "title", "handler", "minimum", "unit"):
            self.assertIn(word, text)
        for cls in (BooleanAsset, StringAsset, GeoAsset, ObjectAsset, ArrayAsset):
            raised(TypeError, cls, unit="V")
        raised(TypeError, Asset, profile={"type": "number"}, unit="V")
        raised(TypeError, GeoAsset, properties={})

    def test_everything_is_given_by_keyword(self):
        raised(TypeError, NumberAsset, "sensor")


class TestNames(unittest.TestCase):
    def test_names_that_are_fine(self):
        for name in ("temp", "2", "a-b_c.d", "Ångström", "über", "a" * 200, "$x", "%41"):
            self.assertEqual(NumberAsset(name=name).name, name)

    def test_blanks_slashes_and_wildcards_are_refused(self):
        for name in ("", " ", "a b", " a", "a\t", "a\n", "a\r", "\0", "a/b", "/", "+", "a+", "#"):
            self.assertIn("asset name", str(raised(ValueError, NumberAsset, name=name)))

    def test_blanks_beyond_ascii_are_refused_as_by_the_platform(self):
        for c in (
            0x85,
            0xA0,
            0x1680,
            0x2000,
            0x2003,
            0x200A,
            0x2028,
            0x2029,
            0x202F,
            0x205F,
            0x3000,
        ):
            for name in (chr(c), "a" + chr(c), chr(c) + "b", "a" + chr(c) + "b"):
                self.assertIn("asset name", str(raised(ValueError, NumberAsset, name=name)))
        for c in (0x84, 0x86, 0x9F, 0xA1, 0x167F, 0x1681, 0x1FFF, 0x200B, 0x2027, 0x202A, 0x3001):
            self.assertEqual(NumberAsset(name="a" + chr(c)).name, "a" + chr(c))

    def test_what_is_no_text_is_refused(self):
        for name in (2, True, b"temp", ("a",), ["a"]):
            raised(ValueError, NumberAsset, name=name)

    def test_the_name_is_that_of_the_member(self):
        class Board(Device):
            temp = NumberAsset()
            humidity = NumberAsset(name="rh")

        board = Board()
        self.assertEqual(board.assets["temp"].name, "temp")
        self.assertEqual(board.assets["humidity"].name, "rh")


class TestTitles(unittest.TestCase):
    def test_a_title_is_the_name_with_a_capital_first_letter(self):
        for name, title in (("maxTemp", "MaxTemp"), ("2", "2"), ("x", "X"), ("LED", "LED")):
            self.assertEqual(NumberAsset(name=name).title, title)

    def test_only_the_first_letter_changes(self):
        self.assertEqual(NumberAsset(name="a_bC").title, "A_bC")

    def test_a_title_that_is_given_is_taken(self):
        self.assertEqual(NumberAsset(name="t", title="Température ☀").title, "Température ☀")
        self.assertEqual(NumberAsset(name="t", title="lower").title, "lower")

    def test_of_a_member(self):
        class Board(Device):
            maxTemp = NumberAsset()
            second = NumberAsset(name="2")
            third = NumberAsset(title="The third")

        assets = Board().assets
        self.assertEqual(assets["maxTemp"].title, "MaxTemp")
        self.assertEqual(assets["second"].title, "2")
        self.assertEqual(assets["third"].title, "The third")

    def test_a_title_can_be_changed(self):
        asset = NumberAsset(name="t")
        asset.title = "Other"
        self.assertEqual(asset.title, "Other")

    def test_the_description_is_empty_unless_given(self):
        self.assertEqual(NumberAsset().description, "")
        self.assertEqual(NumberAsset(description="größer").description, "größer")


class TestProfiles(unittest.TestCase):
    def test_an_untyped_asset_needs_one(self):
        raised(InvalidAssetProfileException, Asset)
        raised(InvalidAssetProfileException, Asset, name="x")

    def test_an_untyped_asset_is_of_its_profiles_type(self):
        asset = Asset(profile=NumberProfile(unit="V"))
        self.assertEqual((asset.type, asset.profile["unit"]), ("number", "V"))
        self.assertEqual(Asset(profile={"type": "location"}).type, "location")

    def test_unusable_profiles_are_refused(self):
        for profile in ("number", 5, [], {}, {"unit": "V"}, {"type": None}, {"type": 5}, True):
            raised(InvalidAssetProfileException, Asset, profile=profile)
            raised(InvalidAssetProfileException, NumberAsset, profile=profile)

    def test_a_typed_asset_uses_a_profile_of_its_type(self):
        asset = NumberAsset(profile=NumberProfile(minimum=1, unit="V"))
        self.assertEqual(asset.profile, {"type": "number", "minimum": 1, "unit": "V"})
        asset = StringAsset(profile=StringProfile(enum=["a"]))
        self.assertEqual(asset.profile, {"type": "string", "enum": ["a"]})

    def test_a_typed_asset_refuses_a_profile_of_another_type(self):
        text = str(raised(InvalidAssetProfileException, NumberAsset, profile=IntegerProfile()))
        self.assertIn("number", text)
        raised(InvalidAssetProfileException, IntegerAsset, profile=NumberProfile())
        raised(InvalidAssetProfileException, GeoAsset, profile={"type": "array"})
        raised(InvalidAssetProfileException, BooleanAsset, profile={"type": "string"})

    def test_extras_are_added_to_a_profile(self):
        profile = {"type": "number", "minimum": 1}
        asset = NumberAsset(profile=profile, unit="V")
        self.assertEqual(asset.profile, {"type": "number", "minimum": 1, "unit": "V"})
        self.assertEqual(profile, {"type": "number", "minimum": 1})

    def test_unknown_keys_pass_through(self):
        profile = {"type": "number", "multipleOf": 2, "x-colour": {"a": [1]}}
        self.assertEqual(NumberAsset(profile=profile).profile, profile)
        self.assertEqual(Asset(profile=profile).profile, profile)

    def test_geo_keeps_its_coordinates_whatever_profile_it_is_given(self):
        asset = GeoAsset(profile=ObjectProfile())
        self.assertTrue("latitude" in asset.profile["properties"])
        properties = {
            "latitude": {"type": "number", "minimum": 0},
            "longitude": {"type": "number"},
        }
        asset = GeoAsset(profile={"type": "object", "properties": properties})
        self.assertEqual(asset.profile["properties"]["latitude"]["minimum"], 0)


class TestKindsOfAProgram(unittest.TestCase):
    def test_a_schema_of_its_own_stays_as_it_is(self):
        class Spot(GeoAsset):
            schema = {
                "type": "object",
                "properties": {"latitude": {"type": "number"}, "floor": {"type": "integer"}},
                "required": ["floor"],
            }

        before = str(sorted(Spot.schema["properties"]))
        self.assertEqual(Spot().schema, Spot.schema)
        self.assertEqual(str(sorted(Spot.schema["properties"])), before)

    def test_a_profile_and_keywords_come_before_the_schema_of_the_class(self):
        class Percent(NumberAsset):
            schema = {"type": "number", "unit": "%"}

        self.assertEqual(Percent().schema["unit"], "%")
        self.assertEqual(Percent(profile={"type": "number", "unit": "C"}).schema["unit"], "C")
        asset = Percent(maximum=100)
        self.assertEqual(asset.schema, {"type": "number", "unit": "%", "maximum": 100})
        self.assertEqual(
            [asset.fits(v) for v in (100, 99.5, 101, True)], [True, True, False, False]
        )

    def test_its_type_says_what_fits_whatever_it_inherits(self):
        class Level(NumberAsset):
            type = "integer"

        class Word(NumberAsset):
            type = "string"

        level, word = Level(), Word()
        self.assertEqual([level.fits(v) for v in (5, 5.0, 5.5, "5")], [True, False, False, False])
        self.assertEqual([word.fits(v) for v in ("five", 5)], [True, False])
        self.assertEqual((level.schema, word.schema), ({"type": "integer"}, {"type": "string"}))


class TestFromDict(unittest.TestCase):
    FULL = {
        "id": "5f0c",
        "deviceId": "D",
        "name": "temp",
        "title": "Température",
        "description": "outside",
        "is": "sensor",
        "profile": {"type": "number", "unit": "°C", "other": 1},
        "state": {"value": 5, "at": "2020-01-02T03:04:05Z"},
        "createdOn": "2020-01-02T03:04:05Z",
    }

    def test_all_of_it(self):
        asset = Asset.from_dict(self.FULL)
        self.assertEqual((asset.id, asset.thing_id), ("5f0c", "D"))
        self.assertEqual((asset.name, asset.title), ("temp", "Température"))
        self.assertEqual(
            (asset.description, asset.kind, asset.type), ("outside", "sensor", "number")
        )
        self.assertEqual(asset.profile, {"type": "number", "unit": "°C", "other": 1})
        self.assertTrue(isinstance(asset.profile, NumberProfile))
        self.assertIsNone(asset.handler)

    def test_what_is_missing_or_null_is_made_up_for(self):
        least = {"name": "temp", "is": "sensor"}
        nulls = least.copy()
        for key in ("id", "deviceId", "title", "description", "profile", "state"):
            nulls[key] = None
        for d in (least, nulls):
            asset = Asset.from_dict(d)
            self.assertEqual((asset.id, asset.thing_id), (None, None))
            self.assertEqual((asset.title, asset.description), ("Temp", ""))
            self.assertEqual((asset.type, asset.profile), (None, None))

    def test_a_profile_without_a_type_is_none(self):
        for profile in ({}, {"unit": "V"}, {"type": None}):
            asset = Asset.from_dict({"name": "t", "is": "sensor", "profile": profile})
            self.assertEqual((asset.type, asset.profile), (None, None))

    def test_without_a_name_or_kind_it_is_no_asset(self):
        raised(KeyError, Asset.from_dict, {"is": "sensor"})
        raised(KeyError, Asset.from_dict, {"name": "temp"})

    def test_names_that_could_not_be_declared_are_read_all_the_same(self):
        self.assertEqual(Asset.from_dict({"name": "a b", "is": "sensor"}).name, "a b")

    def test_two_of_them_share_nothing(self):
        one, other = Asset.from_dict(self.FULL), Asset.from_dict({"name": "x", "is": "config"})
        one.title = "Changed"
        self.assertEqual((other.title, other.id, other.kind), ("X", None, "config"))


if __name__ == "__main__":
    unittest.main()
