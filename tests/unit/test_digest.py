"""The digest of a definition: later boots ask the platform only where something changed."""

import os
import time
import unittest

from allthingstalk import AssetMismatchException, Device, NumberAsset, StringAsset
from contract import ContractTest
from own_client import raised


class TestDigest(ContractTest):
    def setUp(self):
        super().setUp()
        self.path = "/tmp/allthingstalk-digest-%d" % time.time_ns()

    def tearDown(self):
        for path in (self.path, self.path + ".new"):
            try:
                os.remove(path)
            except OSError:
                pass

    def looks(self, cls, id="D", api="http://h", **kwargs):
        """Return whether a boot with this definition asks the platform."""
        self.rest.log.clear()
        own = type("VirtualClient", (type(self.client),), {})
        client = own("maker:secret", api=api, log=self.reports.append, digest=self.path)
        device = cls(client=client, id=id, connect=False, **kwargs)
        try:
            self.assertTrue(device.connect())
        finally:
            client.close()
            self.rest.assets.clear()
        return any(line.startswith("GET /device/%s/assets" % id) for line in self.rest.log)

    def board(self, **kwargs):
        return type("Board", (Device,), {"temp": NumberAsset(**kwargs), "text": StringAsset()})

    def test_later_boots_of_the_same_definition_do_not_look(self):
        self.assertTrue(self.looks(self.board(unit="V", minimum=1)))
        self.assertFalse(self.looks(self.board(unit="V", minimum=1)))
        self.assertEqual(self.rest.log, [])

    def test_whatever_changes_is_looked_at(self):
        self.looks(self.board())
        for kwargs in (
            {"unit": "V"},
            {"title": "Other"},
            {"description": "other"},
            {"kind": "virtual"},
            {"name": "other"},
        ):
            self.assertTrue(self.looks(self.board(**kwargs)))
            self.assertTrue(self.looks(self.board()))
        self.assertTrue(self.looks(self.board(), api="http://other"))
        self.assertTrue(self.looks(self.board(), overwrite_assets=True))

    def test_several_devices_share_the_file(self):
        for id in ("D", "E"):
            self.assertTrue(self.looks(self.board(), id=id))
        for id in ("D", "E"):
            self.assertFalse(self.looks(self.board(), id=id))

    def test_a_mismatch_leaves_no_digest(self):
        for _ in range(2):
            profile = {"type": "number"}
            self.rest.assets["temp"] = {"name": "temp", "is": "actuator", "profile": profile}
            raised(AssetMismatchException, self.looks, self.board())
            self.assertEqual(self.rest.log, ["GET /device/D/assets HTTP/1.1"])

    def test_a_file_that_is_no_digest_is_replaced(self):
        with open(self.path, "wb") as f:
            f.write(b"\xff\xfe\x00 no text at all")
        self.assertTrue(self.looks(self.board()))
        self.assertFalse(self.looks(self.board()))

    def test_where_nothing_can_be_written_every_boot_looks(self):
        self.path = "/no-such-folder/digest"
        self.assertTrue(self.looks(self.board()))
        self.assertTrue(self.looks(self.board()))


if __name__ == "__main__":
    unittest.main()
