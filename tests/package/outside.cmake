# SPDX-FileCopyrightText: 2026 The Qanat authors
# SPDX-License-Identifier: Apache-2.0

# Configures, builds and runs the project OUTSIDE in BUILD. It reaches the libraries in one WAY: the package installed in
# PREFIX, or the sources QANAT as a folder of its own build. missing_component asks the package for a library that it has
# not, and expects to be told so.

include("${CMAKE_CURRENT_LIST_DIR}/project.cmake")

set(options "-DQANAT_WAY=${WAY}" "-DQANAT_SOURCES=${QANAT}")

if(WAY STREQUAL "missing_component")
    configure_project("${OUTSIDE}" ${options} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
    if(result EQUAL 0)
        message(FATAL_ERROR "Qanat::Pigeon was found:\n${output}")
    endif()
    if(NOT output MATCHES "Qanat::Pigeon: there is no such library")
        message(FATAL_ERROR "The message does not say what is missing:\n${output}")
    endif()
    return()
endif()

configure_project("${OUTSIDE}" ${options} COMMAND_ERROR_IS_FATAL ANY)
run_program(outside "app.started\n")
