"""Two other ways to poll: from a timer, for programs that assign and sleep; in an asyncio task."""


def start(client, period_ms, watchdog=None):
    """Poll every `period_ms`, and feed a watchdog of so many seconds if one is wanted.

    The timer only schedules: the poll itself, which allocates and may reconnect, runs between
    two bytecodes of the program, also during its `time.sleep()`.
    """
    try:
        from machine import Timer
        from micropython import schedule
    except ImportError:
        raise NotImplementedError("no machine.Timer here: call client.wait(seconds) to sleep")

    if watchdog:
        from .board.watchdog import Watchdog

        client.watchdog = Watchdog(client, watchdog)

    def poll(_):
        client.poll()

    def tick(_):
        try:
            schedule(poll, None)
        except RuntimeError:  # the queue is full: the next tick will do
            pass

    if client.timer:
        client.timer.deinit()
    try:
        timer = Timer(-1)
    except ValueError:  # an ESP32 before virtual timers
        timer = Timer(0)
    timer.init(period=period_ms, mode=Timer.PERIODIC, callback=tick)
    client.timer = timer


async def run(client, period_ms=20):
    """Poll the client until it is closed."""
    import asyncio

    while client.status != "closed":
        client.poll()
        await asyncio.sleep(period_ms / 1000)
