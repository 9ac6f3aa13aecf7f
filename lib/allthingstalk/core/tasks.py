"""What an `async def` handler returns becomes a task of the running loop. Loaded by the first."""

import sys

_tasks = []  # that run: CPython's loop keeps no task alive


def begin(report, what, then, coroutine):
    """Run a coroutine as a task; report what it raises, and where no event loop runs.

    `then()` is called when it has returned without an error.
    """
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
    _tasks.append(asyncio.create_task(_run(report, what, then, coroutine)))


async def _run(report, what, then, coroutine):
    try:
        await coroutine
        if then:
            then()
    except Exception as e:
        report(what + " raised", e)
