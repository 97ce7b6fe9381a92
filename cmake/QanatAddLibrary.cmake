# SPDX-FileCopyrightText: 2026 The Qanat authors
# SPDX-License-Identifier: Apache-2.0

include(GenerateExportHeader)

# qanat_add_library(<Name>
#     SOURCES <file>...      relative to the folder of the library, src/<name>
#     CLASSES <Class>...     each has its header include/Qanat/<name>/<class>.h, and gets a forwarder <Qanat/Class>
#     HEADERS <file>...      further public headers in include/Qanat/<name>, without a forwarder
#     PUBLIC <target>...     what users of the library link too: Qt6::<Component> or Qanat::<Name>
#     PRIVATE <target>...    what only the library itself links
# )
#
# Makes the library Qanat::<Name> (the target Qanat<Name>) from one folder, with its export macro
# QANAT_<NAME>_EXPORT in <Qanat/<name>/qanat<name>_export.h>, and the rules that install it as a component of the package.
function(qanat_add_library name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;CLASSES;HEADERS;PUBLIC;PRIVATE")
    if(arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "qanat_add_library(${name}): what is ${arg_UNPARSED_ARGUMENTS}?")
    endif()

    set(target "Qanat${name}")
    string(TOLOWER "${name}" folder)
    string(TOUPPER "${name}" upper)
    set(generated "${Qanat_BINARY_DIR}/include")
    set(export_header "${generated}/Qanat/${folder}/qanat${folder}_export.h")

    set(headers "")
    set(forwarders "")
    foreach(class IN LISTS arg_CLASSES)
        string(TOLOWER "${class}.h" header)
        list(APPEND headers "${Qanat_SOURCE_DIR}/include/Qanat/${folder}/${header}")
        list(APPEND forwarders "${generated}/Qanat/${class}")
        # file(CONFIGURE) leaves a file alone that would not change, so nothing is compiled anew.
        file(CONFIGURE OUTPUT "${generated}/Qanat/${class}" CONTENT "#include <Qanat/${folder}/${header}>\n" @ONLY)
    endforeach()
    list(TRANSFORM arg_HEADERS PREPEND "${Qanat_SOURCE_DIR}/include/Qanat/${folder}/")
    list(APPEND headers ${arg_HEADERS})

    add_library(${target} ${arg_SOURCES} ${headers})
    add_library(Qanat::${name} ALIAS ${target})
    qanat_apply_project_options(${target})
    # What is compatible has one SOVERSION, see docs/compatibility.md. The package's version says the same.
    if(Qanat_VERSION_MAJOR EQUAL 0)
        set(soversion "0.${Qanat_VERSION_MINOR}")
    else()
        set(soversion "${Qanat_VERSION_MAJOR}")
    endif()
    set_target_properties(${target} PROPERTIES
        EXPORT_NAME ${name}
        VERSION ${Qanat_VERSION}
        SOVERSION ${soversion}
    )

    generate_export_header(${target}
        BASE_NAME "QANAT_${upper}"
        EXPORT_FILE_NAME "${export_header}"
    )
    get_target_property(type ${target} TYPE)
    if(type STREQUAL "STATIC_LIBRARY")
        target_compile_definitions(${target} PUBLIC "QANAT_${upper}_STATIC_DEFINE")
    endif()

    target_compile_features(${target} PUBLIC cxx_std_17)
    target_include_directories(${target}
        PUBLIC
            "$<BUILD_INTERFACE:${Qanat_SOURCE_DIR}/include>"
            "$<BUILD_INTERFACE:${generated}>"
            "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>"
        PRIVATE
            "${CMAKE_CURRENT_SOURCE_DIR}"
    )
    target_link_libraries(${target} PUBLIC ${arg_PUBLIC} PRIVATE ${arg_PRIVATE})

    # What the package's configuration has to find before this library can be used: a static library hands on what it
    # links privately.
    set_property(GLOBAL APPEND PROPERTY QANAT_COMPONENTS "${name}")
    set(dependencies ${arg_PUBLIC})
    if(type STREQUAL "STATIC_LIBRARY")
        list(APPEND dependencies ${arg_PRIVATE})
    endif()
    set_property(GLOBAL PROPERTY "QANAT_${name}_DEPENDENCIES" "${dependencies}")

    if(QANAT_INSTALL)
        install(TARGETS ${target}
            EXPORT "${target}Targets"
            RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}"
            LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
            ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
        )
        install(FILES ${headers} "${export_header}" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/Qanat/${folder}")
        install(FILES ${forwarders} DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/Qanat")
        install(EXPORT "${target}Targets"
            NAMESPACE Qanat::
            DESTINATION "${CMAKE_INSTALL_LIBDIR}/cmake/Qanat"
        )
    endif()
endfunction()

# qanat_install_package_config()
#
# Installs what find_package(Qanat COMPONENTS ...) reads. Called once, after all libraries.
function(qanat_install_package_config)
    get_property(QANAT_COMPONENTS GLOBAL PROPERTY QANAT_COMPONENTS)
    set(QANAT_COMPONENT_DEPENDENCIES "")
    foreach(component IN LISTS QANAT_COMPONENTS)
        get_property(dependencies GLOBAL PROPERTY "QANAT_${component}_DEPENDENCIES")
        set(qt ${dependencies})
        list(FILTER qt INCLUDE REGEX "^Qt6::")
        list(TRANSFORM qt REPLACE "^Qt6::" "")
        set(own ${dependencies})
        list(FILTER own INCLUDE REGEX "^Qanat::")
        list(TRANSFORM own REPLACE "^Qanat::" "")
        # Of the others the package is called as the namespace of its targets, but for one.
        set(others ${dependencies})
        list(FILTER others EXCLUDE REGEX "^(Qt6|Qanat)::")
        list(TRANSFORM others REPLACE "::.*$" "")
        list(TRANSFORM others REPLACE "^SQLite$" "SQLite3")
        string(APPEND QANAT_COMPONENT_DEPENDENCIES
            "set(_qanat_${component}_needs_qt \"${qt}\")\n"
            "set(_qanat_${component}_needs \"${own}\")\n"
            "set(_qanat_${component}_needs_others \"${others}\")\n"
        )
    endforeach()

    set(destination "${CMAKE_INSTALL_LIBDIR}/cmake/Qanat")
    configure_package_config_file(
        "${Qanat_SOURCE_DIR}/cmake/QanatConfig.cmake.in"
        "${Qanat_BINARY_DIR}/cmake/QanatConfig.cmake"
        INSTALL_DESTINATION "${destination}"
        NO_SET_AND_CHECK_MACRO
        NO_CHECK_REQUIRED_COMPONENTS_MACRO
    )
    if(Qanat_VERSION_MAJOR EQUAL 0)
        set(compatibility SameMinorVersion)
    else()
        set(compatibility SameMajorVersion)
    endif()
    write_basic_package_version_file(
        "${Qanat_BINARY_DIR}/cmake/QanatConfigVersion.cmake"
        COMPATIBILITY ${compatibility}
    )
    install(FILES
        "${Qanat_BINARY_DIR}/cmake/QanatConfig.cmake"
        "${Qanat_BINARY_DIR}/cmake/QanatConfigVersion.cmake"
        DESTINATION "${destination}"
    )
endfunction()
