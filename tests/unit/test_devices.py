"""Device: fields, subclasses, connecting with a client of one's own, assigning and reading."""

import sys
import unittest

from allthingstalk import (
    AccessForbiddenException,
    Asset,
    AssetState,
    AssetStateRetrievalException,
    BaseClient,
    BooleanAsset,
    Device,
    GeoAsset,
    IntegerAsset,
    InvalidAssetProfileException,
    NotFoundException,
    NumberAsset,
    ObjectAsset,
    PlatformUnavailableException,
    StringAsset,
)
from own_client import AbsentClient, OwnClient, raised


class Board(Device):
    temp = NumberAsset(maximum=85)
    count = IntegerAsset()
    led = BooleanAsset(kind=Asset.ACTUATOR)
    second = NumberAsset(name="2")
    text = StringAsset()
    place = GeoAsset()
    data = ObjectAsset()


class AttachingClient(OwnClient):
    def __init__(self, failure=None):
        super().__init__()
        self.failure = failure
        self.attached = []

    def get_assets(self, device_id):
        if self.failure:
            raise self.failure
        return super().get_assets(device_id)

    def _attach_device(self, device):
        self.attached.append(device)


class TestConnecting(unittest.TestCase):
    def test_with_a_client_it_connects_at_once(self):
        client = OwnClient()
        board = Board(client=client, id="D")
        board.temp = 5
        self.assertEqual(client.published, [("D", "temp", 5)])

    def test_without_one_it_waits(self):
        board = Board()
        self.assertIsNone(board.client)
        self.assertIsNone(board.id)
        client = OwnClient()
        self.assertIs(board.connect(client=client, id="D"), True)
        self.assertIs(board.client, client)
        self.assertEqual(board.id, "D")
        board.temp = 5
        self.assertEqual(client.published, [("D", "temp", 5)])

    def test_connect_false_touches_no_client(self):
        client = OwnClient()
        board = Board(client=client, id="D", connect=False)
        self.assertEqual(client.created, [])
        self.assertIs(board.connect(), True)
        self.assertEqual(len(client.created), 7)

    def test_connect_changes_client_and_id(self):
        first, second = OwnClient(), OwnClient()
        board = Board(client=first, id="D")
        board.connect(client=second, id="E")
        board.temp = 5
        self.assertEqual((first.published, second.published), ([], [("E", "temp", 5)]))

    def test_connect_with_an_id_leaves_no_checks_in_memory(self):
        Board().connect(client=OwnClient(), id="D")
        self.assertFalse("allthingstalk.declare" in sys.modules)

    def test_before_connect_it_is_not_started(self):
        for board in (Board(), Board(client=OwnClient(), id="D", connect=False)):
            e = raised(RuntimeError, setattr, board, "temp", 5)
            self.assertEqual(str(e), "Device not started.")
            e = raised(RuntimeError, getattr, board, "temp")
            self.assertEqual(str(e), "Device not started.")

    def test_without_any_client_connect_says_so(self):
        self.assertIn("Client", str(raised(RuntimeError, Board(id="D").connect)))

    def test_what_is_refused_is_raised_and_the_device_is_not_started(self):
        raised(NotFoundException, Board, client=AbsentClient(), id="D")
        board = Board()
        raised(NotFoundException, board.connect, client=AbsentClient(), id="D")
        raised(RuntimeError, setattr, board, "temp", 5)

    def test_a_started_device_that_is_refused_later_is_not_started_any_more(self):
        board = Board(client=OwnClient(), id="D")
        raised(NotFoundException, board.connect, client=AbsentClient())
        raised(RuntimeError, setattr, board, "temp", 5)

    def test_what_passes_is_false_and_the_device_is_started(self):
        client = AttachingClient(PlatformUnavailableException("away"))
        board = Board()
        self.assertIs(board.connect(client=client, id="D"), False)
        self.assertEqual(client.attached, [board])
        board.temp = 5
        self.assertEqual(client.published, [("D", "temp", 5)])

    def test_attach_device_is_called_where_there_is_one(self):
        client = AttachingClient()
        board = Board(client=client, id="D")
        self.assertEqual(client.attached, [board])
        client = AttachingClient(AccessForbiddenException("no"))
        raised(AccessForbiddenException, Board, client=client, id="D")
        self.assertEqual(client.attached, [])

    def test_a_base_client_does_nothing_by_itself(self):
        client = BaseClient()
        raised(NotImplementedError, Board, client=client, id="D")
        raised(NotImplementedError, lambda: client.create_asset("D", Board.temp))
        raised(NotImplementedError, lambda: client.get_asset_state("D", "temp"))
        raised(NotImplementedError, lambda: client.publish_asset_state("D", "temp", 5))

    def test_a_client_carries_several_devices(self):
        client = OwnClient()
        one, other = Board(client=client, id="D"), Board(client=client, id="E")
        one.temp = 1
        other.temp = 2
        self.assertEqual(client.published, [("D", "temp", 1), ("E", "temp", 2)])

    def test_without_an_id_the_client_has_to_create_the_device(self):
        raised(NotImplementedError, Board, client=OwnClient())

        class Creator(OwnClient):
            def create_device(self, title=None):
                self.title = title
                return "new"

        client = Creator()
        board = Board(client=client)
        self.assertEqual((board.id, client.title), ("new", "Board"))
        self.assertEqual(client.created[0][0], "new")

    def test_an_id_that_cannot_be_one_is_refused(self):
        for id in ("", " ", "a b", "a/b", "a+", "#", "a\n", 5, b"D", ["D"]):
            raised(ValueError, Board, id=id)
            raised(ValueError, Board().connect, client=OwnClient(), id=id)

    def test_an_unknown_keyword_is_named_with_those_that_exist(self):
        text = str(raised(TypeError, Board, token="x"))
        for word in ("token", "client", "id", "connect", "overwrite_assets"):
            self.assertIn(word, text)
        raised(TypeError, Board().connect, device_id="D")
        raised(TypeError, Board, OwnClient())


class TestAssigning(unittest.TestCase):
    def setUp(self):
        self.client = OwnClient()
        self.board = Board(client=self.client, id="D")

    def published(self):
        return [(name, state) for _, name, state in self.client.published]

    def test_the_client_gets_what_was_assigned(self):
        data = {"a": [1, None]}
        place = {"latitude": 51.05, "longitude": 3.72}
        state = AssetState(21.5, "2026-11-23T08:15:02Z")
        self.board.data = data
        self.board.place = place
        self.board.temp = state
        self.board.text = "größer"
        self.board.led = True
        self.assertIs(self.client.published[0][2], data)
        self.assertIs(self.client.published[1][2], place)
        self.assertIs(self.client.published[2][2], state)
        self.assertEqual(self.published()[3:], [("text", "größer"), ("led", True)])

    def test_a_member_is_published_under_its_assets_name(self):
        self.board.second = 5
        self.assertEqual(self.published(), [("2", 5)])

    def test_a_whole_float_is_an_int_for_an_integer(self):
        self.board.count = 3.0
        self.board.count = AssetState(4.0, "2026-11-23T08:15:02Z")
        self.assertEqual(type(self.client.published[0][2]), int)
        state = self.client.published[1][2]
        self.assertEqual((state.value, state.at), (4, "2026-11-23T08:15:02Z"))
        self.assertEqual(type(state.value), int)

    def test_a_value_that_does_not_fit_is_refused_at_the_assignment(self):
        for member, value, kind in (
            ("temp", "21.5", TypeError),
            ("temp", None, TypeError),
            ("temp", True, TypeError),
            ("temp", 86, ValueError),
            ("temp", float("nan"), ValueError),
            ("count", 1.5, TypeError),
            ("led", 1, TypeError),
            ("place", {"latitude": 51}, ValueError),
            ("temp", AssetState("x"), TypeError),
            ("temp", AssetState(None), TypeError),
            ("temp", AssetState(99), ValueError),
        ):
            self.assertIn(member, str(raised(kind, setattr, self.board, member, value)))
        self.assertEqual(self.client.published, [])

    def test_what_fits_needs_no_checks_in_memory(self):
        sys.modules.pop("allthingstalk.core.values", None)
        self.board.temp = 84.5  # it has a maximum
        self.board.update(temp=20, text="warm")
        self.assertFalse("allthingstalk.core.values" in sys.modules)
        raised(ValueError, setattr, self.board, "temp", 86)
        self.assertTrue("allthingstalk.core.values" in sys.modules)

    def test_an_asset_without_a_profile_cannot_be_declared(self):
        raised(InvalidAssetProfileException, Asset, name="x")

    def test_what_the_client_raises_reaches_the_program(self):
        def fail(*_):
            raise PlatformUnavailableException("away")

        self.client.publish_asset_state = fail
        raised(PlatformUnavailableException, setattr, self.board, "temp", 5)


class TestReading(unittest.TestCase):
    def setUp(self):
        self.client = OwnClient()
        self.board = Board(client=self.client, id="D")

    def test_it_asks_the_client(self):
        self.client.state = AssetState(21.5, "2026-11-23T08:15:02Z")
        self.assertIs(self.board.temp, self.client.state)
        self.assertEqual(self.board.second.value, 21.5)
        self.assertEqual(self.client.asked, [("D", "temp"), ("D", "2")])

    def test_never_set_is_none(self):
        self.assertIsNone(self.board.temp)
        self.client.state = AssetStateRetrievalException("never set", status=404)
        self.assertIsNone(self.board.temp)

    def test_other_failures_are_raised(self):
        self.client.state = AssetStateRetrievalException("broken", status=500)
        self.assertEqual(
            raised(AssetStateRetrievalException, getattr, self.board, "temp").status, 500
        )
        self.client.state = PlatformUnavailableException("away")
        raised(PlatformUnavailableException, getattr, self.board, "temp")

    def test_of_the_class_it_is_the_asset(self):
        self.assertEqual(Board.second.name, "2")
        self.assertEqual(Board.led.kind, "actuator")


class TestSubclasses(unittest.TestCase):
    def test_fields_are_inherited(self):
        class Better(Board):
            wind = NumberAsset(unit="m/s")

        client = OwnClient()
        better = Better(client=client, id="D")
        better.wind = 3
        better.temp = 4
        self.assertEqual([p[1:] for p in client.published], [("wind", 3), ("temp", 4)])
        self.assertEqual(len(better.assets), 8)
        self.assertFalse("wind" in Board().assets)

    def test_a_subclass_replaces_a_field(self):
        class Other(Board):
            temp = StringAsset(title="In words")

        other = Other(client=OwnClient(), id="D")
        other.temp = "warm"
        self.assertEqual(other.assets["temp"].title, "In words")
        raised(TypeError, setattr, Board(client=OwnClient(), id="D"), "temp", "warm")

    def test_a_subclass_hides_a_field(self):
        class Fewer(Board):
            second = None
            text = "a constant"

        fewer = Fewer(client=OwnClient(), id="D")
        self.assertFalse("second" in fewer.assets or "text" in fewer.assets)
        self.assertIsNone(fewer.second)
        fewer.text = 5
        self.assertEqual((fewer.text, Fewer.text), (5, "a constant"))

    def test_methods_constants_and_init_keep_working(self):
        class Station(Device):
            PIN = 4
            temp = NumberAsset()

            def __init__(self, offset, **kwargs):
                self.offset = offset
                super().__init__(**kwargs)
                self.started_with = self.PIN

            def measure(self):
                self.temp = 20 + self.offset
                return self.offset

            @property
            def double(self):
                return 2 * self.offset

            @staticmethod
            def unit():
                return "°C"

        client = OwnClient()
        station = Station(1.5, client=client, id="D")
        self.assertEqual(station.measure(), 1.5)
        self.assertEqual(client.published, [("D", "temp", 21.5)])
        self.assertEqual((station.PIN, station.started_with, station.double), (4, 4, 3.0))
        self.assertEqual((station.unit(), station.id), ("°C", "D"))

    def test_assets_of_a_mixin(self):
        class Wind:
            wind = NumberAsset()
            STEPS = 12

            def blow(self):
                self.wind = self.STEPS

        class Rain:
            rain = NumberAsset()

        class Plain(Wind, Rain, Device):
            pass

        class Full(Wind, Device, Rain):
            sun = NumberAsset()

        for cls, members in ((Plain, ["rain", "wind"]), (Full, ["rain", "sun", "wind"])):
            client = OwnClient()
            device = cls(client=client, id="D")
            device.blow()
            self.assertEqual(client.published, [("D", "wind", 12)])
            self.assertEqual(sorted(device.assets), members)
            self.assertEqual(device.assets["rain"].name, "rain")

    def test_of_two_bases_with_one_member_it_has_the_one_that_python_finds(self):
        class Base(Device):
            temp = NumberAsset(title="base")

        class Left(Base):
            pass

        class Right(Base):
            temp = NumberAsset(title="right")

        class Both(Left, Right):
            pass

        self.assertEqual(Both().assets["temp"].title, Both.temp.title)

    def test_an_empty_device(self):
        class Empty(Device):
            pass

        client = OwnClient({"name": "other", "is": "sensor"})
        empty = Empty(client=client, id="D")
        self.assertEqual((empty.assets, client.created), ({}, []))
        empty.on_message("command", "other", b'{"value":1}')

    def test_a_device_of_length_zero_is_a_device(self):
        class Sized(Device):
            temp = NumberAsset()

            def __len__(self):
                return 0

        sized = Sized()
        heard = []
        sized.command.temp(lambda device, value, at: heard.append(value))
        sized.on_message("command", "temp", "5")
        Sized().on_message("command", "temp", "6")
        self.assertEqual(heard, [5])


class TestInstances(unittest.TestCase):
    def test_each_has_assets_with_ids_of_its_own(self):
        class Numbering(OwnClient):
            def create_asset(self, device_id, asset):
                found = super().create_asset(device_id, asset)
                found.id = "%s/%s" % (device_id, asset.name)
                return found

        class Small(Device):
            temp = NumberAsset(title="The same")

        client = Numbering()
        one = Small(client=client, id="D")
        later = Small(id="E")
        self.assertIsNone(later.assets["temp"].id)
        self.assertIsNone(later.assets["temp"].thing_id)
        later.connect(client=client)
        for device in (one, later):
            asset = device.assets["temp"]
            self.assertEqual((asset.id, asset.thing_id), (device.id + "/temp", device.id))
            self.assertEqual((asset.name, asset.title, asset.type), ("temp", "The same", "number"))

    def test_a_base_and_its_subclass_share_no_asset(self):
        class Small(Device):
            temp = NumberAsset()

        class Larger(Small):
            wind = NumberAsset()

        client = OwnClient()
        small, larger = Small(client=client, id="D"), Larger(client=client, id="E")
        self.assertEqual(small.assets["temp"].thing_id, "D")
        self.assertEqual(larger.assets["temp"].thing_id, "E")


class TestMemberNames(unittest.TestCase):
    def test_names_that_a_device_needs_are_refused_by_the_first_instance(self):
        for member in (
            "id client assets overwrite_assets connect on_message command feed state event"
        ).split():
            try:  # CPython before 3.12 wraps what is raised while a class is made
                cls = type(
                    "Wrong", (Device,), {member: NumberAsset(name="x"), "fine": NumberAsset()}
                )
                cls()
            except ValueError as e:
                self.assertIn("'%s'" % member, str(e))
                self.assertIn("name='%s'" % member, str(e))
            else:
                self.fail("taken: " + member)

    def test_they_can_be_the_names_of_assets(self):
        class Fine(Device):
            the_state = NumberAsset(name="state")
            the_id = NumberAsset(name="id")

        client = OwnClient()
        fine = Fine(client=client, id="D")
        fine.the_state = 5
        fine.the_id = 6
        self.assertEqual(client.published, [("D", "state", 5), ("D", "id", 6)])

    def test_names_that_only_look_reserved(self):
        class Fine(Device):
            update = NumberAsset()
            name = StringAsset()
            value = NumberAsset()
            at = NumberAsset()
            title = StringAsset()
            kind = StringAsset()
            profile = StringAsset()
            type = StringAsset()
            items = NumberAsset()
            keys = NumberAsset()
            get = NumberAsset()
            token = NumberAsset()
            handler = NumberAsset()
            poll = NumberAsset()
            _private = NumberAsset()

        client = OwnClient()
        fine = Fine(client=client, id="D")
        heard = []
        for member in fine.assets:
            getattr(fine.command, member)(lambda device, value, at: heard.append(value))
        self.assertEqual(len(fine.assets), 15)
        fine.update = 1
        fine.name = "n"
        fine.value = 2
        fine._private = 3
        self.assertEqual(
            [p[1:] for p in client.published],
            [("update", 1), ("name", "n"), ("value", 2), ("_private", 3)],
        )
        for member in ("update", "value", "items", "get", "_private"):
            fine.on_message("command", member, '{"value":7}')
        self.assertEqual(heard, [7] * 5)

    def test_two_members_of_one_asset_name_are_refused_and_both_named(self):
        class Base(Device):
            temp = NumberAsset()

        class Same(Base):
            other = NumberAsset(name="temp")

        for cls in (
            type("One", (Device,), {"a": NumberAsset(name="x"), "b": StringAsset(name="x")}),
            type("Two", (Device,), {"x": NumberAsset(), "b": NumberAsset(name="x")}),
            Same,
        ):
            text = str(raised(ValueError, cls))
            for member in sorted(cls.__dict__):
                if isinstance(cls.__dict__[member], Asset):
                    self.assertIn("'%s'" % member, text)
        self.assertIn("'other' and 'temp' have one asset name, 'temp'", text)

        class Hides(Base):
            temp = StringAsset()

        self.assertEqual(Hides().assets["temp"].type, "string")

    def test_a_member_whose_name_is_no_asset_name_needs_one(self):
        cls = type("Odd", (Device,), {"a": NumberAsset(name="with-dash.and_2")})
        self.assertEqual(cls().assets["a"].name, "with-dash.and_2")


class TestFieldsOfTheProgramsOwn(unittest.TestCase):
    def make(self):
        class Station(Device):
            temperature = NumberAsset()
            led = BooleanAsset()
            mode = None  # a class attribute, nearly the name of nothing

            def __init__(self, **kwargs):
                self.early = 1  # before there are assets
                super().__init__(**kwargs)
                self.late = 2

            @property
            def level(self):
                return self._level

            @level.setter
            def level(self, value):
                self._level = value
                self.temperature = value * 10

            @property
            def fixed(self):
                return 7

        self.client = OwnClient()
        return Station(client=self.client, id="D")

    def published(self):
        return [p[1:] for p in self.client.published]

    def test_one_that_is_nearly_called_as_an_asset_is_refused_and_the_asset_named(self):
        station = self.make()
        for name in ("temprature", "temperatur", "temperatuer", "Temperature", "temperature1"):
            e = raised(AttributeError, setattr, station, name, 3)
            self.assertIn("'temperature'", str(e))
            self.assertIn("'%s'" % name, str(e))
            self.assertFalse(hasattr(station, name), name)
        self.assertEqual(self.published(), [])

    def test_any_other_is_a_field(self):
        station = self.make()
        for name in ("counter", "pressure", "t", "sensor", "lid_open", "tmp"):
            setattr(station, name, 5)
            setattr(station, name, 6)
            self.assertEqual(getattr(station, name), 6)
        self.assertEqual((station.early, station.late), (1, 2))
        self.assertEqual(self.published(), [])

    def test_a_private_one_may_be_called_as_it_likes(self):
        station = self.make()
        station._temprature = 3
        station._led = 4
        self.assertEqual((station._temprature, station._led), (3, 4))
        self.assertEqual(self.published(), [])

    def test_one_that_the_class_declares_is_a_field(self):
        class Odd(Device):
            temperature = NumberAsset()
            temperatures = None

        odd = Odd()
        odd.temperatures = [1, 2]
        self.assertEqual(odd.temperatures, [1, 2])
        self.assertIsNone(Odd.temperatures)
        station = self.make()
        station.mode = "eco"
        self.assertEqual(station.mode, "eco")

    def test_a_property_is_set_by_its_setter_which_may_publish(self):
        station = self.make()
        for value in (3, 4):
            station.level = value
        self.assertEqual(station.level, 4)
        self.assertEqual(self.published(), [("temperature", 30), ("temperature", 40)])
        self.assertFalse("level" in station.__dict__)

    def test_a_property_without_a_setter_stays(self):
        station = self.make()
        raised(AttributeError, setattr, station, "fixed", 1)
        self.assertEqual(station.fixed, 7)

    def test_before_the_first_connect_it_is_the_same(self):
        class Board(Device):
            temperature = NumberAsset()

        board = Board()
        raised(AttributeError, setattr, board, "temprature", 3)
        board.counter = 1
        self.assertEqual(board.counter, 1)


class TestMixedUp(unittest.TestCase):
    def test_a_token_given_as_the_id_is_refused_and_not_shown(self):
        e = raised(ValueError, Device, id="maker:abcdefghijkl")
        self.assertTrue("token" in str(e))
        self.assertFalse("abcdef" in str(e))


if __name__ == "__main__":
    unittest.main()
