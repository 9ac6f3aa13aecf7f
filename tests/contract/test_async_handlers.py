"""`async def` handlers: a task where an event loop runs, a report where none does."""

import asyncio
import sys
import unittest

from allthingstalk import BooleanAsset, Device
from contract import Board, ContractTest


class AsyncTest(ContractTest):
    def setUp(self):
        super().setUp()
        self.heard = []
        self.device = self.board()

    async def hear(self, device, value, at):
        self.heard.append(("begun", value))
        await asyncio.sleep(0)
        device.temp = 5 if value else 6
        self.heard.append(("ended", value))

    def deliver(self, payload=b'{"value":true}'):
        self.arrive("led", payload)
        self.client.poll()


class TestWithALoop(AsyncTest):
    def run_loop(self, *steps):
        """Call the steps in a loop, which then runs the tasks there are."""

        async def main():
            for step in steps:
                step()
            for _ in range(10):
                await asyncio.sleep(0)

        asyncio.run(main())

    def test_a_handler_becomes_a_task(self):
        self.device.command.led(self.hear)
        self.run_loop(self.client.poll, self.deliver)
        self.assertEqual(self.heard, [("begun", True), ("ended", True)])
        self.assertEqual(self.values("temp"), [5])
        self.assertEqual(self.reports, [])

    def test_its_value_goes_out_when_it_has_ended(self):
        class Lamp(Device):
            led = BooleanAsset(kind="actuator", echo=True)

        lamp = Lamp(client=self.client, id="L")

        async def switch(device, value, at):
            await asyncio.sleep(0)
            self.heard.append(list(self.values("led")))
            if not value:
                raise ValueError("stuck")

        lamp.command.led(switch)
        self.run_loop(
            self.client.poll,
            lambda: self.arrive("led", b"true", device="L"),
            self.client.poll,
            lambda: self.arrive("led", b"false", device="L"),
            self.client.poll,
        )
        self.assertEqual((self.heard, self.values("led")), ([[], [True]], [True]))
        self.assertEqual(self.client.errors, 1)

    def test_several_run_beside_each_other(self):
        self.device.command.led(self.hear)
        self.run_loop(self.client.poll, self.deliver, lambda: self.deliver(b'{"value":false}'))
        self.assertEqual([mark for mark, _ in self.heard], ["begun", "begun", "ended", "ended"])
        self.assertEqual(self.values("temp"), [5, 6])

    def test_what_it_raises_is_reported_with_its_place(self):
        async def raises(device, value, at):
            await asyncio.sleep(0)
            raise KeyError("oops")

        self.device.command.led(raises)
        self.run_loop(self.client.poll, self.deliver)
        self.assertIn("command of 'led'", self.client.last_error)
        self.assertIn("KeyError", self.client.last_error)
        self.assertEqual(self.client.errors, 1)

    def test_on_connect_and_on_disconnect(self):
        async def up(client):
            await asyncio.sleep(0)
            self.heard.append("up")

        async def down(client, reason):
            await asyncio.sleep(0)
            self.heard.append("down")

        self.client.on_connect, self.client.on_disconnect = up, down
        self.drop()
        self.run_loop(self.client.poll, lambda: self.run_for(2))
        self.assertEqual(self.heard, ["down", "up"])

    def test_a_device_with_an_async_on_message(self):
        heard = self.heard

        class Own(Board):
            async def on_message(self, stream, asset_name, payload):
                await asyncio.sleep(0)
                heard.append((stream, asset_name))

        own = Own(client=self.client, id="E")
        own.command.led(self.hear)
        self.client.poll()
        self.arrive("led", b"true", device="E")
        self.run_loop(self.client.poll)
        self.assertEqual(self.heard, [("command", "led")])

    def test_a_client_of_somebodys_own(self):
        self.device.command.led(self.hear)
        self.run_loop(lambda: self.device.on_message("command", "led", "1"))
        self.assertEqual(self.heard, [("begun", True), ("ended", True)])


class TestWithoutALoop(AsyncTest):
    def reported(self, words):
        self.assertEqual((self.heard, self.client.errors), ([], 1))
        for word in (words, "async def", "client.run()"):
            self.assertIn(word, self.client.last_error)

    def test_a_handler_is_reported(self):
        self.device.command.led(self.hear)
        self.client.poll()
        self.deliver()
        self.reported("command of 'led'")

    def test_also_where_a_loop_has_ended(self):
        async def nothing():
            pass

        asyncio.run(nothing())
        self.device.command.led(self.hear)
        self.client.poll()
        self.deliver()
        self.reported("command of 'led'")

    def test_and_where_asyncio_is_not_loaded(self):
        modules = {name: sys.modules.pop(name) for name in list(sys.modules) if name == "asyncio"}
        try:
            self.device.command.led(self.hear)
            self.client.poll()
            self.deliver()
        finally:
            sys.modules.update(modules)
        self.reported("command of 'led'")

    def test_on_connect(self):
        async def up(client):
            self.heard.append("up")

        self.client.on_connect = up
        self.drop()
        self.run_for(2)
        reports = [text for text in self.reports if "async def" in text]
        self.assertEqual((len(reports), self.heard), (1, []))
        self.assertIn("on_connect", reports[0])


if __name__ == "__main__":
    unittest.main()
