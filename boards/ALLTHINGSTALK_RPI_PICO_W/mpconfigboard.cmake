# Raspberry Pi Pico W with the library in it: upstream's RPI_PICO_W and these differences.
# It sets MICROPY_FROZEN_MANIFEST to the manifest.py of the board's folder, which is this one.
include(${MICROPY_PORT_DIR}/boards/RPI_PICO_W/mpconfigboard.cmake)
