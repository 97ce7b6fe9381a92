# SPDX-FileCopyrightText: 2026 The Qanat authors
# SPDX-License-Identifier: Apache-2.0

# Configures, builds and runs the project OUTSIDE in BUILD, which is empty before. It reaches the libraries in one WAY:
# the package installed in PREFIX, or the sources QANAT as a folder of its own build. missing_component asks the package
# for a library that it has not, and expects to be told so.

file(REMOVE_RECURSE "${BUILD}")

# The result does not depend on optimisation; to be quick it has none.
set(configure
    "${CMAKE_COMMAND}" -S "${OUTSIDE}" -B "${BUILD}" -G "${GENERATOR}"
    "-DCMAKE_BUILD_TYPE=Debug"
    "-DCMAKE_CXX_FLAGS_DEBUG=-O0"
    "-DCMAKE_CXX_COMPILER=${COMPILER}"
    "-DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER}"
    "-DCMAKE_PREFIX_PATH=${PREFIX}"
    "-DQt6_DIR=${QT}"
    "-DQANAT_WAY=${WAY}"
    "-DQANAT_SOURCES=${QANAT}"
)

if(WAY STREQUAL "missing_component")
    execute_process(COMMAND ${configure} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
    if(result EQUAL 0)
        message(FATAL_ERROR "Qanat::Pigeon was found:\n${output}")
    endif()
    if(NOT output MATCHES "Qanat::Pigeon: there is no such library")
        message(FATAL_ERROR "The message does not say what is missing:\n${output}")
    endif()
    return()
endif()

# Two ways compile the same files. With paths that are relative to their builds, ccache does it once.
set(ENV{CCACHE_BASEDIR} "${BUILD}")
set(ENV{CCACHE_NOHASHDIR} 1)

execute_process(COMMAND ${configure} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${CMAKE_COMMAND}" --build "${BUILD}" --target outside COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${BUILD}/outside" OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
if(NOT output STREQUAL "app.started\n")
    message(FATAL_ERROR "The project outside printed '${output}'")
endif()
