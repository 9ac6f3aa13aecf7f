"""What an `async def` handler returns becomes a task of the running loop. Loaded by the first."""

import sys

_tasks = []  # that run: CPython's loop keeps no task alive


def begin(report, what, coroutine):
    """Run a coroutine as a task; report what it raises, and where no event loop runs.

    Anything else that a function of the program may have returned is passed over.
    """
    if not hasattr(coroutine, "send"):
        return
    asyncio = sys.modules.get("asyncio")
    try:
        asyncio.current_task()
    except (AttributeError, RuntimeError):
        coroutine.close()
        report(
            "%s is async def, and no event loop runs: poll with `await client.run()` inside "
            "asyncio.run(), or make it a plain function" % what
        )
        return
    for task in [task for task in _tasks if task.done()]:
        _tasks.remove(task)
    _tasks.append(asyncio.create_task(_run(report, what, coroutine)))


async def _run(report, what, coroutine):
    try:
        await coroutine
    except Exception as e:
        report(what + " raised", e)
