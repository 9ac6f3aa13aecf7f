"""What the interpreter runs first: it becomes a board, then runs boot.py and main.py.

Until it reports "ready" the file system is the PC's, so the bridge passes nothing on before that.
Run as the main program with -i: what is left in its name space is what boot.py and the prompt see.
"""

import micropython

micropython.kbd_intr(-1)


def _become_a_board():
    """Load the stand-ins, mount the flash as / and say which scripts to run."""
    import gc
    import os
    import sys

    import vfs

    flash_module = os.getenv("VB_FLASH_MODULE")
    # The largest first and the rubbish of each away before the next, so that they lie close
    # together and leave the rest of the heap in one piece, as a board has it.
    for name in ("network", "_machine_timer", flash_module, "machine", "time", "socket", "ntptime"):
        gc.collect()
        __import__(name)
    for name in ("time", "socket", "machine"):
        sys.modules["u" + name] = sys.modules[name]
    make_flash = sys.modules[flash_module].make_flash
    flash = make_flash(os.getenv("VB_FLASH"), int(os.getenv("VB_FLASH_BYTES")))
    vfs.umount("/")
    vfs.mount(flash, "/")
    os.chdir("/")
    sys.path[:] = ["", ".frozen", "/lib"]
    sys.argv[:] = []
    scripts = os.getenv("VB_SCRIPTS").split()
    for name in (
        "LIKE",
        "RESET_CAUSE",
        "UNIQUE_ID",
        "CLOCK_OFFSET_S",
        "JOINED",
        "AP_PORTS",
        "STATE",
        "SCRIPTS",
    ):
        os.unsetenv("VB_" + name)
    for name in ("", "_BYTES", "_MODULE"):
        os.unsetenv("VB_FLASH" + name)
    gc.collect()
    sys.modules["_virtual_board"].report("ready", gc.mem_free())
    return scripts


def _run_scripts(names, namespace):
    """Run the scripts in the name space of the prompt; one that fails ends the row, as on boards.

    Ctrl-C is a signal only while a script runs; SystemExit ends the process: a soft reset.
    """
    import os
    import sys

    import micropython

    for name in names:
        try:
            os.stat(name)
        except OSError:
            continue
        try:
            micropython.kbd_intr(3)
            execfile(name, namespace)  # noqa: F821
        except SystemExit:
            raise
        except BaseException as error:
            micropython.kbd_intr(-1)
            sys.print_exception(error)
            break
        finally:
            micropython.kbd_intr(-1)
    sys.modules["_virtual_board"].report("repl")


_scripts = _become_a_board()
del _become_a_board, micropython
_run_scripts(_scripts, globals())
del _run_scripts, _scripts
