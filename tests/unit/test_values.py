"""Values: what each type takes before it leaves, and what it makes of a command."""

import unittest

from allthingstalk import (
    ArrayAsset,
    Asset,
    BooleanAsset,
    GeoAsset,
    IntegerAsset,
    InvalidAssetProfileException,
    NumberAsset,
    ObjectAsset,
    StringAsset,
)
from allthingstalk.core.values import check, convert
from allthingstalk.profiles import NumberProfile, StringProfile
from own_client import raised

NAN = float("nan")
INFINITY = float("inf")


class ValueTest(unittest.TestCase):
    def takes(self, asset, *values):
        for value in values:
            self.assertEqual(check(asset, value), value)

    def refuses(self, asset, *values, **kwargs):
        kind = kwargs.get("kind", TypeError)
        for value in values:
            try:
                got = check(asset, value)
            except kind as e:
                self.assertIn(asset.name, str(e))
            else:
                self.fail("taken: %r as %r" % (value, got))


class TestTypes(ValueTest):
    def test_a_number_takes_int_and_float_but_no_bool(self):
        asset = NumberAsset(name="x")
        self.takes(asset, 0, -1, 21.5, 1e30, 2**70)
        self.refuses(asset, True, False, "1", None, [1], {}, b"1", 1j)

    def test_an_integer_takes_int_and_a_float_without_a_fraction(self):
        asset = IntegerAsset(name="x")
        self.takes(asset, 0, -1, 2**70)
        value = check(asset, 5.0)
        self.assertEqual((value, type(value)), (5, int))
        self.assertEqual(check(asset, -2e3), -2000)
        self.refuses(asset, 1.5, True, False, "1", None, [1])

    def test_numbers_are_finite(self):
        for asset in (NumberAsset(name="x"), IntegerAsset(name="x")):
            self.refuses(asset, NAN, INFINITY, -INFINITY, kind=ValueError)

    def test_a_string_takes_str(self):
        asset = StringAsset(name="x")
        self.takes(asset, "", "a", "größer ☀", '"\\\n')
        self.refuses(asset, 1, 1.5, True, None, b"a", ["a"])

    def test_a_boolean_takes_bool(self):
        asset = BooleanAsset(name="x")
        self.takes(asset, True, False)
        self.refuses(asset, 0, 1, "true", None, 1.0, [])

    def test_none_is_refused_by_any_type(self):
        for asset in (GeoAsset(name="x"), ObjectAsset(name="x"), ArrayAsset(name="x")):
            self.refuses(asset, None)
        self.refuses(Asset(name="x", profile={"type": "vector"}), None)

    def test_a_type_that_nobody_knows_takes_what_json_can_carry(self):
        asset = Asset(name="x", profile={"type": "vector"})
        self.takes(asset, 1, "a", True, [1, None, {"a": 2.5}], {"a": [1]})
        self.refuses(asset, b"a", [b"a"], {"a": object()}, {1: 2})
        self.refuses(asset, NAN, [INFINITY], kind=ValueError)

    def test_an_untyped_asset_is_checked_by_its_profile(self):
        asset = Asset(name="x", profile=NumberProfile(maximum=5))
        self.takes(asset, 5)
        self.refuses(asset, "5")
        self.refuses(asset, 6, kind=ValueError)

    def test_without_a_profile_nothing_can_be_checked(self):
        asset = Asset.from_dict({"name": "x", "is": "sensor"})
        raised(InvalidAssetProfileException, check, asset, 5)


class TestLimits(ValueTest):
    def test_minimum_and_maximum_are_allowed_themselves(self):
        for asset in (NumberAsset(name="x", minimum=-5, maximum=5),):
            self.takes(asset, -5, 0, 5, 4.9, 5.0)
            self.refuses(asset, -6, 6, 5.001, kind=ValueError)
        asset = IntegerAsset(name="x", minimum=0)
        self.takes(asset, 0, 10**9)
        self.refuses(asset, -1, -1.0, kind=ValueError)

    def test_a_limit_of_zero_counts(self):
        self.refuses(NumberAsset(name="x", maximum=0), 1, kind=ValueError)
        self.refuses(NumberAsset(name="x", minimum=0), -0.1, kind=ValueError)

    def test_the_text_says_value_and_limits(self):
        e = raised(ValueError, check, NumberAsset(name="temp", minimum=-40, maximum=85), 99)
        for part in ("temp", "99", "-40", "85"):
            self.assertIn(part, str(e))

    def test_an_enum_lists_what_is_allowed(self):
        asset = StringAsset(name="x", enum=["on", "off", "größer"])
        self.takes(asset, "on", "größer")
        self.refuses(asset, "On", "", "o", kind=ValueError)
        asset = NumberAsset(name="x", enum=[1, 2.5])
        self.takes(asset, 1, 1.0, 2.5)
        self.refuses(asset, 2, kind=ValueError)

    def test_an_enum_in_a_profile_counts_too(self):
        asset = StringAsset(name="x", profile=StringProfile(enum=["a"]))
        self.refuses(asset, "b", kind=ValueError)


class TestGeo(ValueTest):
    def check_place(self, asset):
        self.takes(
            asset,
            {"latitude": 51.05, "longitude": 3},
            {"latitude": 51.05, "longitude": 3.72, "altitude": 12.5},
            {"latitude": 0, "longitude": 0, "note": "null island"},
        )
        self.refuses(asset, 5, "51,3", [51.05, 3.72], True)
        self.refuses(
            asset,
            {"latitude": "51", "longitude": 3},
            {"latitude": 51, "longitude": True},
            {"latitude": 51, "longitude": None},
            {"latitude": None, "longitude": None},
            {"latitude": 51, "longitude": 3, "altitude": "12"},
        )
        self.refuses(
            asset,
            {},
            {"latitude": 51},
            {"longitude": 3},
            {"latitude": NAN, "longitude": 3},
            {"latitude": 51, "longitude": 3, "altitude": INFINITY},
            kind=ValueError,
        )

    def test_a_place_is_numbers_for_the_coordinates(self):
        self.check_place(GeoAsset(name="x"))

    def test_the_platforms_shorthand_is_the_same(self):
        self.check_place(Asset(name="x", profile={"type": "location"}))

    def test_checking_changes_no_profile(self):
        place = {"latitude": {"type": "number"}, "longitude": {"type": "number"}}
        asset = ObjectAsset(name="x", properties=place)
        self.check_place(asset)
        self.assertEqual(sorted(asset.profile["properties"]), ["latitude", "longitude"])
        self.assertEqual(sorted(place), ["latitude", "longitude"])

    def test_the_profile_has_the_altitude(self):
        properties = GeoAsset(name="x").profile["properties"]
        self.assertEqual(sorted(properties), ["altitude", "latitude", "longitude"])
        self.assertEqual(properties["altitude"], {"type": "number"})


class TestObjectsAndArrays(ValueTest):
    def test_any_object_where_nothing_is_declared(self):
        asset = ObjectAsset(name="x")
        self.takes(asset, {}, {"a": 1, "b": [None, {"c": "d"}]})
        self.refuses(asset, [], "a", 1)

    def test_declared_properties_are_checked(self):
        asset = ObjectAsset(
            name="x",
            properties={
                "n": NumberProfile(maximum=5),
                "list": {"type": "array", "items": {"type": "integer"}},
                "inner": {"type": "object", "properties": {"word": {"type": "string"}}},
            },
        )
        self.takes(asset, {"n": 5, "list": [1, 2], "inner": {"word": "a"}}, {"other": True}, {})
        self.refuses(
            asset,
            {"n": "5"},
            {"list": [None]},
            {"list": 1},
            {"list": [1, "2"]},
            {"list": [1.5]},
            {"inner": {"word": 1}},
        )
        self.refuses(asset, {"n": 6}, {"n": NAN}, kind=ValueError)

    def test_null_in_a_member_that_may_be_missing_counts_as_absent(self):
        place = {"latitude": 51, "longitude": 3, "altitude": None}
        self.assertEqual(check(GeoAsset(name="x"), place), {"latitude": 51, "longitude": 3})
        self.assertEqual(convert(GeoAsset(name="x"), place), {"latitude": 51, "longitude": 3})
        self.assertEqual(len(place), 3)  # the program's own is as it was
        inner = {"type": "object", "properties": {"a": {"type": "number"}}}
        asset = ObjectAsset(name="x", properties={"n": {"type": "number"}, "inner": inner})
        self.assertEqual(check(asset, {"n": None, "inner": None, "o": None}), {"o": None})
        self.assertEqual(check(asset, {"inner": {"a": None}}), {"inner": {}})
        rows = ArrayAsset(name="x", items=inner)
        given = [{"a": 1}, {"a": None}]
        self.assertEqual(check(rows, given), [{"a": 1}, {}])
        self.assertEqual(check(rows, tuple(given)), [{"a": 1}, {}])
        self.assertEqual(given, [{"a": 1}, {"a": None}])

    def test_null_stays_where_it_is_needed_or_named(self):
        profile = {
            "type": "object",
            "properties": {"n": {"type": "number"}, "m": {"enum": ["x", None]}},
            "required": ["n"],
        }
        asset = Asset(name="x", profile=profile)
        self.refuses(asset, {"n": None, "m": "x"})
        self.assertEqual(check(asset, {"n": 1, "m": None}), {"n": 1, "m": None})

    def test_what_fits_is_the_same_object(self):
        for asset, value in (
            (ObjectAsset(name="x"), {"a": [1, {"b": None}]}),
            (GeoAsset(name="x"), {"latitude": 51, "longitude": 3.5}),
            (ArrayAsset(name="x", items={"type": "number"}), (1, 2.5)),
        ):
            self.assertTrue(check(asset, value) is value)

    def test_the_text_says_where(self):
        asset = ObjectAsset(
            name="x", properties={"list": {"type": "array", "items": {"type": "string"}}}
        )
        self.assertIn("x.list[1]", str(raised(TypeError, check, asset, {"list": ["a", 5]})))

    def test_keys_are_text(self):
        self.refuses(ObjectAsset(name="x"), {1: 2}, {"a": {None: 1}})

    def test_any_array_where_nothing_is_declared(self):
        asset = ArrayAsset(name="x")
        self.takes(asset, [], [1, "a", None, [True]], (1, 2))
        self.refuses(asset, {}, "ab", 1)

    def test_declared_items_are_checked(self):
        asset = ArrayAsset(name="x", items=NumberProfile(minimum=0))
        self.takes(asset, [], [0, 1.5], (2,))
        self.refuses(asset, ["1"], [1, None], [True])
        self.refuses(asset, [1, -1], kind=ValueError)

    def test_what_json_cannot_carry_is_refused_at_any_depth(self):
        self.refuses(ObjectAsset(name="x"), {"a": b"bytes"}, {"a": [object()]})
        self.refuses(ObjectAsset(name="x"), {"a": {"b": [NAN]}}, kind=ValueError)
        self.refuses(ArrayAsset(name="x"), [b"bytes"], [[len]])
        self.refuses(ArrayAsset(name="x"), [INFINITY], kind=ValueError)

    def test_a_long_value_makes_no_long_text(self):
        e = raised(TypeError, check, NumberAsset(name="x"), "a" * 5000)
        self.assertTrue(len(str(e)) < 100)


class TestCommands(unittest.TestCase):
    def gives(self, asset, rows):
        for given, wanted in rows:
            got = convert(asset, given)
            self.assertEqual((got, type(got)), (wanted, type(wanted)), "%r gives %r" % (given, got))

    def refuses(self, asset, *values):
        for value in values:
            try:
                self.fail("taken: %r as %r" % (value, convert(asset, value)))
            except (TypeError, ValueError):
                pass

    def test_an_integer(self):
        rows = ((5, 5), (1.0, 1), ("1", 1), ("-7", -7), ("1.0", 1), (" 12 ", 12), ("+5", 5))
        self.gives(IntegerAsset(name="x"), rows)
        self.refuses(IntegerAsset(name="x"), 1.5, "1.5", None, "", "one", "1_0", "0x10", True)
        self.refuses(IntegerAsset(name="x"), [1], {}, "nan", "inf", NAN, INFINITY)

    def test_a_number(self):
        rows = ((5, 5), (21.5, 21.5), ("21.5", 21.5), ("3", 3), ("-1e3", -1000.0), (".5", 0.5))
        self.gives(NumberAsset(name="x"), rows)
        self.refuses(NumberAsset(name="x"), None, "", " ", ".", "-", "e5", "5 V", "1,5", "1_0.5")
        self.refuses(NumberAsset(name="x"), "nan", "-inf", "infinity", "1e999", True, False, [])

    def test_a_string(self):
        rows = (("a", "a"), ("", ""), (5, "5"), (21.5, "21.5"), (-1, "-1"), ("ä☀", "ä☀"))
        self.gives(StringAsset(name="x"), rows)
        self.refuses(StringAsset(name="x"), None, True, [], {})

    def test_a_boolean(self):
        rows = [(True, True), (False, False), (1, True), (0, False), (1.0, True), (0.0, False)]
        for yes, no in (("true", "false"), ("1", "0"), ("on", "off"), ("On", "OFF")):
            rows += [(yes, True), (no, False), (yes.upper(), True), (no.upper(), False)]
        rows += [("True", True), ("False", False), (" on ", True)]
        self.gives(BooleanAsset(name="x"), rows)
        self.refuses(BooleanAsset(name="x"), None, 2, -1, 0.5, "", "yes", "no", "2", "on.0")
        self.refuses(BooleanAsset(name="x"), [], [1], {}, "nul")

    def test_a_place_an_object_and_an_array_are_taken_as_they_are(self):
        place = {"latitude": 51.5, "longitude": 3}
        self.gives(GeoAsset(name="x"), ((place, place),))
        self.refuses(GeoAsset(name="x"), {"latitude": 51.5}, "51,3", None, 5)
        self.gives(ObjectAsset(name="x"), (({"a": 1}, {"a": 1}),))
        self.refuses(ObjectAsset(name="x"), [], "{}", None)
        self.gives(ArrayAsset(name="x", items={"type": "number"}), (([1, 2.5], [1, 2.5]),))
        self.refuses(ArrayAsset(name="x", items={"type": "number"}), ["1"], {}, None)

    def test_limits_and_enums_hold_after_the_conversion(self):
        asset = NumberAsset(name="x", minimum=0, maximum=5)
        self.gives(asset, (("5", 5), (0.0, 0.0)))
        self.refuses(asset, "5.1", 6, "-1")
        asset = StringAsset(name="x", enum=["1", "a"])
        self.gives(asset, ((1, "1"),))
        self.refuses(asset, 2, "b")
        self.refuses(IntegerAsset(name="x", enum=[1, 2]), "3")


class TestPlain(ValueTest):
    """The short way that does not load `core.values` has to agree with it."""

    def test_what_is_plain_passes_the_check_as_it_is(self):
        from allthingstalk import assets

        nan, inf = float("nan"), float("inf")
        values = (
            0,
            1,
            -5,
            1.0,
            2.5,
            nan,
            inf,
            True,
            False,
            "",
            "text",
            "5",
            None,
            b"x",
            [],
            {},
            (),
        )
        kinds = [
            assets.NumberAsset(name="a"),
            assets.NumberAsset(name="a", unit="V"),
            assets.NumberAsset(name="a", minimum=1),
            assets.NumberAsset(name="a", enum=[1]),
            assets.IntegerAsset(name="a"),
            assets.IntegerAsset(name="a", maximum=0),
            assets.StringAsset(name="a"),
            assets.StringAsset(name="a", enum=["text"]),
            assets.BooleanAsset(name="a"),
            assets.GeoAsset(name="a"),
            assets.ObjectAsset(name="a"),
            assets.ArrayAsset(name="a"),
            assets.Asset(name="a", profile={"type": "strange"}),
        ]
        plain = 0
        for asset in kinds:
            for value in values:
                if asset.fits(value):
                    plain += 1
                    self.assertTrue(check(asset, value) is value, (asset.type, value))
        self.assertEqual(plain, 5 + 5 + 3 + 3 + 2 + 3 + 2)

    def test_numbers_within_limits_are_plain(self):
        class Percent(NumberAsset):
            schema = {"type": "number", "minimum": 0, "maximum": 100, "unit": "%"}

        limits = {"type": "number", "minimum": 0, "maximum": 100}
        for asset in (
            NumberAsset(name="a", minimum=0, maximum=100, unit="%"),
            Asset(name="a", profile=limits),
            Percent(name="a"),
        ):
            self.assertEqual((asset.profile["minimum"], asset.profile["maximum"]), (0, 100))
            for value in (0, 0.0, 50, 99.5, 100):
                self.assertTrue(asset.fits(value), value)
            for value in (-1, -0.1, 100.5, 2**70, NAN, INFINITY, -INFINITY, True, "5", None):
                self.assertFalse(asset.fits(value), value)
                self.refuses(asset, value, kind=(TypeError, ValueError))
        self.assertFalse(NumberAsset(name="a", minimum=0).fits(INFINITY))
        self.assertTrue(IntegerAsset(name="a", maximum=2**70).fits(2**70))
        self.assertFalse(IntegerAsset(name="a", minimum=0).fits(5.0))  # it is to become an int

    def test_other_limits_are_left_to_the_check(self):
        for more in ({"minimum": None}, {"enum": [5]}, {"minimum": 0, "multipleOf": 5}):
            profile = {"type": "number"}
            profile.update(more)
            asset = NumberAsset(name="a", profile=profile)
            self.assertFalse(asset.fits(5))
            self.takes(asset, 5)


if __name__ == "__main__":
    unittest.main()
