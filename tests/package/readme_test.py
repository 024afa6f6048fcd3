# promlite: the code of the readme and of docs/testing.md, built as it is pasted.
# SPDX-License-Identifier: MIT
import pathlib
import re
import shutil
import subprocess
import tempfile
import time
import unittest
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
ADDRESS = "127.0.0.1:9464"


def blocks(page="README.md"):
    return re.findall(r"^```cpp\n(.*?)^```", (ROOT / page).read_text(), re.M | re.S)


class Readme(unittest.TestCase):
    def build(self, code, *options):
        scratch = tempfile.TemporaryDirectory(prefix="promlite-readme-")
        self.addCleanup(scratch.cleanup)
        folder = pathlib.Path(scratch.name)
        (folder / "example.cpp").write_text(code)
        subprocess.run(["g++", "-std=c++17", *options, "-Wall", "-Wextra", "-Werror", "-I", ROOT / "include", "-pthread",
                        folder / "example.cpp", "-o", folder / "example"], check=True)
        return folder / "example"

    def test_the_first_example_serves_what_it_counts(self):
        first = blocks()[0]
        self.assertIn(ADDRESS, first)
        # Any free port, since that of the example may be taken; it is printed so that the test finds it.
        code = first.replace("#include <promlite", "#include <cstdio>\n#include <promlite", 1)
        code = code.replace('server{"%s"};' % ADDRESS,
                            'server{"127.0.0.1:0"}; std::puts(server.address().c_str()); std::fflush(stdout);')
        program = self.build(code, "-O2")  # as the page does
        with subprocess.Popen([program], stdout=subprocess.PIPE, text=True) as process:
            self.addCleanup(process.kill)
            url = "http://%s/metrics" % process.stdout.readline().strip()
            deadline = time.monotonic() + 20
            served = 0
            while served < 3 and time.monotonic() < deadline:
                with urllib.request.urlopen(url, timeout=5) as response:
                    body = response.read().decode()
                found = re.search(r'^http_requests_total\{code="200",method="GET"\} (\d+)$', body, re.M)
                served = int(found.group(1)) if found else 0
            process.kill()
        self.assertGreaterEqual(served, 3)
        counted = re.search(r"^http_request_duration_seconds_count (\d+)$", body, re.M)
        # The timer observes at the end of the scope, after the request has been counted.
        self.assertIn(served - int(counted.group(1)), (0, 1))

    def test_the_tour_prints_its_metrics(self):
        declarations, uses = blocks()[1].split("\n\n", 1)
        program = self.build("#include <promlite/promlite.hpp>\n#include <iostream>\nint main() {\n" + declarations +
                             "\n(void)bytes; (void)size; (void)build; (void)load; (void)wait; (void)both; (void)door;\n" + uses + "(void)rows;\n}\n")
        body = subprocess.run([program], check=True, capture_output=True, text=True).stdout
        for line in ('app_build_info{version="1.4.2"} 1', 'files_processed_total{kind="csv"} 3', "load_ratio 0.5",
                     'job_duration_seconds_count{kind="csv"} 1005', 'job_duration_seconds_count{kind="json"} 1', "queue_depth 0",
                     'door{door="open"} 1', "read_bytes_total 0"):
            self.assertIn(line + "\n", body)

    def test_the_short_cuts_count(self):
        code = "#include <promlite/promlite.hpp>\n#include <iostream>\n" + blocks()[2]
        self.assertIn("  serve();\n", code)
        program = self.build(code.replace("  serve();\n", "  serve();\n  std::cout << promlite::to_text("
                                          "promlite::default_registry());\n"))
        body = subprocess.run([program], check=True, capture_output=True, text=True).stdout
        for line in ('requests_total{code="200",method="GET"} 1', 'requests_total{code="500",method="PUT"} 0',
                     'retries_total{method="PUT",ok="true"} 1', 'retries_total{method="GET",ok="false"} 0',
                     "errors_total 0"):
            self.assertIn(line + "\n", body)

    def test_what_the_page_on_testing_shows_is_what_the_examples_do(self):
        examples = "".join(path.read_text() for path in (ROOT / "examples" / "testing").glob("*pp"))
        alone = [block for block in blocks("docs/testing.md") if block not in examples]
        self.assertEqual(1, len(alone), alone)
        program = self.build("#include <promlite/exposition/parser.hpp>\n#include <iostream>\nint main() {\n" + alone[0] + "}\n")
        self.assertEqual("up 1\n", subprocess.run([program], check=True, capture_output=True, text=True).stdout)


if __name__ == "__main__":
    if shutil.which("g++") is None:
        raise SystemExit("this test needs g++")
    unittest.main()
