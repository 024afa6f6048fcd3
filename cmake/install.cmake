# Installs the headers, a CMake package and a pkg-config file. All of it is independent of the architecture
# and finds itself relative to its own place, so that an installed tree can be moved.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

target_include_directories(promlite INTERFACE "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
install(DIRECTORY include/promlite DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.hpp")
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}")

set(promlite_package_dir "${CMAKE_INSTALL_DATADIR}/cmake/promlite")
install(TARGETS promlite EXPORT promlite-targets)
install(EXPORT promlite-targets NAMESPACE promlite:: DESTINATION "${promlite_package_dir}")
configure_package_config_file(cmake/promlite-config.cmake.in promlite-config.cmake
                              INSTALL_DESTINATION "${promlite_package_dir}")
# While the major version is 0 a new minor version may break its users.
if(PROJECT_VERSION_MAJOR EQUAL 0)
  set(promlite_compatibility SameMinorVersion)
else()
  set(promlite_compatibility SameMajorVersion)
endif()
write_basic_package_version_file("${CMAKE_CURRENT_BINARY_DIR}/promlite-config-version.cmake"
                                 COMPATIBILITY ${promlite_compatibility} ARCH_INDEPENDENT)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/promlite-config.cmake"
              "${CMAKE_CURRENT_BINARY_DIR}/promlite-config-version.cmake" cmake/promlite-exporter.cmake
        DESTINATION "${promlite_package_dir}")

set(promlite_pkgconfig_dir "${CMAKE_INSTALL_DATADIR}/pkgconfig")
# The way from the .pc file back to the prefix and down to the headers.
file(RELATIVE_PATH promlite_pc_prefix "${CMAKE_INSTALL_PREFIX}/${promlite_pkgconfig_dir}" "${CMAKE_INSTALL_PREFIX}")
string(REGEX REPLACE "/$" "" promlite_pc_prefix "${promlite_pc_prefix}")
if(IS_ABSOLUTE "${CMAKE_INSTALL_DATADIR}" OR IS_ABSOLUTE "${CMAKE_INSTALL_INCLUDEDIR}")
  set(promlite_pc_prefix "${CMAKE_INSTALL_PREFIX}")
  set(promlite_pc_includedir "${CMAKE_INSTALL_FULL_INCLUDEDIR}")
else()
  set(promlite_pc_prefix "\${pcfiledir}/${promlite_pc_prefix}")
  set(promlite_pc_includedir "\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}")
endif()
foreach(promlite_pc promlite promlite-gzip promlite-exporter)
  configure_file(cmake/${promlite_pc}.pc.in ${promlite_pc}.pc @ONLY)
  install(FILES "${CMAKE_CURRENT_BINARY_DIR}/${promlite_pc}.pc" DESTINATION "${promlite_pkgconfig_dir}")
endforeach()
