# Where everything goes, as a distribution would have it:
#
#     bin/cnnc                              the compiler
#     include/cnnc/*.h  lib/libcnnc_io.a    for programs with a network
#     lib/cmake/cnnc/   lib/pkgconfig/      find_package(cnnc), pkg-config
#                                           (on Debian lib/<architecture>/)
#     share/man, share/bash-completion, share/doc/cnnc
include(CMakePackageConfigHelpers)
# runtime/ asked in a scope of its own; here the same answers count.
find_package(PNG QUIET)
find_package(ZLIB QUIET)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/cnnc)
set(exported cnnc_runtime)
set_target_properties(cnnc_runtime PROPERTIES EXPORT_NAME runtime)
if(TARGET cnnc)
  list(APPEND exported cnnc)
endif()
if(TARGET cnnc_io)
  list(APPEND exported cnnc_io)
  set_target_properties(cnnc_io PROPERTIES EXPORT_NAME io)
  set(pkgconfig_libs "-L\${libdir} -lcnnc_io")
endif()
# The same names in a build that takes cnnc in by add_subdirectory.
foreach(target ${exported})
  get_target_property(name ${target} EXPORT_NAME)
  if(NOT name)
    set(name ${target})
  endif()
  if(target STREQUAL "cnnc")
    add_executable(cnnc::cnnc ALIAS cnnc)
  else()
    add_library(cnnc::${name} ALIAS ${target})
  endif()
endforeach()
include(cmake/cnnc_add_network.cmake)

install(TARGETS ${exported} EXPORT cnnc-targets)
install(EXPORT cnnc-targets NAMESPACE cnnc:: DESTINATION ${package_dir})
install(DIRECTORY runtime/include/cnnc DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN *.h)

configure_package_config_file(cmake/cnnc-config.cmake.in cnnc-config.cmake
  INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(cnnc-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/cnnc-config.cmake
  ${PROJECT_BINARY_DIR}/cnnc-config-version.cmake
  cmake/cnnc_add_network.cmake DESTINATION ${package_dir})

foreach(dir BINDIR LIBDIR INCLUDEDIR) # relative, so that the tree can move
  if(IS_ABSOLUTE ${CMAKE_INSTALL_${dir}})
    set(pkgconfig_${dir} ${CMAKE_INSTALL_${dir}})
  else()
    set(pkgconfig_${dir} "\${prefix}/${CMAKE_INSTALL_${dir}}")
  endif()
endforeach()
file(RELATIVE_PATH pkgconfig_up ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig
  ${CMAKE_INSTALL_PREFIX})
string(REGEX REPLACE "/$" "" pkgconfig_up "${pkgconfig_up}")
set(pkgconfig_private -lm)
if(PNG_FOUND)
  string(APPEND pkgconfig_private " -lpng")
endif()
if(ZLIB_FOUND OR PNG_FOUND)
  string(APPEND pkgconfig_private " -lz")
endif()
if(CNNC_SANITIZE)
  string(APPEND pkgconfig_private " -fsanitize=address,undefined")
endif()
configure_file(cmake/cnnc.pc.in cnnc.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/cnnc.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

install(FILES LICENSE LICENSE.runtime DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
# In a folder of their own, as the links among them have it.
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR}
  FILES_MATCHING PATTERN *.md PATTERN *.svg)
install(FILES docs/cnnc.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES cmake/completion.bash RENAME cnnc
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)

# ---- cpack: a .deb ----------------------------------------------------------
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME cnnc)
set(CPACK_PACKAGE_CONTACT "the authors of cnnc <cnnc@example.org>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY
  "compiler from neural networks to fast, standalone C")
set(CPACK_PACKAGE_DESCRIPTION
  "cnnc reads a small description of a network and its weights, and writes C
that needs no library, no memory allocation and no run-time system: one
function, fast on the processor it was compiled for.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE
  OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "gcc | c-compiler, cmake, pkg-config")
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/cmake/deb.cmake)
set(CPACK_CNNC_SOURCE ${PROJECT_SOURCE_DIR})
include(CPack)
