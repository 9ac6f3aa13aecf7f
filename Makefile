# AllThingsTalk for MicroPython. `make` lists the targets; each sets up what it needs.
PYTHON ?= python3
VENV_PYTHON := .venv/bin/python
# What has Python look elsewhere, or work otherwise, is not for the tools. What is given as NAME=… is in the environment of the
# recipes: there "$$NAME" is a path with blanks or quotes as it is. *_OPTIONS are words for the shell.
unexport PYTHONHOME PYTHONPATH PYTHONSAFEPATH PYTHONPLATLIBDIR PYTHONOPTIMIZE PYTHONINSPECT PYTHONWARNINGS
export PYTHON

help:
	@echo "make run          see it work: local platform, virtual board, the README's program"
	@echo "                  RUN_OPTIONS=--keep: and look at it, in a browser, until Ctrl-C"
	@echo "make test         the whole suite on CPython and on real MicroPython, 64 and 32 bits"
	@echo "make check        style, and types against the ESP32's and Pico W's stubs"
	@echo "make docs         the docs as a site, in build/docs; with search: DOCS_OPTIONS=--serve"
	@echo "make clean        remove everything the other targets made"
	@echo
	@echo "A board: PORT=… is found by itself where one board is plugged in."
	@echo "make flash        MicroPython onto it: BOARD=… FIRMWARE=…"
	@echo "make deploy       library and program onto it; only what changed: BOARD=… MAIN=file or folder"
	@echo "make provision    Wi-Fi, token and root onto it: PROVISION_OPTIONS='--from FILE'"
	@echo "make doctor       what keeps it off line; SETTINGS=… asks from this PC instead"
	@echo "make repl         its console"
	@echo "make log          the log that allthingstalk.flash_log keeps on it"
	@echo "make abcl         the layout of MAIN's abcl.Format, to be pasted into the platform"
	@echo "make erase        its whole flash: BOARD=…"
	@echo "make romfs        the library into its ROMFS, where it has one"
	@echo "make image        firmware and files in one: BOARD=… FIRMWARE=… SETTINGS=devices.csv CA=…"
	@echo "make firmware     firmware with the library frozen in: BOARD=… MICROPYTHON=<source tree>"
	@echo "make board-files  what goes onto a board, in build/board, to be copied by hand"
	@echo "make release      a program as one signed file, for updates over the air: VERSION=… MAIN=…"
	@echo "make release-key  the key that signs them, once"
	@echo "make mip          an index for mip install, in build/mip"
	@echo
	@echo "Without a board:"
	@echo "make platform     the local platform by itself, on ports 8080 and 1883; for real boards"
	@echo "                  with PLATFORM_OPTIONS='--host 0.0.0.0'"
	@echo "make board        a virtual board for mpremote by itself"
	@echo "make emulate      the README's program on an emulated Pico W: FIRMWARE=image.uf2"
	@echo "                  EMULATE_OPTIONS=--tls: then over verified TLS"
	@echo "make emulate-firmware  a Pico image with the library frozen, from Debian's sources"
	@echo "make on-pc        a device program on this PC: PROGRAM='examples/first/main.py its options'"
	@echo
	@echo "The local platform that runs (make platform, or make run RUN_OPTIONS=--keep):"
	@echo "make device       a new device: prints its token and id, writes settings.json; TITLE=…"
	@echo "make command      what the dashboard's button does: ASSET=led VALUE=true; make event alike"
	@echo "make state        what the device itself does: ASSET=count VALUE=5"
	@echo "make states       its last values; for these four DEVICE=… where there are several"
	@echo "make devices      the devices; make ground: the token for all of them"
	@echo "make fault        goes wrong on purpose: FAULT=drop-pubacks VALUE=… COUNT=…; without: what is on"
	@echo "make screenshot   a picture of its page with a device made up, docs/pictures/page.png"
	@echo
	@echo "Measured and proven:"
	@echo "make size         what it costs in flash and RAM, as a table and a picture (4 minutes)"
	@echo "make fuzz         100,000 damaged packets, answers and sequences of faults"
	@echo "make soak         a month of random faults in virtual time: SOAK_OPTIONS='--seed 7'"
	@echo "make fleet        what 10,000 boards do to a broker that comes back"
	@echo "make bench        how fast MQTT clients are and what they cost, ours and others (5 minutes)"
	@echo "make bench-faults what MQTT clients lose when the network fails, ours and others (8 minutes)"

setup:
	@command -v "$$PYTHON" >/dev/null || { echo "no $$PYTHON here: install Python 3.10 or later, or give PYTHON=..."; exit 1; }
	@"$$PYTHON" tools/bootstrap.py

setup-tests: setup
	@"$$PYTHON" tools/bootstrap.py --tests

run: setup
	@$(VENV_PYTHON) -m tools.simulate.run_demo $(RUN_OPTIONS)

test: setup-tests
	@$(VENV_PYTHON) -m tests.run $(TESTS)

docs: setup-tests
	@$(VENV_PYTHON) -m tools.docs $(DOCS_OPTIONS)

check: setup
	@$(VENV_PYTHON) -m tools.check

size: setup
	@$(VENV_PYTHON) -m tools.measure.sizes $(SIZE_OPTIONS)

fuzz: setup
	@$(VENV_PYTHON) -m pytest -q -n 2 --dist worksteal tests/fuzz --at-least 100000 $(FUZZ_OPTIONS)

soak: setup
	@$(VENV_PYTHON) -m tests.soak.run $(SOAK_OPTIONS)

fleet: setup
	@$(VENV_PYTHON) -m tools.measure.fleet $(FLEET_OPTIONS)

bench: setup
	@$(VENV_PYTHON) -m tools.measure.bench $(BENCH_OPTIONS)

bench-faults: setup
	@$(VENV_PYTHON) -m tools.measure.bench_faults $(BENCH_OPTIONS)

platform: setup
	@$(VENV_PYTHON) -m tools.simulate.local_platform serve $(PLATFORM_OPTIONS)

device: setup
	@$(VENV_PYTHON) -m tools.simulate.local_platform create-device --settings settings.json $(if $(TITLE),--title "$$TITLE") $(DEVICE_OPTIONS)

devices ground: setup
	@$(VENV_PYTHON) -m tools.simulate.local_platform $@

states: setup
	@$(VENV_PYTHON) -m tools.simulate.local_platform states -- $(if $(DEVICE),"$$DEVICE",-)

command event state: setup
	@$(VENV_PYTHON) -m tools.simulate.local_platform $@ -- $(if $(DEVICE),"$$DEVICE",-) "$$ASSET" "$$VALUE"

fault: setup
	@$(VENV_PYTHON) -m tools.simulate.local_platform fault $(if $(COUNT),--count "$$COUNT") $(if $(FAULT),"$$FAULT") $(if $(VALUE),"$$VALUE")

screenshot: setup-tests
	@$(VENV_PYTHON) -m tools.simulate.screenshot $(SCREENSHOT_OPTIONS)

board: setup
	@$(VENV_PYTHON) -m tools.simulate.virtual_board --link build/virtual-board --flash build/flash

board-files: setup
	@$(VENV_PYTHON) -m tools.build.board_folder

provision: setup
	@$(VENV_PYTHON) -m tools.board.provision $(if $(PORT),--port "$$PORT") $(PROVISION_OPTIONS)

doctor: setup
	@$(VENV_PYTHON) -m tools.board.doctor $(if $(SETTINGS),--settings "$$SETTINGS",--port $(if $(PORT),"$$PORT")) $(DOCTOR_OPTIONS)

firmware: setup
	@$(VENV_PYTHON) -m tools.build.firmware "$$BOARD" $(if $(MICROPYTHON),--micropython "$$MICROPYTHON") $(FIRMWARE_OPTIONS)

flash: setup
	@$(VENV_PYTHON) -m tools.board.flash --board "$$BOARD" $(if $(FIRMWARE),--firmware "$$FIRMWARE") $(if $(PORT),--port "$$PORT") $(if $(DRIVE),--drive "$$DRIVE") $(FLASH_OPTIONS)

erase: setup
	@$(VENV_PYTHON) -m tools.board.flash --board "$$BOARD" --erase-only $(if $(PORT),--port "$$PORT")

deploy: setup
	@$(VENV_PYTHON) -m tools.board.deploy $(if $(PORT),--port "$$PORT") $(if $(BOARD),--board "$$BOARD") $(if $(MAIN),--main "$$MAIN") $(DEPLOY_OPTIONS)

romfs: setup
	@$(VENV_PYTHON) -m tools.board.romfs $(if $(PORT),--port "$$PORT")

repl: setup
	@port=$$($(VENV_PYTHON) -m tools.board.ports $(if $(PORT),"$$PORT")) && .venv/bin/mpremote connect "$$port" resume repl

log: setup
	@$(VENV_PYTHON) -m tools.board.log $(if $(PORT),--port "$$PORT") $(LOG_OPTIONS)

abcl: setup
	@$(VENV_PYTHON) -m tools.board.abcl_definition "$$MAIN"

image: setup
	@$(VENV_PYTHON) -m tools.image --board "$$BOARD" --firmware "$$FIRMWARE" $(if $(SETTINGS),--settings "$$SETTINGS") $(if $(CA),--ca "$$CA") $(if $(MAIN),--main "$$MAIN") $(if $(FLASH_SIZE),--flash-size "$$FLASH_SIZE") $(if $(FS_SIZE),--fs-size "$$FS_SIZE")

release: setup
	@$(VENV_PYTHON) -m tools.build.release --version "$$VERSION" --main "$$MAIN" $(if $(BOARD),--boards "$$BOARD") $(RELEASE_OPTIONS)

release-key: setup
	@$(VENV_PYTHON) -m tools.build.release_key $(RELEASE_OPTIONS)

mip: setup
	@$(VENV_PYTHON) -m tools.build.mip_index

emulate: setup
	@$(VENV_PYTHON) -m tools.simulate.emulate "$$FIRMWARE" $(EMULATE_OPTIONS)

emulate-firmware: setup
	@$(VENV_PYTHON) -m tools.simulate.emulate_firmware $(EMULATE_OPTIONS)

on-pc: setup
	@test -n "$$PROGRAM" || { echo "on-pc: name a program: make on-pc PROGRAM=examples/first/main.py"; exit 2; }
	@$(VENV_PYTHON) -m tools.simulate.on_pc "$$PROGRAM"

clean:
	rm -rf .venv build .pytest_cache .mypy_cache .ruff_cache
	find lib tools tests boards examples -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help setup setup-tests run test docs check size bench fuzz soak fleet bench-faults platform board board-files \
	device devices ground states command event state fault screenshot \
	provision doctor firmware flash erase deploy romfs repl log abcl image release release-key mip emulate emulate-firmware on-pc clean
