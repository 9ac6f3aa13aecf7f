"""What the messages of the library mean, and what to do; messages.py finds the messages.

A module's entry is what is true of all of its messages, or "" where there is no such thing, and
then each message has to be explained; some have both.
"""

_SETTINGS = (
    "Said of settings.json, by the board at its start (then its LED flashes three times) and by "
    "`make provision`, `make image` and `make doctor` on the PC, which write nothing then. Mend "
    "the key that is named, in the file or with `make provision`."
)
_REFUSED = (
    'Stand in the state `update` behind "refused": the release is not installed, and nothing has '
    "changed."
)
_PASSES = "It passes: the client closes the link and connects again, values wait."
_NO_MQTT = "The broker does not keep to MQTT 3.1.1. " + _PASSES

EXPLAINED = {
    "allthingstalk/__init__.py": (
        "A name that the package does not have: look it up in the [reference](api/index.md).",
        {},
    ),
    "allthingstalk/abcl.py": (
        "Raised where a layout is made (`abcl.Format(...)`) or a dict packed (`device.send()`): "
        "correct the field that is named. A value outside its range needs a larger type, another "
        "factor or an offset.",
        {},
    ),
    "allthingstalk/aio.py": (
        "",
        {
            "messages come faster than `async for` takes them: one is lost": "16 wait at most; the "
            "oldest went. Do less between two of them, or use a handler.",
        },
    ),
    "allthingstalk/assets.py": ("A misspelt attribute of an Asset.", {}),
    "allthingstalk/board/banner.py": (
        'No error: what `boot.py` prints of the versions. "no manifest": firmware that `make '
        "firmware` did not build.",
        {},
    ),
    "allthingstalk/board/clock.py": (
        "",
        {
            "every=…: seconds from one question to the next": "`clock.keep(every=)` takes a second "
            "or more.",
            "no machine.RTC here: the clock is the operating system's": "This is a PC whose clock "
            "is not set: set it.",
            "the clock is not …: no time server answered (…: …)": '"set": without the time no '
            "certificate can be checked, so the board stays off line and asks again, after 2 to "
            '60 s. "checked": the clock was set before, and is used as it is. Does the router '
            "let NTP (UDP, port 123) out? Else name a server of your network in `time_servers`.",
        },
    ),
    "allthingstalk/board/runner.py": (
        "",
        {
            "allthingstalk: …. Next try in … s": "The platform refused (token, device, definition, "
            "certificate): the reason stands in front. A person has to mend it; the board tries "
            "after a minute, then ever more seldom, at least each 15 minutes.",
            "allthingstalk: no access point for the set-up: …": "The firmware cannot open one: "
            "`make provision` sets the board up by its cable.",
            "the program raised": "A traceback follows: line numbers are those of your file. The "
            "board restarts after 5 s; three crashes in a row lead to safe mode.",
            "allthingstalk: the program raised, and there is too little memory for its "
            "traceback": "As above. Free memory: [less memory]"
            "(recipes.md#how-does-it-take-less-memory).",
        },
    ),
    "allthingstalk/board/safe_mode.py": (
        "",
        {
            "allthingstalk: the crash is not counted:": "The flash is full or cannot be written, "
            "so that safe mode will not come. Remove files: `mpremote ls`, `mpremote rm`.",
            "the button is held": "The button was held at the start, so the program is not run. "
            "Let go and reset.",
            "the program crashed … times in a row": "Mend the program and `make deploy` it, which "
            "ends safe mode; `make repl` shows the traceback of the next crash, `make log` the "
            "earlier ones if the program keeps a log.",
            "allthingstalk: safe mode, since …. The program is not run. It is tried again after "
            "make deploy, … minutes, or safe_mode.forget() of allthingstalk.board and a "
            "reset": "Wi-Fi and the REPL work, so that a mended program can be sent: `make "
            "deploy`.",
        },
    ),
    "allthingstalk/board/settings.py": (_SETTINGS, {}),
    "allthingstalk/board/watchdog.py": (
        "",
        {
            "watchdog=…: seconds, 1 at least, and 8.3 at most on a Pico W": "Give a number in this "
            "range; the Pico W's chip can count no further.",
            "no machine.WDT here: start() without watchdog=": "This firmware has none.",
            "the watchdog is set to … ms: …": "No error: from now on the board is reset when "
            "nothing goes on for so long.",
        },
    ),
    "allthingstalk/board/wifi.py": (
        "No errors of the program: lines that say how the Wi-Fi is. Numbers of a status are "
        "explained with `connect/wifi_texts.py` below.",
        {},
    ),
    "allthingstalk/calls/__init__.py": (
        "",
        {
            "MQTT made room for REST": "The reason that `on_disconnect` gets: the heap held both "
            "no longer, so the session was ended for a REST call. It comes back by itself.",
        },
    ),
    "allthingstalk/cbor.py": (
        "Raised by `cbor.dumps()` for what CBOR cannot carry, by `cbor.loads()` for bytes that are "
        'no CBOR; of a command the client reports it in "a … cannot be used", and goes on.',
        {},
    ),
    "allthingstalk/clients.py": (
        "",
        {
            "a client has its own of these calls, see BaseClient": "A client of your own lacks one "
            "of the four calls of BaseClient.",
            "at exit": "Values that waited could not be written when the interpreter ended; the "
            "traceback follows.",
            "too little memory: use the library's .mpy files, or free some": "The connection "
            "attempt did not fit into the heap; the next comes after 5 s. [Less memory]"
            "(recipes.md#how-does-it-take-less-memory).",
        },
    ),
    "allthingstalk/connect/bring_up.py": (
        "",
        {
            "the network is down": "The Wi-Fi has no address. " + _PASSES,
            "device … is left out: …": "The platform refused this device of several; the others "
            "go on. The reason follows.",
        },
    ),
    "allthingstalk/connect/connack_codes.py": (
        "The broker's answers to CONNECT, see the [table](#connack-numbers).",
        {
            "…: the answer is no MQTT": "Something else listens on this port: check `mqtt` in the "
            "settings. A port for TLS is 8883, for plain text 1883.",
        },
    ),
    "allthingstalk/connect/dial.py": (
        "The name of the platform has no address that this board "
        "can use: check the endpoint and the DNS.",
        {},
    ),
    "allthingstalk/connect/error_texts.py": (
        "Stand in brackets behind the number of an error, and say what to do: the numbers are in "
        "the [tables](#numbers-of-the-network-and-of-tls).",
        {},
    ),
    "allthingstalk/connect/mqtt_connect.py": (
        "",
        {
            "the platform closed the connection": "It ended the connection before it answered: a "
            "proxy, a port that is not MQTT's, or a broker that starts. " + _PASSES,
        },
    ),
    "allthingstalk/connect/ntp.py": (
        "A time server's answer is of no use; the next server is asked. Name others in "
        "`time_servers`.",
        {},
    ),
    "allthingstalk/connect/options.py": (
        "Raised by `Client(...)` before anything goes over the network: correct the argument that "
        "is named.",
        {},
    ),
    "allthingstalk/connect/recover.py": (
        "",
        {
            "asset '…' of device … is set aside and … of its values dropped: the link drops after "
            "each of its publishes; check that it exists, and what the token may do": "The broker "
            "drops the link after each publish to this one asset, so the others go on without it "
            "until the next `connect()`.",
            "…: too little memory (…): use the library's .mpy files, or free some": "The heap was "
            "too full or too fragmented for what was being done. [Less memory]"
            "(recipes.md#how-does-it-take-less-memory).",
            "…: the answer is no MQTT (… …)": "The other side does not keep to MQTT. Check the "
            "endpoint; behind a proxy or a firewall the bytes may be changed.",
            "a fault of this library, please report it": "A traceback follows: send it with the "
            "version (`boot.py` prints it). The client starts afresh and loses no value.",
            "… sessions in a row ended within seconds (…): the token may be revoked or not be for "
            "this device, or another board uses the same client id": "The platform lets the board "
            "in and throws it out again. Compare token and device id with the platform's; give "
            "two boards of one token different `client_id`s.",
            "…; next try in ….… s": "How each report of a lost or failed connection ends.",
        },
    ),
    "allthingstalk/connect/roots.py": (
        "`ca=` or /ca.der holds no root certificate that MicroPython can read. `make provision` "
        "writes the right one.",
        {},
    ),
    "allthingstalk/connect/settings_checks.py": (_SETTINGS, {}),
    "allthingstalk/connect/tls.py": (
        "Nothing of the token was said: TLS is verified or not used. `make doctor` says which of "
        "clock, chain, name and dates is wrong, `make provision` brings the root. "
        "[Your own root](recipes.md#how-do-i-use-a-root-certificate-of-my-own).",
        {},
    ),
    "allthingstalk/connect/wifi_options.py": (
        "A network, host name, country or address in `wifi` and beside it that no board can use. "
        + _SETTINGS,
        {},
    ),
    "allthingstalk/connect/wifi_texts.py": (
        "What the numbers of a Wi-Fi's status mean, see the [table](#numbers-of-a-wi-fis-status).",
        {},
    ),
    "allthingstalk/core/assignments.py": (
        "",
        {
            "this thread may only assign: poll, wait, flush, close, connect and reading belong to "
            "the thread that connected": "Assign in this thread, and poll in the other.",
            "a value is larger than the outbox: …": "It was dropped. A larger one: "
            "`Client(outbox=Outbox(size=16384))`.",
            "the outbox is full, the oldest values go; see client.dropped": "The board was off "
            "line for longer than the outbox reaches. Publish more seldom, use "
            '`keep="latest"`, or a larger `Outbox(size=)`.',
        },
    ),
    "allthingstalk/core/combined.py": (
        "Raised by `device.update()` and `device.send()` before anything is published.",
        {
            "bytes are sent over MQTT only, by a Client": "This client has `mqtt=False`.",
        },
    ),
    "allthingstalk/core/commands.py": (
        "",
        {
            "a topic of …": "The same.",
            "a message of … bytes on … is too large: skipped": "Send less in a command, or raise "
            "`Client(max_message=)`, 4,096 bytes.",
            "a … is too large for the memory": "The command was acknowledged and passed over: it "
            "did not fit into the heap.",
            "a … cannot be used: …": "A command or another message does not fit the asset; the "
            "reason follows, the handler was not called.",
            "the handler for the": "Begins a report of what your handler raised.",
            "… raised": "A handler, `on_connect` or `on_disconnect` of the program raised; a "
            "traceback follows. The client goes on.",
        },
    ),
    "allthingstalk/core/oversize.py": (_NO_MQTT, {}),
    "allthingstalk/core/payload.py": (
        "",
        {"it has no value": "A command came without `value`; it was passed over."},
    ),
    "allthingstalk/core/seen.py": (
        "The file beside the outbox or the digest that remembers commands. Remove files from the "
        "flash.",
        {},
    ),
    "allthingstalk/core/session.py": (
        "",
        {
            "the platform refused the subscription to …": "No commands come on this stream: the "
            "token may not read it. The rest goes on.",
        },
    ),
    "allthingstalk/core/tasks.py": (
        "",
        {
            "… is async def, and no event loop runs: poll with `await client.run()` inside "
            "asyncio.run(), or make it a plain function": "The handler was not run.",
            "… raised": "A task that a handler became raised; a traceback follows.",
        },
    ),
    "allthingstalk/core/values.py": (
        'A value does not fit its asset: raised at the assignment, and of a command said in "a … '
        'cannot be used".',
        {},
    ),
    "allthingstalk/declare/__init__.py": (
        "A declaration that cannot be: raised where the class or its first instance is made. "
        "Correct the name or keyword that is named.",
        {
            "the device id has a ':' like a token; are the two mixed up?": "A token begins with "
            "`maker:`, an id has letters and digits only.",
        },
    ),
    "allthingstalk/devices.py": (
        "",
        {
            "Device has no client: pass client=Client(token)": "`connect()` of a Device that was "
            "made without a client.",
            "Device not started.": "A value was assigned or read before `connect()` was called, or "
            "after it raised. With the network away `connect()` returns False, and values wait.",
        },
    ),
    "allthingstalk/doctor/board_steps.py": (
        "A step of `make doctor` on the board; the lines say what to do.",
        {
            ", set just now by NTP": "No error.",
            ", put right just now by NTP: it was … s …": "The clock was set, but wrong: an editor "
            "may have set local time. It is right now.",
            ": not set, which plain text does not need": "No error.",
            "no crash in run() is counted": "No error.",
            "… crashes in a row": "The program ends with an error: `make repl` shows it.",
        },
    ),
    "allthingstalk/doctor/certificate.py": (
        "Lines of `make doctor` about TLS: which of chain, name and dates is wrong. The board's "
        "root comes with `make provision`.",
        {},
    ),
    "allthingstalk/doctor/platform_steps.py": (
        "Lines of `make doctor` about the device, its assets and MQTT.",
        {
            "…: does the device's token belong to this device?": "The broker threw the board out "
            "right after CONNECT: compare token and id with those of the platform.",
        },
    ),
    "allthingstalk/doctor/visit.py": (
        'Lines of `make doctor`. "skip" in front means that the step says nothing by itself.',
        {
            "… failed": "The step was left out, since an earlier one failed: mend that first.",
        },
    ),
    "allthingstalk/exceptions.py": (
        "`integer` and `number` differ too. Keep the platform's history and change the "
        "declaration, or change the platform.",
        {},
    ),
    "allthingstalk/flash_log.py": (
        "",
        {
            "a log of … bytes holds nothing; 256 is the least": "Give `keep()` a larger `size`.",
            "… lines more of the hour before were not written": "60 lines of an hour are, to spare "
            "the flash.",
        },
    ),
    "allthingstalk/fronts.py": ("`client.start()` on a PC or a port without timers.", {}),
    "allthingstalk/health.py": (
        "",
        {
            "every=…: seconds between two reports": "A second at least.",
            "health is not reported: …": "The reason follows: too little memory, or the platform "
            "refused the assets. Choose fewer parts with `what=`.",
        },
    ),
    "allthingstalk/history.py": ("A misspelt member.", {}),
    "allthingstalk/outbox.py": (
        "Raised by `Outbox(...)`. [No loss at a power cut]"
        "(recipes.md#how-do-i-lose-nothing-at-a-power-cut).",
        {},
    ),
    "allthingstalk/outbox_file.py": (
        "A reset would lose what waits. Remove files from the flash, or correct the path.",
        {},
    ),
    "allthingstalk/outbox_read.py": (
        "The power went while it was written without `always=True`, or the flash is worn. What "
        "could be read waits to be delivered.",
        {},
    ),
    "allthingstalk/portal/__init__.py": (
        "[Set-up from a phone](recipes.md#how-do-i-set-a-board-up-from-a-phone), on the console "
        "and on its page.",
        {
            "the settings cannot be written: …": "Remove files from the flash and try again.",
            "too little memory for the check: try again": "Or save without the check.",
        },
    ),
    "allthingstalk/portal/access_point.py": (
        "The access point of the set-up.",
        {
            "allthingstalk: the set-up password is not kept:": "The flash is full: the next start "
            "makes another password, which the console shows.",
        },
    ),
    "allthingstalk/portal/draft.py": ("Said beside a field of the set-up's page.", {}),
    "allthingstalk/portal/http.py": (
        "Answers of the set-up's page to what no form of its own sends.",
        {},
    ),
    "allthingstalk/portal/page.py": ("Texts of the set-up's page, no errors.", {}),
    "allthingstalk/profiles.py": (
        "A profile that cannot be: raised where it is made. A profile is a dict with a `type`.",
        {},
    ),
    "allthingstalk/readings/__init__.py": (
        "Raised by `health.watch()`.",
        {
            "the device has an asset '…' already": "The names of health's assets are its own: call "
            "yours otherwise, or leave that part out.",
            "(its text is no UTF-8)": "Stands in `last-error` for an error that cannot be sent.",
        },
    ),
    "allthingstalk/release/check.py": (
        _REFUSED,
        {
            "it is no release that this library can read": "The name or address leads to another "
            "file, or `make release` of a later library made it: bring the library up to date "
            "by the cable.",
            "it is signed by nobody that this program trusts, or was changed since": "Compare the "
            "key in the program that runs with what `make release-key` prints. A lost key cannot "
            "be replaced over the air: `make deploy` a program with the new one.",
            "it names no …": "`make release` did not make it: pack it again.",
            "… runs, which is not older; 'force' before the name takes it": "Pack it with a higher "
            "`VERSION=`, or give the command `force` and the name to go back on purpose.",
            "it needs the library …, and this is …": "Pack it with "
            "`RELEASE_OPTIONS=--library`, which brings the library along, or bring the board's up "
            "to date by the cable.",
            "it needs MicroPython …, and this is …": "Firmware does not come over the air: "
            "`make flash` by the cable.",
            "it is for …, and this is …": "It was packed with `BOARD=` for others: pack one for "
            "this board, or without `BOARD=` for all.",
            "… is no version": "The release names a version that is not numbers and dots: "
            "`make release` did not make it.",
            "it is not signed, or a line of its head is too long": "It is not whole, or not from "
            "`make release`: pack it and upload it again.",
            "its head goes on behind the signature": "Somebody added lines to it on the way. Look "
            "at where it comes from.",
        },
    ),
    "allthingstalk/rest/assets.py": (
        "",
        {
            "this client overwrites no assets: it has no update_asset()": "A client of your own "
            "without it: connect without `overwrite_assets`.",
            "an entry of the list of assets cannot be read and was skipped": "Something else made "
            "an asset that has no name or kind. The others are used.",
        },
    ),
    "allthingstalk/rest/calls.py": (
        "",
        {
            "a device is created in a ground: pass Client(..., ground='id') with that ground's "
            "token, or create the device on the platform and pass its id": "`Device(id=None)` and "
            "`create_device()` need a ground. On the platform a person creates devices.",
            "the device has no id that can be one": "The platform's answer to `create_device()` "
            "cannot be used: is `api` the platform's address?",
        },
    ),
    "allthingstalk/rest/get.py": (
        "The release cannot be fetched. In the state `update`, behind "
        '"refused": give the command again with a name or an address that is right; behind '
        '"interrupted": the board tries again by itself.',
        {
            "an address is https://host/file": "Neither `http://` nor `https://`, or no host.",
            "an address in plain text, where the program speaks TLS": "Give one with `https://`.",
            "the address has blanks or other characters that it cannot have": "Write them as "
            "`%20` and the like; a name has none. A user or a password cannot stand in it.",
            "the file was cut off": "It is shorter than what the board already has, or the "
            "connection ended early. If it comes each time, upload the release again.",
            "the server sends it in a form that is not asked for": "It answers HTTP/1.0 in chunks: "
            "use a server that gives files as they are.",
            "the answer is no HTTP": "Something else listens on this port, or its head is larger "
            "than 4 KiB. Check the address; a proxy or a login page may stand between.",
            "the server answered …": "With a status that passes, such as 503.",
            "the server answered …: …": "With a status that waiting does not mend; the words below "
            "follow. 401 or 403: the device's token goes to the platform alone, so another server "
            "must give the file without one.",
            "it has none of this name": "Is the release uploaded, under the name of the command?",
            "it redirects elsewhere, which is not followed": "Give the address that it leads to.",
            "the server is too slow": "It sent less than 125 bytes a second for a minute.",
        },
    ),
    "allthingstalk/rest/history.py": ("The others of the history follow.", {}),
    "allthingstalk/rest/http.py": (
        'Stand behind "cannot be reached" or "answered with something that is no HTTP": what '
        "answered is cut off, no HTTP, or not the platform. It passes; if it comes each time, "
        "check `api`, and whether a proxy stands between.",
        {
            "a web page; does this network want a login?": "A hotel's or guest network shows its "
            "own page. Log in with a phone, or use another network.",
        },
    ),
    "allthingstalk/rest/new_device.py": ("A client of your own without `create_device()`.", {}),
    "allthingstalk/rest/read.py": (
        "`Device(id=None)` is created when the network is back; read after that.",
        {},
    ),
    "allthingstalk/rest/send_states.py": (
        "With `mqtt=False`: the platform refused this value, the others go on. [What each HTTP "
        "status does](status-codes.md).",
        {},
    ),
    "allthingstalk/rest/status_codes.py": (
        "What a REST call ended in. [What each HTTP status means and does](status-codes.md).",
        {},
    ),
    "allthingstalk/timestamps.py": (
        "A time that cannot be read: ISO 8601 text, a number as `time.time()` gives it, a tuple of "
        "`time.gmtime()` or a `datetime`.",
        {},
    ),
    "allthingstalk/topics/__init__.py": (
        "A device id, asset name or last will that MQTT cannot have in a topic.",
        {},
    ),
    "allthingstalk/update.py": (
        "",
        {
            "the update": "Begins a report of what raised in a step of the update, such as "
            "`ready()` of the program; a traceback follows. The board tries again after a minute.",
            "another device of this client is updated already": "A board has one program: call "
            "`offer()` for one of its devices.",
        },
    ),
    "allthingstalk/updating/files.py": (
        "The files of a release do not come whole; the program that runs stays.",
        {
            "… arrived damaged": "Its SHA-256 is not the one that was signed. Give the command "
            "again, which fetches this file anew; if it comes again, upload the release again.",
            "the release was cut off": "The connection ended early, and the board tries again by "
            "itself. If it comes each time, the file is not whole: upload it again.",
            "it names a file that cannot be: …": "A path of more than 128 characters, or one with "
            '".." or an empty name in it: rename the file and pack it again.',
        },
    ),
    "allthingstalk/updating/install.py": (
        _REFUSED,
        {
            "the flash is full": "Something wrote there while the update did. What had come is "
            "removed; free some and give the command again.",
            "it is no release, or it was cut off": "The name or address leads to another file, or "
            "to one that was not uploaded whole.",
            "the flash has … KB free, and it needs …": "The new program has to fit beside the one "
            "that runs. Remove files, leave `RELEASE_OPTIONS=--library` out, or use firmware with "
            "the library in it.",
            "another one waits for its trial": "Wait until the board was reset and says `running`.",
        },
    ),
    "allthingstalk/updating/job.py": (
        "Most are what the state `update` says, behind a version or the name of a release.",
        {
            "key is 64 hex digits, as make release-key prints them": "Raised by `update.offer()`: "
            "copy the line that `make release-key` prints.",
            "the device has an asset 'update' already": "Raised by `update.offer()`, whose own "
            "asset it is: call yours otherwise, and call `offer()` once.",
            ": on trial": "No error: the new program runs, and stays once the platform has "
            "acknowledged a value from it.",
            "; … was taken back: …": "The new program did not prove itself, so the one before runs "
            "again. The reason follows: what it raised, or that it had no good session. Mend it, "
            "and release it with a higher version.",
            "running": "No error: this version runs.",
            "restarting": "No error: the release is installed, and the board is reset once the "
            "platform knows, or after 30 s, and when `ready()` allows it.",
            "restarting; '…' comes too late, give it again then": "The release is installed and "
            "waits for the reset; what comes meanwhile is not kept. Give the command when the new "
            "version runs.",
            "refused: …; … is running": "The release is not installed; the reason stands between.",
            "the update": "Begins a report of a failure that is neither the release's nor the "
            "network's; it follows, and the update is given up.",
            "too little memory": "The update did not fit into the heap; the next try closes MQTT "
            "for as long as it takes. [Less memory](recipes.md#how-does-it-take-less-memory).",
            "interrupted: …; next try in … s": "The network, the server or the memory failed, as "
            "the words between say. The board goes on where it was, after 5 s to 5 minutes; the "
            "command `cancel` ends that.",
            "running; the update was given up": "No error: the command was `cancel`.",
            "MQTT made room for the update": "The reason that `on_disconnect` gets: the heap does "
            "not hold both. MQTT comes back by itself, values wait.",
            "no key is given": "Raised by `update.offer()`: give it the key, or several.",
            "; … was given up: the board was reset … times": "The update did not get on, and the "
            "board was reset meanwhile each time: by a crash, or by a watchdog. Look at its "
            "console (`make repl`), then give the command again.",
        },
    ),
    "allthingstalk/updating/slots.py": (
        "",
        {
            "the program that runs is not the one on trial": "Somebody changed `/slots/current`: "
            "the trial does not end, and the program before runs again after it.",
        },
    ),
    "allthingstalk/updating/starting.py": (
        "",
        {
            "no good session in … starts": "The new program did not get a value to the platform in "
            "any start of its trial: it hung or was reset, or the network was away. Try it on a "
            "board by the cable; a longer trial is `RELEASE_OPTIONS='--trial 900'`, in seconds.",
            "allthingstalk: … is taken back: …": "The program before is started, and tells the "
            "platform so; the reason follows.",
            "allthingstalk: the start is not counted:": "The flash is full or cannot be written, "
            "so that a trial would not end by its starts. Remove files.",
        },
    ),
    "allthingstalk/utf8.py": (
        "Text that JSON cannot carry: refused at the assignment, or reported of a command.",
        {},
    ),
}

# Of the library's own error numbers, by what error_texts says of them.
OURS = {
    1001: _NO_MQTT,
    1002: _NO_MQTT,
    1003: "Nothing came back within `timeout`. " + _PASSES,
    1004: "The same: no PUBACK within `timeout`. It is sent again.",
    1005: "The rest of a packet did not come. " + _PASSES,
    1006: "Nothing could be sent for `timeout`. " + _PASSES,
    1007: "The Wi-Fi lost its address. " + _PASSES,
    1008: "A restart of the platform, another board with the same client id, or a publish that the "
    "token may not make. " + _PASSES,
    1009: _NO_MQTT,
}
CONNACK = {
    1: "A very old or new broker: is it the platform's address?",
    2: "Give another `client_id`: letters and digits, 23 at most for old brokers.",
    3: "The broker starts or is overloaded. The client tries again by itself.",
    4: "Copy the token of the device again: `make provision`. On the platform a token may have "
    "been renewed.",
    5: "The token is another device's, or was revoked: compare both with the device's page on the "
    "platform, then `make provision`. For another device's values take the ground's token.",
}
