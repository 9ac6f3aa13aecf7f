"""Profiles: dicts with a type, keywords of their own, and whatever the platform adds."""

import json
import unittest

from allthingstalk import InvalidAssetProfileException
from allthingstalk.profiles import (
    ArrayProfile,
    BooleanProfile,
    GeoProfile,
    IntegerProfile,
    NumberProfile,
    ObjectProfile,
    Profile,
    StringProfile,
)
from own_client import raised

TYPES = (
    (NumberProfile, "number"),
    (IntegerProfile, "integer"),
    (StringProfile, "string"),
    (BooleanProfile, "boolean"),
    (ObjectProfile, "object"),
    (ArrayProfile, "array"),
    (GeoProfile, "object"),
)


class TestProfiles(unittest.TestCase):
    def test_each_is_a_dict_of_its_type(self):
        for cls, kind in TYPES:
            profile = cls()
            self.assertTrue(isinstance(profile, dict))
            self.assertTrue(isinstance(profile, Profile))
            self.assertEqual(profile["type"], kind)
            self.assertEqual(profile.type, kind)

    def test_keywords_go_into_the_profile(self):
        profile = NumberProfile(minimum=-40, maximum=85.5, unit="°C", enum=[1, 2])
        self.assertEqual(
            profile,
            {"type": "number", "minimum": -40, "maximum": 85.5, "unit": "°C", "enum": [1, 2]},
        )
        self.assertEqual(IntegerProfile(unit="m"), {"type": "integer", "unit": "m"})
        self.assertEqual(StringProfile(enum=["a"]), {"type": "string", "enum": ["a"]})
        inner = {"a": NumberProfile()}
        self.assertEqual(
            ObjectProfile(properties=inner),
            {"type": "object", "properties": {"a": {"type": "number"}}},
        )
        self.assertEqual(
            ArrayProfile(items=StringProfile()), {"type": "array", "items": {"type": "string"}}
        )

    def test_an_unknown_keyword_is_named_with_those_that_exist(self):
        text = str(raised(TypeError, NumberProfile, units="V"))
        for word in ("NumberProfile", "units", "minimum", "maximum", "unit", "enum"):
            self.assertIn(word, text)
        raised(TypeError, BooleanProfile, unit="V")
        raised(TypeError, StringProfile, minimum=1)
        raised(TypeError, GeoProfile, properties={})

    def test_a_profile_of_any_type_takes_any_key(self):
        profile = Profile(type="vector", size=3)
        self.assertEqual((profile.type, profile["size"]), ("vector", 3))
        self.assertIsNone(Profile().type)

    def test_geo_has_numbers_for_the_coordinates(self):
        properties = GeoProfile()["properties"]
        self.assertEqual(properties["latitude"], {"type": "number"})
        self.assertEqual(properties["longitude"], {"type": "number"})

    def test_two_profiles_share_nothing(self):
        one, other = GeoProfile(), GeoProfile()
        one["unit"] = "V"
        one["properties"]["altitude"] = NumberProfile()
        self.assertFalse("unit" in other)
        self.assertFalse("altitude" in other["properties"])

    def test_it_is_json(self):
        profile = ObjectProfile(properties={"a": NumberProfile(unit="°C")})
        self.assertEqual(
            json.loads(json.dumps(profile)),
            {"type": "object", "properties": {"a": {"type": "number", "unit": "°C"}}},
        )


class TestFromDict(unittest.TestCase):
    def test_it_gives_the_profile_of_the_type(self):
        for cls, kind in TYPES[:-1]:
            self.assertTrue(isinstance(Profile.from_dict({"type": kind}), cls), kind)

    def test_keys_that_nobody_knows_pass_through(self):
        d = {"type": "number", "unit": "V", "multipleOf": 2, "x": {"y": None}}
        self.assertEqual(Profile.from_dict(d), d)

    def test_a_type_that_nobody_knows_passes_through(self):
        profile = Profile.from_dict({"type": "location", "srid": 4326})
        self.assertEqual((profile.type, profile["srid"]), ("location", 4326))

    def test_it_does_not_change_what_it_is_given(self):
        d = {"type": "number"}
        Profile.from_dict(d)["unit"] = "V"
        self.assertEqual(d, {"type": "number"})

    def test_what_is_no_profile_is_refused(self):
        for d in (None, "number", [], {}, {"unit": "V"}, {"type": None}, {"type": 5}):
            raised(InvalidAssetProfileException, Profile.from_dict, d)


if __name__ == "__main__":
    unittest.main()
