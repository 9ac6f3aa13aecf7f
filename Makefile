# AllThingsTalk for MicroPython. `make` prints the wishes; each sets up what it needs.
PYTHON ?= python3
VENV_PYTHON := .venv/bin/python

help:
	@echo "make run          see it work: local platform, virtual board, the README's program"
	@echo "make test         the whole suite on CPython and on real MicroPython, 64 and 32 bits"
	@echo "make check        style, and types against the ESP32's and Pico W's stubs"
	@echo "make size         what it costs in flash and RAM, as measured"
	@echo "make fuzz         100,000 damaged packets, answers and sequences of faults, on 2 processes"
	@echo "make soak         a month of random faults in virtual time: SOAK_OPTIONS='--seed 7'"
	@echo "make fleet        what 10,000 boards do to a broker that comes back"
	@echo "make bench-faults what MQTT clients lose when the network fails, ours and others (8 minutes)"
	@echo "make platform     the local platform by itself, on ports 8080 and 1883; for real boards"
	@echo "                  with PLATFORM_OPTIONS='--host 0.0.0.0'"
	@echo "make board        a virtual board for mpremote by itself"
	@echo "make board-files  what goes onto a board, in build/board"
	@echo "make provision    Wi-Fi, token and root onto a board: PORT=… PROVISION_OPTIONS='--from FILE'"
	@echo "make doctor       what keeps a device off line: PORT=… on the board, SETTINGS=… from this PC"
	@echo "make firmware     firmware with the library frozen in: BOARD=… MICROPYTHON=<source tree>"
	@echo "make on-pc        a device program on this PC: make on-pc PROGRAM=main.py"
	@echo "make setup        .venv with the pinned packages (the others do it by themselves)"
	@echo "make clean        everything the other wishes made"

setup:
	@command -v $(PYTHON) >/dev/null || { echo "no $(PYTHON) here: install Python 3.10 or later, or give PYTHON=..."; exit 1; }
	@$(PYTHON) tools/bootstrap.py

run: setup
	@$(VENV_PYTHON) tools/run_demo.py

test: setup
	@$(VENV_PYTHON) tests/run.py $(TESTS)

check: setup
	@$(VENV_PYTHON) tools/check.py

size: setup
	@$(VENV_PYTHON) tools/sizes.py $(SIZE_OPTIONS)

fuzz: setup
	@$(VENV_PYTHON) -m pytest -q -n 2 --dist worksteal tests/fuzz --at-least 100000 $(FUZZ_OPTIONS)

soak: setup
	@$(VENV_PYTHON) tests/soak/run.py $(SOAK_OPTIONS)

fleet: setup
	@$(VENV_PYTHON) tools/fleet.py $(FLEET_OPTIONS)

bench-faults: setup
	@$(VENV_PYTHON) -m tools.bench_faults $(BENCH_OPTIONS)

platform: setup
	@$(VENV_PYTHON) -m tools.local_platform serve $(PLATFORM_OPTIONS)

board: setup
	@$(VENV_PYTHON) -m tools.virtual_board --link build/virtual-board --flash build/flash

board-files: setup
	@$(VENV_PYTHON) tools/board_files.py

provision: setup
	@$(VENV_PYTHON) tools/provision.py $(if $(PORT),--port $(PORT)) $(PROVISION_OPTIONS)

doctor: setup
	@$(VENV_PYTHON) tools/doctor.py $(if $(PORT),--port $(PORT)) $(if $(SETTINGS),--settings $(SETTINGS)) $(DOCTOR_OPTIONS)

firmware: setup
	@$(VENV_PYTHON) tools/firmware.py "$(BOARD)" $(if $(MICROPYTHON),--micropython "$(MICROPYTHON)") $(FIRMWARE_OPTIONS)

on-pc: setup
	@$(VENV_PYTHON) tools/on_pc.py $(PROGRAM)

clean:
	rm -rf .venv build .pytest_cache .mypy_cache .ruff_cache
	find lib tools tests boards -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help setup run test check size fuzz soak fleet bench-faults platform board board-files provision doctor firmware on-pc clean
