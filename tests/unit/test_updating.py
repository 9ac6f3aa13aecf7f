"""Updates on the flash: installed, started, confirmed and taken back, power cuts included."""

import os
import sys
import time
import unittest
from binascii import unhexlify

try:
    import vfs
except ImportError:
    vfs = None

import allthingstalk.updating as updating

BASE = "/tmp/allthingstalk-update-%d" % time.time_ns()
updating.FOLDER, updating.MAIN = BASE + "/slots", BASE + "/main.py"

import allthingstalk.rest.get as get  # noqa: E402
from allthingstalk import update  # noqa: E402
from allthingstalk.updating import files, install, slots, starting  # noqa: E402
from own_client import raised  # noqa: E402

# The folder's name is changed here: what is loaded again would have its own.
install.unload = update.unload = lambda folders: None

# Signed with the private key 00 01 02 … 1f.
KEYS = [unhexlify("03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8")]
HEAD = b"""\
allthingstalk release 1
version 2.0
library 0.1
micropython 1.20
seconds 300
12 436f6de28726501973ddd9fb91fa92c6ec6225e5c28d8fbdb698dc1720e43714 main.py
6 9e26bf369911c45c243c684147b23fc9e1dcfcf257d299a1c632016a6fcd33f4 lib/part/__init__.py
6000 77990e9ee86de10232df1673be1b257cc5016857a1b33b658c5c434788522e8f data.bin
0 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 empty
signature 3dbd4b92c1f133adbb637321d4cec80fbe59b59f1255d41d9bab3e5b832a6acd\
29fd596db24866bc3c59be2856b81e43a520a8f983eaeb1398553fc89b1fb609

"""
FILES = {
    "main.py": b"version = 2\n",
    "lib/part/__init__.py": b"x = 1\n",
    "data.bin": bytes(range(200)) * 30,
    "empty": b"",
}
RELEASE = HEAD + b"".join([FILES[n] for n in ("main.py", "lib/part/__init__.py", "data.bin")])


class Reset(BaseException):
    pass


class PowerCut(BaseException):
    """Nothing goes on after it: no handler of an OSError, no other file."""


class Machine:
    """What of `machine` an update needs."""

    timers = []

    class Timer:
        PERIODIC = 0

        def __init__(self, number):
            if number == -1:
                raise ValueError  # an ESP32 without virtual timers

        def init(self, period, mode, callback):
            Machine.timers.append((period, callback, self))

        def deinit(self):
            Machine.timers.append(None)

    def reset():  # noqa: N805 - a function of a module
        raise Reset


class Source:
    """A server with one file; `served` counts what it gave, `cut` is where it ends too early."""

    data, served, cut, starts = RELEASE, 0, None, []
    Interrupted = get.Interrupted

    def __init__(self, client, place):
        self.at = 0
        Source.starts.append(0)

    def seek(self, position):
        self.at = position
        Source.starts.append(position)

    def read(self):
        end = len(Source.data) if Source.cut is None else Source.cut
        n = min(500, end - self.at)
        if Source.cut is not None and n <= 0:
            raise get.Interrupted(OSError(104))
        piece = memoryview(Source.data)[self.at : self.at + n]
        self.at += n
        Source.served += n
        return piece
        yield  # a generator

    def back(self, n):
        self.at -= n

    def close(self):
        pass


def bring(runs="1.0", force=False):
    """Install to the end; return the version."""
    steps = install.install(None, "2.0", force, KEYS, runs, lambda version, text: None)
    while True:
        try:
            next(steps)
        except StopIteration as e:
            return e.value


def install_with(keys):
    for _ in install.install(None, "2.0", False, keys, "1.0", lambda version, text: None):
        pass


def read(path):
    with open(path, "rb") as f:
        return f.read()


def write(path, data):
    files.make_folder(path[: path.rindex("/")])
    with open(path, "wb") as f:
        f.write(data)


def remove(folder):
    for name in os.listdir(folder):
        path = folder + "/" + name
        if os.stat(path)[0] & 0x4000:
            remove(path)
        else:
            os.remove(path)
    os.rmdir(folder)


class Card:
    """A block device in RAM for a FAT."""

    def __init__(self):
        self.data = memoryview(bytearray(256 * 512))

    def readblocks(self, n, buffer):
        buffer[:] = self.data[512 * n : 512 * n + len(buffer)]

    def writeblocks(self, n, buffer):
        self.data[512 * n : 512 * n + len(buffer)] = buffer

    def ioctl(self, op, argument):
        return {4: len(self.data) // 512, 5: 512}.get(op, 0)


class UpdatingTest(unittest.TestCase):
    fat = False  # on a file system as cards have it, which replaces a file in two steps

    def setUp(self):
        if self.fat:
            card = Card()
            vfs.VfsFat.mkfs(card)
            vfs.mount(vfs.VfsFat(card), BASE)
        get.Source = Source
        Source.data, Source.cut, Source.served, Source.starts = RELEASE, None, 0, []
        Machine.timers = []
        sys.modules["machine"] = Machine
        write(BASE + "/main.py", b"print('old')\n")
        self.path = sys.path[:]

    def tearDown(self):
        sys.path[:] = self.path
        if self.fat:
            vfs.umount(BASE)
        else:
            remove(BASE)

    def boot(self):
        """Start as after a reset; return (slot, whether on trial)."""
        sys.path[:] = self.path
        folder, trial = starting.start()
        return folder[len(updating.FOLDER) + 1 :], bool(trial)


class TestInstall(UpdatingTest):
    def test_all_files_come_and_the_next_start_is_with_them(self):
        self.assertEqual(bring(), "2.0")
        for name in FILES:
            self.assertEqual(read(updating.FOLDER + "/a/" + name), FILES[name])
        self.assertEqual(read(BASE + "/main.py"), slots.LOADER)
        self.assertEqual(read(updating.FOLDER + "/main.py"), b"print('old')\n")
        self.assertEqual(self.boot(), ("a", True))
        self.assertEqual(sys.path[:2], [updating.FOLDER + "/a", updating.FOLDER + "/a/lib"])

    def test_the_other_slot_is_taken_when_one_runs(self):
        bring()
        self.boot()
        slots.confirm()
        bring(force=True)
        self.assertEqual(slots.read()["slot"], "b")
        self.assertEqual(list(slots.read()["before"]), ["a", "2.0"])
        self.assertEqual(read(updating.FOLDER + "/main.py"), b"print('old')\n")

    def test_after_a_cut_it_goes_on_where_it_was(self):
        Source.cut = len(HEAD) + 18 + 3500
        raised(get.Interrupted, bring)
        Source.cut, Source.served, Source.starts = None, 0, []
        self.assertEqual(bring(), "2.0")
        self.assertTrue(Source.starts[-1] >= len(HEAD) + 18 + 3000, Source.starts)
        self.assertTrue(Source.served < len(HEAD) + 500 + 3500, Source.served)
        self.assertEqual(read(updating.FOLDER + "/a/data.bin"), FILES["data.bin"])

    def test_what_lies_in_the_slot_of_another_release_goes(self):
        write(updating.FOLDER + "/a/old/file.py", b"old")
        write(updating.FOLDER + "/a.txt", b"another list\n")
        bring()
        there = sorted(os.listdir(updating.FOLDER + "/a"))
        self.assertEqual(there, ["data.bin", "empty", "lib", "main.py"])

    def test_a_file_that_was_spoilt_meanwhile_comes_again(self):
        Source.cut = len(RELEASE) - 10
        raised(get.Interrupted, bring)
        write(updating.FOLDER + "/a/main.py", b"version = 3\n")
        write(updating.FOLDER + "/a/lib/part/__init__.py", b"much longer than it was\n")
        Source.cut = None
        bring()
        self.assertEqual(read(updating.FOLDER + "/a/main.py"), FILES["main.py"])
        self.assertEqual(read(updating.FOLDER + "/a/lib/part/__init__.py"), b"x = 1\n")

    def test_a_damaged_forged_or_foreign_file_is_refused_and_nothing_changes(self):
        for data in (
            RELEASE.replace(b"x = 1", b"x = 2"),
            RELEASE.replace(b"version 2.0", b"version 2.1"),
            RELEASE[:100],
            b"<html>no such page</html>",
            b"",
            b"x" * 70000,
            HEAD.replace(b"\n\n", b"\n"),
            HEAD[:-1] + b"1 %s ../../x.py\n\n" % (b"0" * 64),  # signed by nobody
            HEAD[:-1] + b"\t\n\n",
            b"allthingstalk release 1\n" + b"x" * 5000 + b"\n\n",
        ):
            Source.data = data
            raised(ValueError, bring)
            self.assertEqual(read(BASE + "/main.py"), b"print('old')\n")
            self.assertEqual(slots.read()["slot"], "")

    def test_a_line_is_taken_in_one_form_only(self):
        digest = b"0" * 64
        self.assertEqual(files.entry(b"1 %s a b/c\n" % digest), (1, digest, "a b/c"))
        lines = [b"1\t%s x\n", b"1  %s x\n", b"01 %s x\n", b"1 %s x", b"1 %s ./x\n", b"1 %s \n"]
        lines += [b"1 %s /x\n", b"1 %s ../x\n", b"1 %s a/../x\n", b"1 %s a//x\n", b"1x %s x\n"]
        for line in lines:
            raised(ValueError, files.entry, line % digest)
        raised(ValueError, files.entry, b"1 %s x\n" % (b"A" * 64))
        raised(ValueError, files.entry, b"1 %s x\n" % (b"0" * 63))
        raised(ValueError, files.entry, b"1 %s %s\n" % (digest, b"x" * 129))
        self.assertEqual(files.entry(b" 1 %s x\n" % digest), None)

    def test_one_of_several_keys_is_enough(self):
        other = bytes(32)
        for keys in ([other, KEYS[0]], [KEYS[0], other]):
            install_with(keys)
            remove(BASE + "/slots")
            write(BASE + "/main.py", b"print('old')\n")

    def test_while_one_waits_for_its_trial_no_other_is_written_over_it(self):
        bring()
        self.assertIn("waits for its trial", str(raised(ValueError, bring, "1.0", True)))

    def test_over_a_program_of_the_cable_that_came_later_nothing_is_taken_for_proven(self):
        bring()
        self.boot()
        slots.confirm()
        sys.path[:] = self.path
        write(BASE + "/main.py", b"print('newer')\n")  # make deploy
        full = slots.write
        slots.write = lambda state: 1 // 0  # the power goes before the last step
        try:
            raised(ZeroDivisionError, bring, "1.0", True)
        finally:
            slots.write = full
        self.assertEqual(self.boot(), ("", False))
        self.assertEqual(read(updating.FOLDER + "/main.py"), b"print('newer')\n")

    def test_one_that_is_not_newer_is_refused(self):
        raised(ValueError, bring, "2.0")
        self.assertEqual(bring("2.0", True), "2.0")


class TestTrial(UpdatingTest):
    def test_it_has_three_starts_then_the_one_before_runs(self):
        bring()
        for _ in range(3):
            self.assertEqual(self.boot(), ("a", True))
        self.assertEqual(self.boot(), ("", False))
        self.assertEqual(list(slots.read()["failed"]), ["2.0", "no good session in 3 starts"])
        slots.told()
        self.assertEqual(slots.read()["failed"], None)
        self.assertEqual(self.boot(), ("", False))

    def test_confirmed_it_stays(self):
        bring()
        self.boot()
        slots.confirm()
        for _ in range(5):
            self.assertEqual(self.boot(), ("a", False))

    def test_a_start_ends_after_its_time_unless_it_was_confirmed(self):
        bring()
        self.boot()
        period, end, timer = Machine.timers[-1]
        self.assertEqual(period, 300000)
        raised(Reset, end, timer)
        write(updating.FOLDER + "/current", b'{"slot": 1}')
        self.assertEqual(slots.read()["left"], None)
        end(timer)
        self.assertEqual(Machine.timers[-1], None)

    def test_why_it_failed_is_remembered(self):
        bring()
        self.boot()
        slots.note("ValueError: " + "x" * 500)
        for _ in range(3):
            self.boot()
        version, why = slots.read()["failed"]
        self.assertEqual((version, why[:13], len(why)), ("2.0", "ValueError: x", 120))

    def test_a_slot_that_has_lost_its_program_is_given_up(self):
        bring()
        os.remove(updating.FOLDER + "/a/main.py")
        self.assertEqual(self.boot(), ("", False))

    def test_a_state_that_somebody_spoilt_means_the_program_of_the_cable(self):
        bring()
        for text in (b"", b"{", b"[]", b"{}", b'{"before": 1, "version": "2"}', b"\xff\xfe"):
            write(updating.FOLDER + "/current", text)
            self.assertEqual(self.boot(), ("", False))

    def test_a_program_that_came_over_a_cable_again_makes_way_again(self):
        bring()
        self.boot()
        slots.confirm()
        write(BASE + "/main.py", b"print('newer')\n")  # make deploy
        sys.path[:] = self.path
        bring()
        self.assertEqual(read(updating.FOLDER + "/main.py"), b"print('newer')\n")
        self.assertEqual(list(slots.read()["before"]), ["", "0"])

    def test_the_program_is_executed_as_main(self):
        bring()
        write(updating.FOLDER + "/a/main.py", b"import sys\nsys.path.append(__name__)\n")
        update.run()
        self.assertEqual(sys.path[-1], "__main__")

    def test_on_trial_what_it_raises_is_noted_and_resets(self):
        bring()
        write(updating.FOLDER + "/a/main.py", b"raise ValueError('broken')\n")
        raised(Reset, update.run)
        self.assertEqual(list(slots.read()["failed"]), ["2.0", "ValueError: broken"])
        slots.confirm()
        sys.path[:] = self.path
        raised(ValueError, update.run)  # as any program: the REPL
        sys.path[:] = self.path
        write(updating.FOLDER + "/current", b"")
        write(updating.FOLDER + "/main.py", b"raise KeyError\n")
        raised(KeyError, update.run)

    def test_a_library_of_its_own_takes_the_place_of_ours(self):
        bring()
        write(updating.FOLDER + "/a/lib/allthingstalk/__init__.py", b"own = True\n")
        kept = dict([(n, sys.modules[n]) for n in sys.modules if n[:13] == "allthingstalk"])
        try:
            self.boot()
            import allthingstalk

            self.assertTrue(allthingstalk.own)
        finally:
            sys.modules.update(kept)


class Flash:
    """A block device in RAM that loses power: after `left` writes and erasures all fail."""

    def __init__(self):
        self.blocks = [bytearray(b"\xff" * 512) for _ in range(200)]
        self.left = None

    def readblocks(self, n, buffer, offset=0):
        buffer[:] = memoryview(self.blocks[n])[offset : offset + len(buffer)]

    def power(self):
        if self.left is not None:
            if not self.left:
                raise PowerCut
            self.left -= 1

    def writeblocks(self, n, buffer, offset=0):
        self.power()
        memoryview(self.blocks[n])[offset : offset + len(buffer)] = buffer

    def ioctl(self, op, n):
        if op == 6:
            self.power()
            self.blocks[n][:] = b"\xff" * 512
            return 0
        return {4: len(self.blocks), 5: 512}.get(op)


if vfs:  # else it is CPython

    class TestInstallOnFat(TestInstall):
        fat = True

    class TestTrialOnFat(TestTrial):
        fat = True


class TestPowerCut(UpdatingTest):
    """The power goes at each write of the flash: a version runs, and the update is finished."""

    def setUp(self):
        if not vfs:
            self.skipTest("CPython has no littlefs")
        self.flash = Flash()
        vfs.VfsLfs2.mkfs(self.flash, progsize=64)
        self.mount()
        super().setUp()

    def mount(self):
        vfs.mount(vfs.VfsLfs2(self.flash, progsize=64), BASE)

    def tearDown(self):
        sys.path[:] = self.path
        vfs.umount(BASE)

    def runs(self):
        """Return the program that the board would run now, None for one that is damaged."""
        main = read(BASE + "/main.py")
        if main != slots.LOADER:
            return main
        slot, _ = self.boot()
        if not slot:
            return read(updating.FOLDER + "/main.py")
        for name in FILES:
            if read("%s/%s/%s" % (updating.FOLDER, slot, name)) != FILES[name]:
                return None
        return FILES["main.py"]

    def test_at_each_write_while_it_is_installed(self):
        image = [bytes(block) for block in self.flash.blocks]
        ended, cuts, seen = False, 0, {}
        while not ended:
            vfs.umount(BASE)
            self.flash.left = None
            for n in range(len(image)):
                self.flash.blocks[n][:] = image[n]
            self.mount()
            self.flash.left = cuts
            try:
                bring()
                ended = True
            except PowerCut:
                pass
            self.flash.left = None
            vfs.umount(BASE)
            self.mount()
            found = self.runs()
            self.assertIn(found, (b"print('old')\n", FILES["main.py"]), cuts)
            seen[found] = seen.get(found, 0) + 1
            sys.path[:] = self.path
            if found == b"print('old')\n":
                self.assertEqual(bring(), "2.0")
                self.assertEqual(self.runs(), FILES["main.py"])
            cuts += 1
        self.assertTrue(cuts > 40 and len(seen) == 2, (cuts, seen))

    def test_at_each_write_while_a_start_is_counted_and_taken_back(self):
        bring()
        for starts in (1, 4):  # the fourth is the one before again
            image = [bytes(block) for block in self.flash.blocks]
            for cuts in range(12):
                vfs.umount(BASE)
                for n in range(len(image)):
                    self.flash.blocks[n][:] = image[n]
                self.mount()
                for _ in range(starts - 1):
                    self.boot()
                self.flash.left = cuts
                try:
                    self.boot()
                except PowerCut:
                    pass
                self.flash.left = None
                vfs.umount(BASE)
                self.mount()
                self.assertIn(self.runs(), (b"print('old')\n", FILES["main.py"]))
                sys.path[:] = self.path
