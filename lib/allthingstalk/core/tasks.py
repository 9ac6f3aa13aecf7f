"""What comes after a handler: its task, where it is `async def`, and the echo of a command.

Loaded by the first of them.
"""

import sys

_tasks = []  # that run: CPython's loop keeps no task alive


def begin(report, text, after, coroutine):
    """Run a coroutine as a task; report what it raises, and where no event loop runs.

    `after()` is called when it has returned without an error.
    """
    asyncio = sys.modules.get("asyncio")
    try:
        asyncio.current_task()
    except (AttributeError, RuntimeError):
        coroutine.close()
        report(
            "%s is async def, and no event loop runs: poll with `await client.run()` inside "
            "asyncio.run(), or make it a plain function" % text
        )
        return
    for task in [task for task in _tasks if task.done()]:
        _tasks.remove(task)
    _tasks.append(asyncio.create_task(_run(report, text, after, coroutine)))


async def _run(report, text, after, coroutine):
    try:
        await coroutine
        if after:
            after()
    except Exception as e:
        report(text + " raised", e)


def echo(device, member, value):
    """Return a function that publishes what was commanded as the asset's state."""
    return lambda: setattr(device, member, value)
