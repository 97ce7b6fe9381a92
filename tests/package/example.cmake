# SPDX-FileCopyrightText: 2026 The Qanat authors
# SPDX-License-Identifier: Apache-2.0

# Configures, builds and runs the EXAMPLE, a folder, in BUILD with the package installed in PREFIX. It is short, compiles
# without a warning, and prints what its expected.txt says.

include("${CMAKE_CURRENT_LIST_DIR}/project.cmake")

set(lines 0)
file(GLOB files "${EXAMPLE}/*.cpp" "${EXAMPLE}/*.h")
foreach(file IN LISTS files)
    file(READ "${file}" text)
    string(REGEX MATCHALL "\n" ends "${text}")
    list(LENGTH ends count)
    math(EXPR lines "${lines} + ${count}")
endforeach()
if(lines EQUAL 0 OR lines GREATER_EQUAL 80)
    message(FATAL_ERROR "${EXAMPLE} has ${lines} lines of C++; there are to be less than 80")
endif()

# 01-broadcaster is the project of the program broadcaster.
get_filename_component(program "${EXAMPLE}" NAME)
string(REGEX REPLACE "^[0-9]+-" "" program "${program}")
file(READ "${EXAMPLE}/expected.txt" expected)

configure_project("${EXAMPLE}" "-DCMAKE_CXX_FLAGS=${WARNINGS}" COMMAND_ERROR_IS_FATAL ANY)
run_program("${program}" "${expected}")
