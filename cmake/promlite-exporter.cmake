# The libraries of promlite/exporter.hpp, here and where promlite is installed: the command line (CLI11), the web
# configuration's file (yaml-cpp) and its password hashes (libcrypt). Sets promlite_exporter_libraries, to nothing where
# one of promlite_exporter_missing is missing.
find_package(CLI11 QUIET)
find_package(yaml-cpp QUIET)
find_path(PROMLITE_CRYPT_INCLUDE_DIR crypt.h)
find_library(PROMLITE_CRYPT_LIBRARY crypt)
mark_as_advanced(PROMLITE_CRYPT_INCLUDE_DIR PROMLITE_CRYPT_LIBRARY)

set(promlite_exporter_missing "")
if(NOT TARGET CLI11::CLI11)
  list(APPEND promlite_exporter_missing "CLI11 (Debian: libcli11-dev)")
endif()
if(TARGET yaml-cpp::yaml-cpp)  # Since 0.8.
  set(promlite_exporter_yaml yaml-cpp::yaml-cpp)
elseif(TARGET yaml-cpp)
  set(promlite_exporter_yaml yaml-cpp)
else()
  list(APPEND promlite_exporter_missing "yaml-cpp (Debian: libyaml-cpp-dev)")
endif()
if(NOT PROMLITE_CRYPT_INCLUDE_DIR OR NOT PROMLITE_CRYPT_LIBRARY)
  list(APPEND promlite_exporter_missing "libcrypt (Debian: libcrypt-dev)")
endif()

set(promlite_exporter_libraries "")
if(NOT promlite_exporter_missing)
  set(promlite_exporter_libraries CLI11::CLI11 ${promlite_exporter_yaml} "${PROMLITE_CRYPT_LIBRARY}")
endif()
string(REPLACE ";" ", " promlite_exporter_missing "${promlite_exporter_missing}")
