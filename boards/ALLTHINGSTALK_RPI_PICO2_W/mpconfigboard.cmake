# Raspberry Pi Pico 2 W with the library in it: upstream's RPI_PICO2_W and these differences.
# It sets MICROPY_FROZEN_MANIFEST to the manifest.py of the board's folder, which is this one.
include(${MICROPY_PORT_DIR}/boards/RPI_PICO2_W/mpconfigboard.cmake)

# The Arm cores. Upstream sets it in the file of the variant, which is not read from its folder.
set(PICO_PLATFORM "rp2350")
