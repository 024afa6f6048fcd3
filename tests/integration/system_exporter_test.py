# promlite: examples/system_exporter beside node_exporter, value by value, and on machines that are made up.
# SPDX-License-Identifier: MIT
# needs: system_exporter
import ctypes
import http.client
import math
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from support.exporter import Exporter, parse, program
from support.memcached import DEADLINE, end, free_port, poll_until
from support.operations import check_operations

FOLDER = pathlib.Path(__file__).resolve().parent.parent.parent / "examples" / "system_exporter"
README = (FOLDER / "README.md").read_text(encoding="utf-8")
COLLECTORS = ["cpu", "descriptors", "disk", "filesystem", "kernel", "load", "memory", "network"]

# Distributions give node_exporter their own.
POINTS = "^/(dev|proc|run|sys)($|/)"
TYPES = "^(cgroup2?|devpts|devtmpfs|overlay|proc|squashfs|sysfs)$"

# Rows of the README's tables: ours, type, node_exporter's, and how many of ours one of its is.
ROWS = [(ours, kind, node, int(factor or 1)) for ours, kind, node, factor in re.findall(
    r"^\| `(system_\w+)(?:\{[\w,]+\})?` \| (\w+) \| `(node_\w+)`(?: × (\d+))? \|", README, flags=re.M)]


def run(*command, **options):
    """(status, all output)."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=DEADLINE, check=False,
                          **options)
    return done.returncode, done.stdout


def is_ours(series):
    return series.startswith("system_") and not series.startswith(("system_collector_", "system_exporter_"))


class NodeExporter:
    def __init__(self):
        for _ in range(5):  # somebody else may take the port first
            self.port = free_port()
            self.process = subprocess.Popen(["prometheus-node-exporter", f"--web.listen-address=127.0.0.1:{self.port}",
                                             "--web.disable-exporter-metrics", "--collector.netdev.device-exclude=",
                                             f"--collector.filesystem.mount-points-exclude={POINTS}",
                                             f"--collector.filesystem.fs-types-exclude={TYPES}"], stderr=subprocess.DEVNULL)
            if poll_until(lambda: self.answers() or self.process.poll() is not None, "node_exporter's start") is True \
                    and self.process.poll() is None:
                return
            end(self.process)
        raise AssertionError("node_exporter does not start")

    def answers(self):
        try:
            return bool(self.scrape())
        except OSError:
            return False

    def scrape(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        try:
            connection.request("GET", "/metrics")
            return parse(connection.getresponse().read().decode())
        finally:
            connection.close()


def from_node(scraped):
    """node_exporter's values under our names."""
    found = {}
    for series, value in scraped.items():
        name, brace, labels = series.partition("{")
        for ours, _, node, factor in ROWS:
            if name == node:
                found[ours + brace + labels] = float(value) * factor
    return found


class BesideNodeExporterTest(unittest.TestCase):
    maxDiff = None

    def test_every_value(self):
        node = NodeExporter()
        self.addCleanup(end, node.process)
        exporter = Exporter("system_exporter", f"--filesystem.mount-points-exclude={POINTS}",
                            f"--filesystem.fs-types-exclude={TYPES}")
        self.addCleanup(exporter.errors.close)
        self.addCleanup(exporter.stop)
        kinds = {ours: kind for ours, kind, _, _ in ROWS}
        compared, waiting = set(), {}

        def look():
            """Every value was once between two of node_exporter's: the third time a memory may have gone up and down."""
            before = from_node(node.scrape())
            ours = {series: float(value) for series, value in exporter.scrape().items()}
            after = from_node(node.scrape())
            waiting.clear()
            for series in set(before) & set(ours) & set(after):
                low, high = sorted((before[series], after[series]))
                if low - 1e-9 * abs(low) <= ours[series] <= high + 1e-9 * abs(high):
                    compared.add(series)
                elif kinds[series.partition("{")[0]] == "counter":
                    self.fail(f"{series}: {low} <= {ours[series]} <= {high}")
                elif series not in compared:
                    waiting[series] = (low, ours[series], high)
            return not waiting
        try:
            poll_until(look, "equal values")
        except AssertionError as failure:
            raise AssertionError(f"{failure}: {waiting}") from failure

        ours, theirs = set(filter(is_ours, exporter.scrape())), set(from_node(node.scrape()))
        names = {series.partition("{")[0] for series in compared}
        self.assertGreater(len(names), 60)
        # A speed that is unknown is negative there.
        self.assertEqual({one for one in theirs ^ ours if "_speed_" not in one}, set())

    def test_the_readme_has_all_of_it(self):
        exporter = Exporter("system_exporter")
        self.addCleanup(exporter.errors.close)
        self.addCleanup(exporter.stop)
        text = exporter.scrape_text()
        code, output = run("promtool", "check", "metrics", input=text)
        self.assertEqual((code, output), (0, ""))
        types = dict(re.findall(r"^# TYPE (system_\S+) (\S+)$", text, flags=re.M))
        rows = dict(re.findall(r"^\| `(system_\w+)(?:\{[\w,]+\})?` \| (\w+) \|", README, flags=re.M))
        self.assertEqual({name: kind for name, kind in types.items() if rows.get(name) != kind}, {})
        found = exporter.scrape()
        self.assertEqual({one: found[one] for one in found if one.startswith("system_collector_success")},
                         {f'system_collector_success{{collector="{name}"}}': "1" for name in COLLECTORS})
        check_operations(self, "system_exporter", text)


class MachineTest(unittest.TestCase):
    maxDiff = None

    def start(self, files, *flags, mount=None, env=None):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        for name, text in files.items():
            path = pathlib.Path(folder.name, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text)
        if mount:
            self.mount_hanging(f"{folder.name}/{mount}")
        exporter = Exporter("system_exporter", f"--path.procfs={folder.name}/proc", f"--path.sysfs={folder.name}/sys",
                            f"--path.rootfs={folder.name}", *flags, env=env)
        self.addCleanup(exporter.errors.close)
        self.addCleanup(lambda: self.assertNotIn("Sanitizer", exporter.messages()))
        self.addCleanup(exporter.stop)
        return exporter

    def success(self, values):
        return {one[len('system_collector_success{collector="'):-2]: value for one, value in values.items()
                if one.startswith("system_collector_success")}

    def test_nothing_is_there(self):
        exporter = self.start({})
        values = exporter.scrape()
        self.assertEqual(self.success(values), dict.fromkeys(COLLECTORS, "0"))
        self.assertEqual(sorted(one.partition("{")[0] for one in values if is_ours(one)),
                         ["system_time_seconds", "system_uname_info"])
        exporter.scrape()
        for name, file in (("cpu", "stat"), ("memory", "meminfo"), ("filesystem", "self/mounts"), ("network", "self/net/dev")):
            lines = [line for line in exporter.messages().splitlines() if f"collector={name}" in line]
            self.assertEqual(len(lines), 1, exporter.messages())
            self.assertIn(f"/proc/{file}: No such file or directory", lines[0])

    def test_files_are_damaged(self):
        noise = bytes(range(256)) * 64
        exporter = self.start({"proc/stat": b"cpu0 1 2 \xff" + noise, "proc/meminfo": noise, "proc/loadavg": b"1.5 x",
                               "proc/diskstats": b"8 0 sda 1\n8 1 \xff\xfe 1 2 3 4 5 6 7 8 9 10 11\n",
                               "proc/1/mounts": b"/dev/\xffda /a\\040\xff ext4 rw 0 0\nx\n" + noise,
                               "proc/1/net/dev": noise, "proc/sys/fs/file-nr": b"-1 0 5"})
        text = exporter.scrape_text()
        self.assertEqual(run("promtool", "check", "metrics", input=text)[0], 0)
        values = parse(text)
        self.assertEqual(self.success(values), dict.fromkeys(COLLECTORS, "0"))
        self.assertEqual(values["system_load1"], "1.5")
        self.assertEqual(values["system_file_descriptors_maximum"], "5")
        self.assertEqual(values['system_cpu_seconds_total{cpu="0",mode="nice"}'], "0.02")
        self.assertEqual(values['system_disk_io_now{device="\ufffd\ufffd"}'], "9")
        self.assertEqual(values['system_filesystem_device_error{device="/dev/\ufffdda",fstype="ext4",'
                                'mountpoint="/a \ufffd"}'], "1")

    def test_mounts_below_another_root(self):
        exporter = self.start({"proc/1/mounts": b"/dev/a / ext4 ro 0 0\n/dev/b /my\\040disk xfs rw 0 0\n"
                                                b"sysfs /sys sysfs rw 0 0\n/dev/c /proc/x ext4 rw 0 0\n", "my disk/x": b""},
                              "--no-collector.cpu", "--collector.load")
        values = exporter.scrape()
        self.assertNotIn("cpu", self.success(values))
        size = os.statvfs(os.path.dirname(tempfile.gettempdir() + "/"))
        for device, point in (("/dev/a", "/"), ("/dev/b", "/my disk")):
            labels = f'device="{device}",fstype="{"ext4" if point == "/" else "xfs"}",mountpoint="{point}"'
            self.assertEqual(values.get(f"system_filesystem_device_error{{{labels}}}"), "0", values)
            self.assertTrue(math.isclose(float(values[f"system_filesystem_size_bytes{{{labels}}}"]), size.f_frsize * size.f_blocks))
            self.assertEqual(values[f"system_filesystem_readonly{{{labels}}}"], str(int(point == "/")))
        self.assertNotIn("sysfs", str(values))
        self.assertNotIn("/dev/c", str(values))


    def mount_hanging(self, path):
        """A file system whose server takes requests and never answers, for this process and its children alone."""
        libc = ctypes.CDLL(None, use_errno=True)
        new_mounts, private = 0x20000, 0x44000  # CLONE_NEWNS; MS_REC | MS_PRIVATE
        try:
            server = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
        except OSError as error:
            self.skipTest(f"no file systems in user space: {error}")
        self.addCleanup(os.close, server)
        options = f"fd={server},rootmode=40000,user_id=0,group_id=0"
        if libc.unshare(new_mounts) or libc.mount(None, b"/", None, private, None) or \
                libc.mount(b"hung", path.encode(), b"fuse", 0, options.encode()):
            self.skipTest(f"nothing can be mounted: {os.strerror(ctypes.get_errno())}")
        self.addCleanup(libc.umount2, path.encode(), 2)  # MNT_DETACH

    def test_a_file_system_that_hangs(self):
        mounts = b"/dev/a /one ext4 rw 0 0\nserver:/ /hung nfs4 rw 0 0\n/dev/b /other ext4 rw 0 0\n"
        exporter = self.start({"proc/1/mounts": mounts, "one/x": b"", "hung/x": b"", "other/x": b""}, mount="hung",
                              # A leak detector would stop every thread first, which one that hangs does not do.
                              env={**os.environ, "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"})
        def threads():
            return len(os.listdir(f"/proc/{exporter.process.pid}/task"))
        for number in range(5):
            values = exporter.scrape()
            if number == 0:
                before = threads()
            errors = {re.search(r'mountpoint="(.*?)"', one)[1]: value for one, value in values.items()
                      if one.startswith("system_filesystem_device_error")}
            self.assertEqual(errors, {"/one": "0", "/hung": "1", "/other": "0"})
            self.assertEqual(self.success(values)["filesystem"], "1")
        poll_until(lambda: threads() <= before, "no more threads than after the first scrape")
        self.assertEqual(exporter.stop(), 0)


class CommandLineTest(unittest.TestCase):
    def run_exporter(self, *arguments):
        return run(program("system_exporter"), "--web.listen-address=127.0.0.1:0", *arguments)

    def test_help(self):
        code, output = self.run_exporter("--help")
        self.assertEqual(code, 0)
        for flag in re.findall(r"^\| `--([\w.-]+)` \|", README, flags=re.M) + [f"collector.{name}" for name in COLLECTORS]:
            self.assertIn(flag, output)

    def test_wrong_values(self):
        for flag in ("disk.device-exclude", "network.device-exclude", "filesystem.mount-points-exclude",
                     "filesystem.fs-types-exclude"):
            code, output = self.run_exporter(f"--{flag}=[")
            self.assertEqual(code, 2)
            self.assertRegex(output, rf"--{flag}: .*is no regular expression")
        code, output = self.run_exporter("--filesystem.mount-timeout=0")
        self.assertEqual(code, 2)
        self.assertIn('--filesystem.mount-timeout: "0" is not a duration', output)


if __name__ == "__main__":
    sys.exit(unittest.main())
