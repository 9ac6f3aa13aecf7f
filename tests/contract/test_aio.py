"""The asyncio front, in virtual time: tasks that wait, assign and hear commands."""

import asyncio
import unittest

from allthingstalk import AllThingsTalkException, BooleanAsset, NumberAsset, aio
from contract import ContractTest
from own_client import forget_handlers


class AioTest(ContractTest):
    def setUp(self):
        forget_handlers()
        super().setUp()

        class Lamp(aio.Device):
            led = BooleanAsset(kind="actuator")
            temp = NumberAsset()

        self.Lamp = Lamp

    def make(self, **kwargs):
        cls = type("VirtualClient", (aio.Client,), {"net": self.net})
        return cls("maker:secret", api="http://h", log=self.reports.append, **kwargs)

    def run_main(self, main):
        """Run a coroutine function; virtual time goes on beside it."""

        async def time_goes_on():
            while True:
                self.net.advance(20)
                await asyncio.sleep(0)

        async def both():
            beside = asyncio.create_task(time_goes_on())
            try:
                await main()
            finally:
                beside.cancel()

        pause, aio._PAUSE_S = aio._PAUSE_S, 0.001
        try:
            asyncio.run(both())
        finally:
            aio._PAUSE_S = pause


class TestClient(AioTest):
    def test_on_line_flushed_and_closed(self):
        async def main():
            async with self.client as client:
                self.assertTrue(client is self.client)
                lamp = self.Lamp(client=client, id="D")
                self.assertFalse(client.connected)
                lamp.temp = 1  # waits
                self.assertTrue(await client.online())
                lamp.temp = 2
                self.assertTrue(await client.flush())
            self.assertEqual(client.status, "closed")

        self.run_main(main)
        self.assertEqual(self.values("temp"), [1, 2])
        self.assertEqual((self.client.errors, self.client.pending), (0, 0))

    def test_the_end_flushes(self):
        async def main():
            async with self.client as client:
                lamp = self.Lamp(client=client, id="D")
                await client.online()
                for n in range(100):
                    lamp.temp = n

        self.run_main(main)
        self.assertEqual(self.values("temp"), list(range(100)))

    def test_a_refusal_is_raised_where_it_is_waited_for(self):
        self.net.broker.connack = b"\x20\x02\0\x04"

        async def main():
            async with self.client as client:
                self.Lamp(client=client, id="D")
                with self.assertRaises(AllThingsTalkException):
                    await client.online()

        self.run_main(main)
        self.assertIn("refused this token", self.reports[0])

    def test_what_passes_is_waited_out_or_given_a_limit(self):
        self.away()

        async def main():
            async with self.client as client:
                self.Lamp(client=client, id="D")
                self.assertFalse(await client.online(0.01))
                self.assertFalse(await client.flush(0.01) and client.connected)
                self.away(False)
                self.assertTrue(await client.online())

        self.run_main(main)

    def test_it_can_be_closed_and_begun_anew_as_after_a_refusal(self):
        self.net.broker.connack = b"\x20\x02\0\x05"

        async def program():
            async with self.client as client:
                lamp = self.Lamp(client=client, id="D")
                await client.online()
                lamp.temp = 7
                return await client.flush()

        async def main():
            with self.assertRaises(AllThingsTalkException):
                await program()
            self.assertEqual(self.client.status, "closed")
            self.client.devices.clear()
            self.net.broker.connack = b"\x20\x02\0\0"
            self.assertTrue(await program())

        self.run_main(main)
        self.assertEqual(self.values("temp"), [7])

    def test_a_second_device_while_it_is_on_line(self):
        async def main():
            async with self.client as client:
                self.Lamp(client=client, id="D")
                await client.online()
                other = self.Lamp(client=client, id="E")
                other.temp = 5
                await client.flush()

        self.run_main(main)
        self.assertTrue(
            any(p[0] == b"device/E/asset/temp/state" for p in self.net.broker.publishes())
        )


class TestMessages(AioTest):
    def test_commands_are_iterated(self):
        heard = []

        async def listen(lamp):
            async for value, at in lamp.command.led:
                heard.append((value, at))
                lamp.led = value
                if len(heard) == 3:
                    return

        async def main():
            async with self.client as client:
                lamp = self.Lamp(client=client, id="D")
                listening = asyncio.create_task(listen(lamp))
                await client.online()
                for _ in range(20):
                    await asyncio.sleep(0.001)
                for value in (b"true", b'{"value":false,"at":"2026-01-02T03:04:05Z"}', b"1"):
                    self.arrive("led", value)
                await listening

        self.run_main(main)
        at = "2026-01-02T03:04:05Z"
        self.assertEqual(heard, [(True, None), (False, at), (True, None)])
        self.assertEqual(self.values("led"), [True, False, True])

    def test_what_comes_between_two_loops_waits_and_tasks_share(self):
        async def one(lamp):
            async for value, _ in lamp.command.temp:
                return value

        async def main():
            async with self.client as client:
                lamp = self.Lamp(client=client, id="D")
                first = asyncio.create_task(one(lamp))
                second = asyncio.create_task(one(lamp))
                await client.online()
                for n in range(1, 5):
                    lamp.on_message("command", "temp", n)
                found = [await first, await second]
                found.append(await one(lamp))
                found.append(await one(lamp))
                self.assertEqual(found, [1, 2, 3, 4])

        self.run_main(main)
        self.assertEqual(self.client.errors, 0)

    def test_those_that_nobody_takes_are_bounded(self):
        async def main():
            async with self.client as client:
                lamp = self.Lamp(client=client, id="D")
                messages = lamp.command.led.__aiter__()
                await client.online()
                for n in range(20):
                    lamp.on_message("command", "led", n % 2)
                found = []
                for _ in range(16):
                    value, _ = await messages.__anext__()
                    found.append(value)
                self.assertEqual(found, [False, True] * 8)

        self.run_main(main)
        self.assertEqual(self.client.errors, 4)

    def test_a_handler_as_with_any_device(self):
        heard = []

        @self.Lamp.command.led
        def on_led(device, value, at):
            heard.append(value)

        async def main():
            async with self.client as client:
                self.Lamp(client=client, id="D")
                await client.online()
                for _ in range(20):
                    await asyncio.sleep(0.001)
                self.arrive("led", b"true")
                for _ in range(20):
                    await asyncio.sleep(0.001)

        self.run_main(main)
        self.assertEqual(heard, [True])


if __name__ == "__main__":
    unittest.main()
