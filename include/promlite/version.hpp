// promlite: the version of this copy of the library.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_VERSION_HPP
#define PROMLITE_VERSION_HPP

/// Semantic version; the build files read these three lines.
#define PROMLITE_VERSION_MAJOR 0
#define PROMLITE_VERSION_MINOR 1
#define PROMLITE_VERSION_PATCH 0

#define PROMLITE_STRINGIZE_(x) #x
#define PROMLITE_STRINGIZE(x) PROMLITE_STRINGIZE_(x)

/// "MAJOR.MINOR.PATCH"
#define PROMLITE_VERSION                     \
  PROMLITE_STRINGIZE(PROMLITE_VERSION_MAJOR) \
  "." PROMLITE_STRINGIZE(PROMLITE_VERSION_MINOR) "." PROMLITE_STRINGIZE(PROMLITE_VERSION_PATCH)

#define PROMLITE_NAME_ABI_(major, minor, patch) v##major##_##minor##_##patch
#define PROMLITE_NAME_ABI(major, minor, patch) PROMLITE_NAME_ABI_(major, minor, patch)

/// The inline namespace of everything in promlite: no symbol of one version is another version's, so that a
/// linker never takes the one for the other when a process has both.
#define PROMLITE_ABI PROMLITE_NAME_ABI(PROMLITE_VERSION_MAJOR, PROMLITE_VERSION_MINOR, PROMLITE_VERSION_PATCH)

#endif  // PROMLITE_VERSION_HPP
