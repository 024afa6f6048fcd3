# promlite: the ways into somebody else's project, each tried in a small outside project.
# SPDX-License-Identifier: MIT
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CXX = os.environ.get("PROMLITE_CXX", "g++")
VERSION = subprocess.run([ROOT / "tools" / "version"], check=True, capture_output=True, text=True).stdout.strip()
SERIES = VERSION.rsplit(".", 1)[0]  # what find_package asks for: MAJOR.MINOR

COMPRESSED = "gzip small\n"  # what tests/package/consumer/gzip.cpp says
REFUSED = "exporter 2\n"  # what tests/package/consumer/exporter.cpp says
EXPECTED = """\
# HELP parcels_total Parcels delivered.
# TYPE parcels_total counter
parcels_total{town="Ulm"} 3
"""


def run(*command, cwd=None, **environment):
    """Runs a command, gives (exit code, output with white space folded, as CMake breaks its lines where it likes)."""
    done = subprocess.run([str(part) for part in command], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=300, env={**os.environ, "CXX": CXX, **environment})
    return done.returncode, re.sub(r"\s+", " ", done.stdout)


class Package(unittest.TestCase):
    prefixes = {}  # of what is installed once, by system

    @classmethod
    def setUpClass(cls):
        installed = tempfile.TemporaryDirectory(prefix="promlite-installed-")
        cls.addClassCleanup(installed.cleanup)
        cls.folder = pathlib.Path(installed.name)

    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="promlite-package-")
        self.addCleanup(scratch.cleanup)
        self.scratch = pathlib.Path(scratch.name)

    def must(self, *command, cwd=None, **environment):
        code, output = run(*command, cwd=cwd, **environment)
        self.assertEqual(0, code, f"{command}:\n{output}")
        return output

    def check_program(self, program, expected=EXPECTED):
        done = subprocess.run([program], check=True, capture_output=True, text=True, timeout=60)
        self.assertEqual(expected, done.stdout)

    def build_with_cmake(self, project, *options, expected=EXPECTED):
        build = self.scratch / "build"
        output = self.must("cmake", "-G", "Ninja", "-S", HERE / project, "-B", build, *options)
        self.must("cmake", "--build", build)
        self.check_program(build / "consumer", expected)
        return output

    def install_with_cmake(self, prefix):
        build = self.scratch / "install"
        self.must("cmake", "-G", "Ninja", "-S", ROOT, "-B", build, f"-DCMAKE_INSTALL_PREFIX={prefix}", "-DPROMLITE_BUILD_TESTS=OFF",
                  "-DPROMLITE_BUILD_EXAMPLES=OFF", "-DPROMLITE_BUILD_BENCH=OFF")
        self.must("cmake", "--install", build)

    def install_with_meson(self, prefix):
        build = self.scratch / "install"
        self.must("meson", "setup", build, ROOT, f"--prefix={prefix}")
        self.must("meson", "install", "-C", build)

    def installed(self, system):
        """A prefix that several tests read and none changes."""
        if system not in self.prefixes:
            prefix = self.folder / system
            {"cmake": self.install_with_cmake, "meson": self.install_with_meson}[system](prefix)
            shutil.rmtree(self.scratch / "install")
            self.prefixes[system] = prefix
        return self.prefixes[system]

    def outside_meson_project(self, folder="meson", program="main.cpp"):
        project = self.scratch / "project"
        project.mkdir()
        shutil.copy(HERE / folder / "meson.build", project)
        shutil.copy(HERE / "consumer" / program, project)
        return project

    def check_pkg_config(self, prefix):
        path = {"PKG_CONFIG_PATH": str(prefix / "share" / "pkgconfig")}
        self.assertEqual(VERSION, self.must("pkg-config", "--modversion", "promlite", **path).strip())
        flags = self.must("pkg-config", "--cflags", "--libs", "promlite", **path).split()
        self.must(CXX, "-std=c++17", HERE / "consumer" / "main.cpp", *flags, "-o", self.scratch / "consumer")
        self.check_program(self.scratch / "consumer")
        code, output = run("pkg-config", "--print-errors", "--exists", "promlite >= 99", **path)
        self.assertNotEqual(0, code, output)
        self.assertRegex(output, f"promlite >= 99.*{re.escape(VERSION)}")

    def test_add_subdirectory_builds_the_consumer_and_nothing_else(self):
        self.build_with_cmake("add_subdirectory", f"-DPROMLITE_SOURCE={ROOT}")
        objects = [path.name for path in (self.scratch / "build").rglob("*.o")]
        self.assertEqual(["main.cpp.o"], [name for name in objects if "CMakeCXXCompilerId" not in name])
        self.assertIn("No tests were found", self.must("ctest", "--test-dir", self.scratch / "build"))
        self.must("cmake", "--install", self.scratch / "build", "--prefix", self.scratch / "prefix")
        self.assertFalse((self.scratch / "prefix" / "include").exists(), "a subproject installs nothing unless asked to")

    def test_fetch_content(self):
        self.build_with_cmake("fetch_content", f"-DFETCHCONTENT_SOURCE_DIR_PROMLITE={ROOT}")

    def test_find_package(self):
        output = self.build_with_cmake("find_package", f"-DCMAKE_PREFIX_PATH={self.installed('cmake')}", f"-DWANTED={SERIES}")
        self.assertIn(f"found promlite {VERSION}", output)

    def test_an_installed_tree_can_be_moved(self):
        self.install_with_cmake(self.scratch / "prefix")
        moved = self.scratch / "somewhere" / "else"
        moved.parent.mkdir()
        (self.scratch / "prefix").rename(moved)
        self.build_with_cmake("find_package", f"-DCMAKE_PREFIX_PATH={moved}", f"-DWANTED={VERSION}")
        self.check_pkg_config(moved)

    def test_a_version_that_is_not_installed_is_refused(self):
        major, minor, patch = map(int, VERSION.split("."))
        for wanted in (f"{major + 1}.0", f"{major}.{minor + 1}", f"{major}.{minor}.{patch + 1}"):
            with self.subTest(wanted=wanted):
                code, output = run("cmake", "-G", "Ninja", "-S", HERE / "find_package", "-B", self.scratch / f"build-{wanted}",
                                   f"-DCMAKE_PREFIX_PATH={self.installed('cmake')}", f"-DWANTED={wanted}")
                self.assertNotEqual(0, code, output)
                self.assertIn('Could not find a configuration file for package "promlite" that is compatible with '
                              f'requested version "{wanted}"', output)
                self.assertIn(f"promlite-config.cmake, version: {VERSION}", output)

    def test_pkg_config_after_cmake(self):
        self.check_pkg_config(self.installed("cmake"))

    def test_pkg_config_after_meson(self):
        self.install_with_meson(self.scratch / "prefix")
        moved = self.scratch / "moved"
        (self.scratch / "prefix").rename(moved)
        self.check_pkg_config(moved)

    def test_cmake_and_meson_install_the_same_headers(self):
        headers = [sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.hpp"))
                   for folder in (ROOT / "include", self.installed("cmake") / "include", self.installed("meson") / "include")]
        self.assertEqual(headers[0], headers[1])
        self.assertEqual(headers[0], headers[2])

    def test_meson_subproject(self):
        project = self.outside_meson_project()
        (project / "subprojects" / "promlite").mkdir(parents=True)
        for name in ("meson.build", "meson_options.txt", "include", "tools"):
            (project / "subprojects" / "promlite" / name).symlink_to(ROOT / name)
        self.must("meson", "setup", "build", "--force-fallback-for=promlite", cwd=project)
        self.must("meson", "compile", "-C", "build", cwd=project)
        self.check_program(project / "build" / "consumer")

    def test_gzip_with_cmake(self):
        self.build_with_cmake("gzip", f"-DPROMLITE_SOURCE={ROOT}", expected=COMPRESSED)
        shutil.rmtree(self.scratch / "build")
        prefix = self.installed("cmake")
        self.build_with_cmake("gzip", f"-DCMAKE_PREFIX_PATH={prefix}", expected=COMPRESSED)
        flags = self.must("pkg-config", "--cflags", "--libs", "promlite-gzip",
                          PKG_CONFIG_PATH=str(prefix / "share" / "pkgconfig")).split()
        self.must(CXX, "-std=c++17", HERE / "consumer" / "gzip.cpp", *flags, "-o", self.scratch / "consumer")
        self.check_program(self.scratch / "consumer", COMPRESSED)

    def test_gzip_with_cmake_where_there_is_no_zlib(self):
        options = (f"-DCMAKE_PREFIX_PATH={self.installed('cmake')}", "-DCMAKE_DISABLE_FIND_PACKAGE_ZLIB=ON")
        code, output = run("cmake", "-G", "Ninja", "-S", HERE / "gzip", "-B", self.scratch / "refused", *options)
        self.assertNotEqual(0, code, output)
        self.assertIn("The component gzip of promlite needs zlib", output)
        self.build_with_cmake("find_package", *options, f"-DWANTED={SERIES}")

    def test_gzip_with_meson(self):
        path = {"PKG_CONFIG_PATH": str(self.installed("meson") / "share" / "pkgconfig")}
        project = self.outside_meson_project("gzip", "gzip.cpp")
        self.must("meson", "setup", "build", "--wrap-mode=nofallback", cwd=project, **path)
        self.must("meson", "compile", "-C", "build", cwd=project)
        self.check_program(project / "build" / "consumer", COMPRESSED)
        shutil.rmtree(project / "build")
        (project / "subprojects" / "promlite").mkdir(parents=True)
        for name in ("meson.build", "meson_options.txt", "include", "tools"):
            (project / "subprojects" / "promlite" / name).symlink_to(ROOT / name)
        # How a project says which subproject has it; a wrap file's [provide] does.
        (project / "subprojects" / "promlite.wrap").write_text(
            "[wrap-file]\ndirectory = promlite\n[provide]\ndependency_names = promlite, promlite-gzip\n")
        self.must("meson", "setup", "build", "--force-fallback-for=promlite-gzip", cwd=project)
        self.must("meson", "compile", "-C", "build", cwd=project)
        self.check_program(project / "build" / "consumer", COMPRESSED)

    def test_exporter_with_cmake(self):
        prefix = self.installed("cmake")
        self.build_with_cmake("exporter", f"-DCMAKE_PREFIX_PATH={prefix}", expected=REFUSED)
        path = {"PKG_CONFIG_PATH": str(prefix / "share" / "pkgconfig")}
        self.assertEqual(VERSION, self.must("pkg-config", "--modversion", "promlite-exporter", **path).strip())
        flags = self.must("pkg-config", "--cflags", "--libs", "promlite-exporter", **path).split()
        self.must(CXX, "-std=c++17", "-I", ROOT / "single_include", HERE / "consumer" / "exporter.cpp", *flags,
                  "-o", self.scratch / "consumer")
        self.check_program(self.scratch / "consumer", REFUSED)

    def test_exporter_with_cmake_where_a_library_is_missing(self):
        options = (f"-DCMAKE_PREFIX_PATH={self.installed('cmake')}", "-DCMAKE_DISABLE_FIND_PACKAGE_yaml-cpp=ON")
        code, output = run("cmake", "-G", "Ninja", "-S", HERE / "exporter", "-B", self.scratch / "refused", *options)
        self.assertNotEqual(0, code, output)
        self.assertIn("The component exporter of promlite needs yaml-cpp (Debian: libyaml-cpp-dev).", output)
        self.build_with_cmake("find_package", *options, f"-DWANTED={SERIES}")

    def test_meson_finds_the_exporter_kit(self):  # Compiling it is as above, and takes long.
        path = {"PKG_CONFIG_PATH": str(self.installed("meson") / "share" / "pkgconfig")}
        project = self.outside_meson_project("exporter", "exporter.cpp")
        self.assertRegex(self.must("meson", "setup", "build", "--wrap-mode=nofallback", cwd=project, **path),
                         f"Run-time dependency promlite-exporter found: YES {re.escape(VERSION)}")

    def test_meson_installed(self):
        path = {"PKG_CONFIG_PATH": str(self.installed("meson") / "share" / "pkgconfig")}
        project = self.outside_meson_project()
        self.must("meson", "setup", "build", "--wrap-mode=nofallback", cwd=project, **path)
        self.must("meson", "compile", "-C", "build", cwd=project)
        self.check_program(project / "build" / "consumer")

    def test_single_header(self):
        program = self.scratch / "main.cpp"
        program.write_text((HERE / "consumer" / "main.cpp").read_text().replace("promlite/core.hpp", "promlite/promlite.hpp"))
        self.must(CXX, "-std=c++17", "-I", ROOT / "single_include", program, "-pthread", "-o", self.scratch / "consumer")
        self.check_program(self.scratch / "consumer")


if __name__ == "__main__":
    unittest.main()
