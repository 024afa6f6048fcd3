# promlite: the contract programs, built exactly as a user would and run. They say what users write: a change that
# needs another word in one of them breaks users.
# SPDX-License-Identifier: MIT
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from support.pushgateway import Pushgateway

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAMS = ROOT / "tests" / "contract"

# Those whose interface exists; the others stand in tests/contract for what is still to come.
BUILT = ("batch", "checked", "handler", "service", "exporter")

DIGESTS = {
    "batch": "d48381e2bf147148b6d1987f93b41f0840ec9c5c5d10765bac9fd006fba60767",
    "checked": "4b7894b50badf578841d9af0e4e6701aec1e9100c3e2e52bc3f6d456733cf23b",
    "exporter": "1c08a079e73befb058409ca5ec97ffa561691facc00cbc2de91ef963a028057a",
    "handler": "f86e7197667c642d40cfdfe12174cbd07f57e4a9bc6cd65135a0724646891bb3",
    "service": "c6f95fec56e9f27a2eb8464ea028f71c4742cb2f82b73d9e32ea10c449b2b5b3",
}

COMPILERS = {"g++": ("g++",), "clang++": ("clang++", "clang++-19", "clang++-14")}
HEADERS = {"tree": "include", "single": "single_include"}
# The other two pairs take as long again, with PROMLITE_LONG=1.
PAIRS = {("g++", "tree"), ("clang++", "single")}


def samples(text):
    """{'name{a="1",b="2"}': number} of an exposition, labels in the order of their names."""
    found = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            series, _, value = line.rpartition(" ")
            labels = sorted(re.findall(r'\w+="(?:[^"\\]|\\.)*"', series))
            found[series.partition("{")[0] + ("{%s}" % ",".join(labels) if labels else "")] = float(value)
    return found


def get(url):
    with urllib.request.urlopen(url, timeout=5) as response:
        return response.status, response.headers, response.read().decode("utf-8")


class Contract(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="promlite-contract-")
        cls.addClassCleanup(scratch.cleanup)
        cls.scratch = pathlib.Path(scratch.name)

    def test_the_programs_are_unmodified(self):
        self.assertEqual(DIGESTS, {path.stem: hashlib.sha256(path.read_bytes()).hexdigest()
                                   for path in PROGRAMS.glob("*.cpp")})

    def test_they_build_and_run(self):
        for program in BUILT:
            for compiler, names in COMPILERS.items():
                found = next(filter(None, map(shutil.which, names)), None)
                for header, folder in HEADERS.items():
                    if (compiler, header) not in PAIRS and os.environ.get("PROMLITE_LONG") != "1":
                        continue
                    with self.subTest(program=program, compiler=compiler, header=header):
                        self.assertIsNotNone(found, f"none of {names} is installed")
                        binary = self.scratch / f"{program}-{compiler}-{header}"
                        done = subprocess.run([found, "-std=c++17", "-I", folder, "-pthread", PROGRAMS / f"{program}.cpp",
                                               "-o", binary], cwd=ROOT, capture_output=True, text=True, timeout=300)
                        self.assertEqual(0, done.returncode, done.stderr)
                        getattr(self, f"check_{program}")(binary)

    def check_checked(self, binary):
        done = subprocess.run([binary], capture_output=True, text=True, timeout=60)
        self.assertEqual((0, "", ""), (done.returncode, done.stdout, done.stderr))

    def check_handler(self, binary):
        done = subprocess.run([binary], capture_output=True, text=True, timeout=60)
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        self.assertEqual("200\napplication/openmetrics-text; version=1.0.0; charset=utf-8\n"
                         "# TYPE jobs counter\n# HELP jobs Jobs done.\njobs_total 7.0\n# EOF\n", done.stdout)

    def check_service(self, binary):
        with subprocess.Popen([binary], stdout=subprocess.PIPE, text=True) as process:
            try:
                url = process.stdout.readline().strip()
                self.assertRegex(url, r"^http://127\.0\.0\.1:[1-9]\d*/metrics$")
                self.check_scrapes(url)
                self.assertEqual(0, process.wait(timeout=20))
            finally:
                process.kill()

    def check_scrapes(self, url):
        wanted = {
            'http_requests_total{code="200",method="GET"}': 3000,
            'http_requests_total{code="201",method="POST"}': 980,
            'http_requests_total{code="500",method="POST"}': 20,
            "http_received_bytes_total": 512000,
            "http_requests_in_flight": 0,
            'http_request_duration_seconds_bucket{le="0.0005",route="/orders"}': 0,
            'http_request_duration_seconds_bucket{le="+Inf",route="/orders"}': 1000,
            'http_request_duration_seconds_count{route="/orders"}': 1000,
            "http_response_size_bytes_sum": sum(range(100, 1100)),
            "http_response_size_bytes_count": 1000,
            'service_build_info{revision="8f3c1de",version="1.4.2"}': 1,
        }
        got = {}
        while {name: got.get(name) for name in wanted} != wanted:  # the service works for a second and stays for two more
            try:
                status, headers, text = get(url)
            except OSError as error:
                self.fail(f"the service ended ({error}) after a scrape of {got}")
            self.assertEqual((200, "text/plain; version=0.0.4; charset=utf-8"), (status, headers["Content-Type"]))
            got = samples(text)
            time.sleep(0.02)
        for quantile, value in (("0.5", 599.5), ("0.9", 999), ("0.99", 1089)):
            self.assertAlmostEqual(value, got[f'http_response_size_bytes{{quantile="{quantile}"}}'], delta=value / 100)
        self.assertAlmostEqual(time.time(), got["service_start_time_seconds"], delta=60)
        # A thousand sleeps of a millisecond each.
        self.assertGreater(got['http_request_duration_seconds_sum{route="/orders"}'], 1)
        self.assertGreater(got["process_resident_memory_bytes"], 100000)
        self.assertEqual(200, get(url.replace("/metrics", "/-/healthy"))[0])
        with self.assertRaises(urllib.error.HTTPError) as refused:
            get(url.replace("/metrics", "/elsewhere"))
        self.addCleanup(refused.exception.close)
        self.assertEqual(404, refused.exception.code)

    def check_batch(self, binary):
        gateway = Pushgateway().start()
        self.addCleanup(gateway.stop)
        file = self.scratch / "batch.prom"
        run = [binary, gateway.address, file]
        done = subprocess.run(run, capture_output=True, text=True, timeout=60)
        self.assertEqual((0, "", ""), (done.returncode, done.stdout, done.stderr))
        self.assertEqual([], gateway.keys_soon([]))  # the last thing that it does is to remove its own
        own = samples(get(gateway.url + "/metrics")[2])
        self.assertEqual([1, 1, 1], [own[f'pushgateway_http_requests_total{{code="{code}",handler="{handler}",method="{method}"}}']
                                     for code, handler, method in (("200", "push", "put"), ("200", "push", "post"),
                                                                   ("202", "delete", "delete"))])
        written = samples(file.read_text())
        self.assertEqual({'files_processed_total{kind="csv"}': 100, r'files_processed_total{kind="a/b \"odd\""}': 3},
                         {name: value for name, value in written.items() if name.startswith("files")})
        self.assertAlmostEqual(time.time(), written["batch_job_last_success_timestamp_seconds"], delta=60)
        self.assertLess(written["batch_job_duration_seconds"], 1)
        gateway.stop()
        done = subprocess.run(run, capture_output=True, text=True, timeout=60)
        self.assertEqual((1, f'cannot push job "nightly_import" at {gateway.address}: Connection refused\n'),
                         (done.returncode, done.stderr))

    def check_exporter(self, binary):
        done = subprocess.run([binary], capture_output=True, text=True, timeout=60)
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        own = re.findall(r"^(?:# (?:HELP|TYPE) )?(?:disk|queue)_.*$", done.stdout, flags=re.M)
        comments = {line for line in own if line.startswith("#")}
        self.assertEqual({
            "# HELP disk_read_bytes_total Bytes read.", "# TYPE disk_read_bytes_total counter",
            "# HELP disk_used_bytes Bytes in use.", "# TYPE disk_used_bytes gauge",
            "# HELP disk_up 1 if the last fetch worked.", "# TYPE disk_up gauge",
            "# HELP queue_depth Jobs waiting.", "# TYPE queue_depth gauge"}, comments)
        self.assertEqual({
            'disk_read_bytes_total{device="sda"}': 1.5e9, r'disk_read_bytes_total{device="sdb \"backup\""}': 2e6,
            'disk_used_bytes{device="sda"}': 4e10, r'disk_used_bytes{device="sdb \"backup\""}': 1e11,
            "disk_up": 1, "queue_depth": 42}, samples("\n".join(own)))
        everything = samples(done.stdout)
        for name in ("process_cpu_seconds_total", "process_open_fds", "process_max_fds", "process_virtual_memory_bytes",
                     "process_resident_memory_bytes", "process_start_time_seconds"):
            self.assertIn(name, everything)


if __name__ == "__main__":
    unittest.main()
