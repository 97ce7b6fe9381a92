# SPDX-FileCopyrightText: 2026 The Qanat authors
# SPDX-License-Identifier: Apache-2.0

# What a test runs under: a launcher in front of it, its environment, and how much longer it may take.
set(QANAT_TEST_LAUNCHER "")
set(QANAT_TEST_ENVIRONMENT "QT_QPA_PLATFORM=offscreen")
set(QANAT_TEST_TIMEOUT_FACTOR 1)
if(QANAT_SANITIZERS)
    set(QANAT_TEST_TIMEOUT_FACTOR 5)
endif()
if("thread" IN_LIST QANAT_SANITIZERS)
    # Qt is not instrumented, so what happens inside of it must not be judged.
    list(APPEND QANAT_TEST_ENVIRONMENT
        "TSAN_OPTIONS=ignore_noninstrumented_modules=1 halt_on_error=1 second_deadlock_stack=1 suppressions=${Qanat_SOURCE_DIR}/tests/shared/tsan.supp")
    # The shadow memory needs its addresses, which a widely randomised layout may take. Some containers forbid to
    # switch that off: then the tests run as they are.
    find_program(QANAT_SETARCH setarch)
    mark_as_advanced(QANAT_SETARCH)
    if(QANAT_SETARCH)
        set(_qanat_launcher "${QANAT_SETARCH}" "${CMAKE_HOST_SYSTEM_PROCESSOR}" -R)
        execute_process(COMMAND ${_qanat_launcher} true RESULT_VARIABLE _qanat_result OUTPUT_QUIET ERROR_QUIET)
        if(_qanat_result EQUAL 0)
            set(QANAT_TEST_LAUNCHER ${_qanat_launcher})
        endif()
    endif()
endif()
if("address" IN_LIST QANAT_SANITIZERS)
    list(APPEND QANAT_TEST_ENVIRONMENT "ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1")
endif()
if("undefined" IN_LIST QANAT_SANITIZERS)
    list(APPEND QANAT_TEST_ENVIRONMENT "UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1")
endif()

# qanat_add_test(<name>
#     LIBRARIES <target>...         Qt6::Test and Qanat::Testing are there already
#     [LABELS <label>...]           auto (the default), contract or stress
#     [SOURCES <file>...]           besides <name>.cpp
#     [PRIVATE_HEADERS_OF <Name>]   the test looks into this library: src/<name> is on its include path
#     [TIMEOUT <seconds>]           60 if not given; five times as long with a sanitizer
# )
function(qanat_add_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "PRIVATE_HEADERS_OF;TIMEOUT" "LIBRARIES;LABELS;SOURCES")
    if(arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "qanat_add_test(${name}): what is ${arg_UNPARSED_ARGUMENTS}?")
    endif()
    if(NOT arg_LABELS)
        set(arg_LABELS auto)
    endif()
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 60)
    endif()
    math(EXPR timeout "${arg_TIMEOUT} * ${QANAT_TEST_TIMEOUT_FACTOR}")

    add_executable(${name} "${name}.cpp" ${arg_SOURCES})
    qanat_apply_project_options(${name})
    target_link_libraries(${name} PRIVATE ${arg_LIBRARIES} Qanat::Testing Qt6::Test)
    target_include_directories(${name} PRIVATE "${Qanat_SOURCE_DIR}/tests/shared")
    if(arg_PRIVATE_HEADERS_OF)
        string(TOLOWER "${arg_PRIVATE_HEADERS_OF}" folder)
        target_include_directories(${name} PRIVATE "${Qanat_SOURCE_DIR}/src/${folder}")
    endif()

    add_test(NAME ${name} COMMAND ${QANAT_TEST_LAUNCHER} "$<TARGET_FILE:${name}>")
    set_tests_properties(${name} PROPERTIES
        ENVIRONMENT "${QANAT_TEST_ENVIRONMENT}"
        LABELS "${arg_LABELS}"
        TIMEOUT ${timeout}
    )
    # A stress test wants the machine to itself.
    if("stress" IN_LIST arg_LABELS)
        set_tests_properties(${name} PROPERTIES RUN_SERIAL ON)
    endif()
endfunction()
