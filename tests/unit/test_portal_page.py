"""The portal's page: below 6 KB, whatever the networks are called, and nothing from outside."""

import unittest

from allthingstalk.portal import page

EMPTY = {"ssid": "", "device": "", "ca": "", "api": "", "mqtt": ""}
NASTY = "<script>alert('\"&')</script>"


def text_of(pieces):
    assert max([len(piece) for piece in pieces]) < 1400
    return b"".join(pieces).decode()


def form(networks=(), fields=(), kept=(), errors=(), said="", ask_root=False, may_save=False):
    shown = EMPTY.copy()
    shown.update(fields)
    made = page.Form(shown, kept, dict(errors), said, ask_root, may_save)
    return text_of(made.page("AllThingsTalk-1a2b", networks))


class TestPage(unittest.TestCase):
    def test_text_is_escaped_wherever_it_comes_from(self):
        self.assertEqual(
            page.escaped('<a href="x">\'&amp;'), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;amp;"
        )
        for text in (
            form([(NASTY, -50, True)]),
            form(fields={"ssid": NASTY, "device": NASTY, "api": NASTY, "mqtt": NASTY}),
            form(errors={"device": NASTY}, said=NASTY),
            text_of(page.checking("a", "b", [NASTY])),
            text_of(page.done("a", NASTY)),
        ):
            self.assertFalse("<script" in text)
            self.assertTrue("&lt;script" in text)

    def test_it_is_below_six_kilobytes_with_the_worst_of_networks_and_errors(self):
        networks = [('"' * 32, -50 - n, True) for n in range(40)]
        fields = {"ssid": "&" * 32, "device": '"' * 36, "api": "https://" + "a" * 60}
        errors = {"key": "x" * 160, "token": "x" * 160}
        for text in (
            form(networks, fields, ("key",), errors, "x" * 300, True, True),
            text_of(page.checking("AllThingsTalk-1a2b", "192.168.4.1", ["x" * 300] * 40)),
        ):
            self.assertTrue(len(text.encode()) < 5760, len(text))  # and 384 for the head

    def test_nothing_comes_from_outside_and_no_script_is_needed(self):
        text = form([("home", -50, False)], ask_root=True)
        for outside in ("src=", "@import", "url(", "<script", "onclick"):
            self.assertFalse(outside in text, outside)

    def test_each_field_has_its_label_and_what_is_wrong_with_it(self):
        text = form(errors={"token": "too short"}, ask_root=True, kept=("key",))
        for field in ("ssid", "other", "key", "device", "token", "ca", "api", "mqtt"):
            self.assertTrue("<label for=%s>" % field in text, field)
            self.assertTrue(" id=%s name=%s" % (field, field) in text, field)
        token = text[text.index(" id=token") :]
        self.assertTrue("aria-invalid=true aria-describedby=token-n autofocus" in token)
        self.assertEqual(text.count("autofocus"), 1)
        self.assertTrue("Kept: leave it empty" in text)

    def test_the_strongest_network_is_chosen_or_the_one_that_was(self):
        networks = [("near", -40, False), ("far", -80, True)]
        self.assertTrue('value="near" selected>near \u00b7 strong' in form(networks))
        self.assertTrue(
            'value="far" selected>far \u00b7 weak, open' in form(networks, {"ssid": "far"})
        )
        self.assertTrue('<option value="" selected>' in form(networks, {"ssid": "hidden"}))
        self.assertTrue('<option value="" selected>' in form())


if __name__ == "__main__":
    unittest.main()
