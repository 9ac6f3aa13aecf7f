"""The exceptions: one base, what passes and what does not, what they carry."""

import unittest

import allthingstalk
from allthingstalk import AllThingsTalkException, AssetMismatchException, exceptions
from own_client import raised

REFUSED = (
    "AccessForbiddenException",
    "NotFoundException",
    "PlatformException",
    "CertificateException",
    "AssetStateRetrievalException",
    "InvalidAssetProfileException",
)
ALL = REFUSED + ("PlatformUnavailableException", "AssetMismatchException")


class TestClasses(unittest.TestCase):
    def test_all_have_one_base_and_one_home(self):
        for name in ALL:
            cls = getattr(exceptions, name)
            self.assertTrue(issubclass(cls, AllThingsTalkException), name)
            self.assertIs(getattr(allthingstalk, name), cls)
        self.assertTrue(issubclass(AllThingsTalkException, Exception))

    def test_none_is_a_kind_of_another(self):
        for one in ALL:
            for other in ALL:
                if one != other:
                    self.assertFalse(
                        issubclass(getattr(exceptions, one), getattr(exceptions, other)),
                        one + other,
                    )

    def test_only_an_unavailable_platform_passes(self):
        for name in REFUSED:
            self.assertFalse(getattr(exceptions, name)("x").passing, name)
        self.assertFalse(AssetMismatchException("a", ("x", "y"), ("x", "z")).passing)
        self.assertTrue(exceptions.PlatformUnavailableException("x").passing)

    def test_they_carry_text_status_and_error_number(self):
        for name in REFUSED + ("PlatformUnavailableException",):
            e = getattr(exceptions, name)("what happened", status=418, errno=113)
            self.assertEqual(str(e), "what happened")
            self.assertEqual((e.status, e.errno), (418, 113))
            e = getattr(exceptions, name)("what happened")
            self.assertEqual((e.status, e.errno, e.retry_after_s), (None, None, None))

    def test_they_are_caught_by_their_base(self):
        def fail():
            raise exceptions.NotFoundException("gone", status=404)

        self.assertEqual(raised(AllThingsTalkException, fail).status, 404)


class TestMismatch(unittest.TestCase):
    def test_it_carries_asset_expected_and_found(self):
        e = AssetMismatchException("temp", ("sensor", "number"), ("actuator", "string"))
        self.assertEqual(e.asset, "temp")
        self.assertEqual(e.expected, ("sensor", "number"))
        self.assertEqual(e.found, ("actuator", "string"))
        self.assertIsNone(e.status)

    def test_its_text_says_what_to_do(self):
        text = str(AssetMismatchException("temp", ("sensor", "number"), ("actuator", None)))
        for part in ("temp", "sensor", "number", "actuator", "overwrite_assets=True"):
            self.assertIn(part, text)

    def test_a_text_alone_will_do(self):
        e = AssetMismatchException("text alone")
        self.assertEqual(str(e), "text alone")
        self.assertEqual((e.asset, e.expected, e.found), (None, None, None))
        self.assertFalse(e.passing)


if __name__ == "__main__":
    unittest.main()
