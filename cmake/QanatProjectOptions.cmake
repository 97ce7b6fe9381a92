# SPDX-FileCopyrightText: 2026 The Qanat authors
# SPDX-License-Identifier: Apache-2.0

# What all code of this project is compiled with, and nothing that a user of the libraries inherits.

if(QANAT_SANITIZERS)
    list(JOIN QANAT_SANITIZERS "," _qanat_sanitizers)
    add_compile_options("-fsanitize=${_qanat_sanitizers}" -fno-omit-frame-pointer)
    add_link_options("-fsanitize=${_qanat_sanitizers}")
    if("undefined" IN_LIST QANAT_SANITIZERS)
        add_compile_options(-fno-sanitize-recover=undefined)
    endif()
endif()

# The fuzzer has to hear from the libraries which way an input went. Its main() is for the targets alone.
if(QANAT_BUILD_FUZZERS)
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# Code that moc generates is none of clang-tidy's business. It takes the nearest configuration above a file, and one
# without any check is an error.
if(CMAKE_CXX_CLANG_TIDY AND PROJECT_IS_TOP_LEVEL)
    file(WRITE "${Qanat_BINARY_DIR}/.clang-tidy" "Checks: '-*,llvm-twine-local'\n")
endif()

# qanat_apply_project_options(<target>)
#
# C++17, moc, the strict defines of Qt, and warnings.
function(qanat_apply_project_options target)
    target_compile_features(${target} PRIVATE cxx_std_17)
    set_target_properties(${target} PROPERTIES
        AUTOMOC ON
        CXX_EXTENSIONS OFF
        CXX_VISIBILITY_PRESET hidden
        VISIBILITY_INLINES_HIDDEN ON
        POSITION_INDEPENDENT_CODE ON
    )
    target_compile_definitions(${target} PRIVATE
        QT_DISABLE_DEPRECATED_BEFORE=0x060400
        QT_NO_CAST_FROM_ASCII
        QT_NO_CAST_FROM_BYTEARRAY
        QT_NO_CAST_TO_ASCII
        QT_NO_FOREACH
        QT_NO_KEYWORDS
        QT_NO_NARROWING_CONVERSIONS_IN_CONNECT
        QT_NO_URL_CAST_FROM_STRING
    )
    if(CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang")
        target_compile_options(${target} PRIVATE
            -Wall -Wextra -Wpedantic
            -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor -Woverloaded-virtual -Wshadow
            $<$<BOOL:${QANAT_WARNINGS_AS_ERRORS}>:-Werror>
        )
        # QSKIP() without further arguments is what Clang's -Wpedantic means.
        if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
            target_compile_options(${target} PRIVATE -Wno-gnu-zero-variadic-macro-arguments)
        endif()
        # libtsan does not know std::atomic_thread_fence; GCC warns of each one, also of those in Qt's and the standard
        # library's inline functions.
        if("thread" IN_LIST QANAT_SANITIZERS AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
            target_compile_options(${target} PRIVATE -Wno-tsan)
        endif()
    endif()
endfunction()
