# SPDX-FileCopyrightText: 2026 The Qanat authors
# SPDX-License-Identifier: Apache-2.0

# What the scripts here have in common: a project outside, which finds the package in PREFIX, with the tools that this build
# has (GENERATOR, COMPILER, LAUNCHER, QT).

# Several of them compile the same files. With paths that are relative to their builds, ccache does it once.
set(ENV{CCACHE_BASEDIR} "${BUILD}")
set(ENV{CCACHE_NOHASHDIR} 1)

# Configures the project in the folder SOURCE, in BUILD, which is empty before. Further arguments are those of
# execute_process().
macro(configure_project source)
    file(REMOVE_RECURSE "${BUILD}")
    # The result does not depend on optimisation; to be quick it has none.
    execute_process(
        COMMAND "${CMAKE_COMMAND}" -S "${source}" -B "${BUILD}" -G "${GENERATOR}"
            "-DCMAKE_BUILD_TYPE=Debug"
            "-DCMAKE_CXX_FLAGS_DEBUG=-O0"
            "-DCMAKE_CXX_COMPILER=${COMPILER}"
            "-DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER}"
            "-DCMAKE_PREFIX_PATH=${PREFIX}"
            "-DQt6_DIR=${QT}"
            ${ARGN}
    )
endmacro()

# Builds the program NAME of the project and runs it. Its standard output is to be EXPECTED.
function(run_program name expected)
    execute_process(COMMAND "${CMAKE_COMMAND}" --build "${BUILD}" --target "${name}" COMMAND_ERROR_IS_FATAL ANY)
    execute_process(COMMAND "${BUILD}/${name}" OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
    if(NOT output STREQUAL expected)
        message(FATAL_ERROR "${name} printed:\n${output}\nand not:\n${expected}")
    endif()
endfunction()
