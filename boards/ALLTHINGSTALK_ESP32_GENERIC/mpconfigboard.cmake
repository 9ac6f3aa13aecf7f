# ESP32 with the library in it: upstream's ESP32_GENERIC and these differences.
# Paths without ${...} start at the port's folder, where the build runs.
include(boards/ESP32_GENERIC/mpconfigboard.cmake)

# The IDF settings that the library rests on, after upstream's so that they win.
list(APPEND SDKCONFIG_DEFAULTS
    ${MICROPY_BOARD_DIR}/sdkconfig.board
)

# Upstream takes the port's manifest; ours includes it.
set(MICROPY_FROZEN_MANIFEST ${MICROPY_BOARD_DIR}/manifest.py)
