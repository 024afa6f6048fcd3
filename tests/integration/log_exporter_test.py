# promlite: examples/log_exporter on files that are written, rotated, truncated and deleted.
# SPDX-License-Identifier: MIT
# needs: log_exporter
import collections
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from support.exporter import Exporter, program
from support.memcached import DEADLINE, poll_until
from support.operations import check_operations

HERE = pathlib.Path(__file__).resolve().parent
FOLDER = HERE.parent.parent / "examples" / "log_exporter"
# Of the kit and of the process, which other tests look at.
OTHERS = re.compile(r"(# (HELP|TYPE) )?(promlite_|process_|log_collector_|log_exporter_)")


class LogExporter(Exporter):
    """Unless told otherwise it looks at files only when it is scraped."""

    def __init__(self, *flags, **options):
        polls = [] if any(flag.startswith("--poll.interval") for flag in flags) else ["--poll.interval=1h"]
        super().__init__("log_exporter", *polls, *flags, **options)

    def lines(self):
        """Path to level to count, without zeros."""
        found = collections.defaultdict(dict)
        for series, value in self.scrape().items():
            match = re.fullmatch(r'log_lines_total\{file="(.*)",level="(\w+)"\}', series)
            if match:
                found[match[1]].update({match[2]: int(value)} if value != "0" else {})
        return dict(found)


def without_others(text):
    return "".join(line + "\n" for line in text.splitlines() if not OTHERS.match(line))


class LogExporterTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = os.path.realpath(folder.name)
        self.log = self.path("app.log")
        self.state = self.path("state")

    def path(self, name):
        return os.path.join(self.folder, name)

    def append(self, path, text):
        with open(path, "ab") as file:
            file.write(text if isinstance(text, bytes) else text.encode())

    def start(self, *flags, **options):
        exporter = LogExporter(*flags, **options)
        self.addCleanup(exporter.errors.close)
        self.addCleanup(lambda: self.assertNotIn("Sanitizer", exporter.messages()))
        self.addCleanup(exporter.stop)
        return exporter

    def as_somebody(self):
        """Options of the exporter: the superuser may read everything; others may be kept from the build tree."""
        if os.getuid() != 0:
            return {}
        copy = self.path("program")
        shutil.copy(program("log_exporter"), copy)
        return {"user": 65534, "group": 65534, "extra_groups": [], "executable": copy}

    def rotations(self, exporter, path=None):
        found = {}
        for kind in ("rename", "truncate", "recreate"):
            value = exporter.scrape()[f'log_file_rotations_total{{file="{path or self.log}",kind="{kind}"}}']
            found.update({kind: int(value)} if value != "0" else {})
        return found


class LinesTest(LogExporterTest):
    def test_the_whole_exposition(self):
        self.append(self.log, "INFO one\nlevel=error took 12s\n\xff\0 took 7s\nhalf a line")
        os.utime(self.log, (1700000000, 1700000000.25))
        missing = self.path("missing.log")
        pattern = self.path("a*.log")
        exporter = self.start(f"--file={pattern}", f"--file={missing}", "--start=beginning",
                              "--match=slow=took [0-9]{2,}s", "--match=app.up=^INFO", f"--state.file={self.state}")
        text = without_others(exporter.scrape_text())
        text, stamps = re.subn(r'(log_last_line_timestamp_seconds\{\S+) \S+', r"\1 T", text)
        self.assertEqual(stamps, 1)
        expected = (HERE / "log_exporter.expected.txt").read_text(encoding="utf-8")
        self.assertEqual(text, expected.replace("FOLDER", self.folder))

        documented = re.findall(r"^\| `(log_\w+)[^`]*` \| (\w+) \| (.*?) \|$",
                                (FOLDER / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
        self.assertEqual({(name, kind) for name, kind, _ in documented},
                         set(re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE)))
        text = exporter.scrape_text()
        check_operations(self, "log_exporter", text)
        check = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True,
                               timeout=DEADLINE)
        self.assertEqual((check.returncode, check.stdout, check.stderr), (0, "", ""))

    def test_the_time_of_the_last_line(self):
        self.append(self.log, "x\n")
        os.utime(self.log, (1700000000, 1700000000.25))
        exporter = self.start(f"--file={self.log}")
        series = f'log_last_line_timestamp_seconds{{file="{self.log}"}}'
        self.assertEqual(float(exporter.scrape()[series]), 1700000000.25)
        self.append(self.log, "half")
        self.assertEqual(float(exporter.scrape()[series]), 1700000000.25)
        before = time.time()
        self.append(self.log, "\n")
        seen = float(exporter.scrape()[series])
        self.assertLessEqual(before - 0.01, seen)
        self.assertLessEqual(seen, time.time() + 0.01)
        self.assertEqual(float(exporter.scrape()[series]), seen)

    def test_a_line_counts_when_its_newline_comes(self):
        self.append(self.log, "old\nlevel=fatal half")
        exporter = self.start(f"--file={self.log}")
        self.assertEqual(exporter.lines(), {self.log: {}})
        for byte in b" ERROR x\r":
            self.append(self.log, bytes([byte]))
            self.assertEqual(exporter.lines(), {self.log: {}})
        self.append(self.log, "\nlevel=info\n\nlevel=war")
        self.assertEqual(exporter.lines(), {self.log: {"fatal": 1, "info": 1, "unknown": 1}})
        self.assertEqual(exporter.scrape()[f'log_file_unread_bytes{{file="{self.log}"}}'], "9")
        self.append(self.log, "n\n")
        self.assertEqual(exporter.lines(), {self.log: {"fatal": 1, "info": 1, "unknown": 1, "warn": 1}})

    def test_a_line_without_end_takes_no_memory(self):
        self.append(self.log, "first ERROR ")
        os.truncate(self.log, 300 << 20)
        self.append(self.log, "INFO\nINFO last\n" + "x" * 65536 + "needle\n" + "x" * 65530 + "needle\n")
        exporter = self.start(f"--file={self.log}", "--start=beginning", "--match=needle=needle$")
        series = f'log_long_lines_total{{file="{self.log}"}}'
        poll_until(lambda: exporter.scrape()["log_up"] == "1", "the end of the file")
        found = exporter.scrape()
        self.assertEqual(exporter.lines(), {self.log: {"error": 1, "info": 1, "unknown": 2}})
        self.assertEqual(found[series], "2")
        self.assertEqual(found[f'log_matches_total{{file="{self.log}",match="needle"}}'], "1")
        self.assertEqual(found[f'log_file_read_bytes_total{{file="{self.log}"}}'], str(os.path.getsize(self.log)))
        with open(f"/proc/{exporter.process.pid}/status", encoding="ascii") as status:
            peak = int(re.search(r"VmHWM:\s+(\d+) kB", status.read())[1])
        if not re.search(b"__[at]san_init", pathlib.Path(program("log_exporter")).read_bytes()):
            self.assertLess(peak, 32 << 10)


class RotationTest(LogExporterTest):
    def test_renamed(self):
        exporter = self.start(f"--file={self.log}")
        with open(self.log, "ab", buffering=0) as old:
            old.write(b"INFO 1\n")
            self.assertEqual(exporter.lines(), {self.log: {"info": 1}})
            old.write(b"INFO 2\nINFO ")
            os.rename(self.log, self.log + ".1")
            # For a while there is no new file.
            self.assertEqual(exporter.lines(), {self.log: {"info": 2}})
            self.assertEqual(exporter.scrape()[f'log_file_up{{file="{self.log}"}}'], "0")
            self.append(self.log, "ERROR 1\n")
            self.assertEqual(exporter.lines(), {self.log: {"info": 2, "error": 1}})
            self.assertEqual(exporter.scrape()[f'log_file_up{{file="{self.log}"}}'], "1")
            # The writer has not changed over yet.
            old.write(b"3\nINFO 4\n")
            self.append(self.log, "ERROR 2\n")
            self.assertEqual(exporter.lines(), {self.log: {"info": 4, "error": 2}})
        # And once more, before the next look.
        self.append(self.log, "ERROR 3\n")
        os.rename(self.log, self.log + ".2")
        self.append(self.log, "WARN 1\n")
        self.assertEqual(exporter.lines(), {self.log: {"info": 4, "error": 3, "warn": 1}})
        self.assertEqual(self.rotations(exporter), {"rename": 2})

    def test_renamed_to_names_that_are_followed_as_well(self):
        exporter = self.start(f"--file={self.log}*")
        names = [self.log, self.log + ".1", self.log + ".2"]
        expected = {}
        for turn in range(1, 6):
            self.append(self.log, "INFO x\n" * turn)
            expected.setdefault(self.log, {"info": 0})["info"] += turn
            if turn != 3:  # or the files move on before anybody has looked
                self.assertEqual(exporter.lines(), expected)
            for old, new in ((names[1], names[2]), (names[0], names[1])):
                if os.path.exists(old):
                    os.rename(old, new)
                    expected.setdefault(new, {})
            # What is written to a file that was renamed is counted for its new name.
            if turn != 3:
                self.append(names[1], "WARN late\n")
                expected[names[1]]["warn"] = expected[names[1]].get("warn", 0) + 1
            self.append(self.log, "")
            if turn == 3:  # what nobody saw at the first name is counted where it was found
                found = exporter.lines()
                self.assertEqual(sum(found[name].get("info", 0) for name in names), 1 + 2 + 3)
                expected = found
            else:
                self.assertEqual(exporter.lines(), expected)

    def test_truncated(self):
        exporter = self.start(f"--file={self.log}")
        self.append(self.log, "INFO 1\nINFO 2\nhalf")
        self.assertEqual(exporter.lines(), {self.log: {"info": 2}})
        os.truncate(self.log, 0)
        self.append(self.log, "WARN\n")
        self.assertEqual(exporter.lines(), {self.log: {"info": 2, "warn": 1}})
        # It has grown past where it was before anybody looks.
        os.truncate(self.log, 0)
        self.append(self.log, "ERROR\n" * 100)
        self.assertEqual(exporter.lines(), {self.log: {"info": 2, "warn": 1, "error": 100}})
        os.truncate(self.log, 0)
        self.assertEqual(exporter.lines(), {self.log: {"info": 2, "warn": 1, "error": 100}})
        self.assertEqual(self.rotations(exporter), {"truncate": 3})

    def test_truncated_below_a_writer_that_does_not_append(self):
        exporter = self.start(f"--file={self.log}", "--match=start=^ERROR")
        with open(self.log, "wb", buffering=0) as writer:
            writer.write(b"INFO 1\n" * 100000)
            self.assertEqual(exporter.lines(), {self.log: {"info": 100000}})
            os.truncate(self.log, 0)
            writer.write(b"ERROR behind a hole\n")
        self.assertEqual(os.path.getsize(self.log), 700020)
        self.assertEqual(exporter.lines(), {self.log: {"info": 100000, "error": 1}})
        self.assertEqual(exporter.scrape()[f'log_matches_total{{file="{self.log}",match="start"}}'], "1")

    def test_deleted_and_made_anew(self):
        exporter = self.start(f"--file={self.log}")
        with open(self.log, "ab", buffering=0) as old:
            old.write(b"INFO 1\n")
            self.assertEqual(exporter.lines(), {self.log: {"info": 1}})
            old.write(b"INFO 2\n")
            os.unlink(self.log)
            self.append(self.log, "INFO 1\nINFO 2\nINFO 3\n")
            old.write(b"INFO 3\n")
            self.assertEqual(exporter.lines(), {self.log: {"info": 6}})
        self.assertEqual(self.rotations(exporter), {"recreate": 1})

    def logrotate(self, *options):
        config = self.path("logrotate.conf")
        with open(config, "w", encoding="utf-8") as file:
            file.write(f"{self.log} {{\n rotate 3\n missingok\n" + "".join(f" {option}\n" for option in options) + "}\n")
        os.chmod(config, 0o644)
        subprocess.run(["logrotate", "--force", "--state", self.path("rotation"), config], check=True, timeout=DEADLINE,
                       env={**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/sbin"})

    def rotate_and_count(self, *options):
        os.chmod(self.folder, 0o755)
        self.append(self.log, "")
        flags = f"--file={self.path('*.log')}", f"--state.file={self.state}"
        exporter = self.start(*flags)
        lines = 0
        for turn in range(4):
            self.append(self.log, f"INFO {turn}\n" * 10)
            lines += 10
            # What is written after the last look is in the copy alone, or in the compressed file.
            if turn == 2 or "copytruncate" in options or "nodelaycompress" in options:
                self.assertEqual(exporter.lines(), {self.log: {"info": lines, "error": turn} if turn else {"info": lines}})
            if turn == 2:  # killed before the rotation, and there again after it
                exporter.stop(signal.SIGKILL)
            self.logrotate(*options)
            self.append(self.log, f"ERROR {turn}\n")
            if turn == 2:
                exporter = self.start(*flags)
            self.assertEqual(exporter.lines(), {self.log: {"info": lines, "error": turn + 1}})
        return self.rotations(exporter)

    def test_logrotate_creates(self):
        self.assertEqual(self.rotate_and_count("create 0644", "nocompress"), {"rename": 4})

    def test_logrotate_truncates_a_copy(self):
        self.assertEqual(self.rotate_and_count("copytruncate", "nocompress"), {"truncate": 4})

    def test_logrotate_compresses_late(self):
        self.assertEqual(self.rotate_and_count("create 0644", "compress", "delaycompress"), {"rename": 4})
        self.assertEqual(sorted(name for name in os.listdir(self.folder) if name.startswith("app")),
                         ["app.log", "app.log.1", "app.log.2.gz", "app.log.3.gz"])

    def test_logrotate_compresses_at_once(self):
        found = self.rotate_and_count("create 0644", "compress", "nodelaycompress")
        self.assertEqual(found, {"recreate": 4})


class RestartTest(LogExporterTest):
    def flags(self):
        return f"--file={self.log}", f"--state.file={self.state}", "--match=x=x$"

    def restart_at(self, exporter, number):
        self.assertIn(exporter.stop(number), (0, -signal.SIGKILL))
        return self.start(*self.flags())

    def test_it_goes_on(self):
        exporter = self.start(*self.flags())
        expected = 0
        for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGINT, signal.SIGKILL):
            self.append(self.log, "INFO x\n" * 3 + "INFO")
            expected += 3
            if number != signal.SIGINT:
                self.assertEqual(exporter.lines(), {self.log: {"info": expected}})
            exporter.stop(number)
            self.append(self.log, " x\n")
            expected += 1
            exporter = self.restart_at(exporter, number)
            self.assertEqual(exporter.lines(), {self.log: {"info": expected}})
            found = exporter.scrape()
            self.assertEqual(found[f'log_matches_total{{file="{self.log}",match="x"}}'], str(expected))
            self.assertEqual(found[f'log_file_read_bytes_total{{file="{self.log}"}}'],
                             str(os.path.getsize(self.log)))
        self.assertEqual(self.rotations(exporter), {})

    def test_rotated_while_it_was_not_there(self):
        exporter = self.start(*self.flags())
        self.append(self.log, "INFO 1\n")
        self.assertEqual(exporter.lines(), {self.log: {"info": 1}})
        exporter.stop(signal.SIGKILL)
        self.append(self.log, "INFO 2\n")
        os.rename(self.log, self.path("other name"))
        self.append(self.path("other name"), "INFO 3\n")
        self.append(self.log, "ERROR 1\n")
        exporter = self.start(*self.flags())
        self.assertEqual(exporter.lines(), {self.log: {"info": 3, "error": 1}})
        self.assertEqual(self.rotations(exporter), {"rename": 1})
        # The old one is not forgotten by the next restart either.
        exporter.stop(signal.SIGKILL)
        self.append(self.path("other name"), "INFO 4\n")
        exporter = self.start(*self.flags())
        self.assertEqual(exporter.lines(), {self.log: {"info": 4, "error": 1}})

        exporter.stop(signal.SIGKILL)
        os.truncate(self.log, 0)
        self.append(self.log, "WARN the same file with other bytes\n")
        exporter = self.start(*self.flags())
        self.assertEqual(exporter.lines(), {self.log: {"info": 4, "error": 1, "warn": 1}})
        self.assertEqual(self.rotations(exporter), {"rename": 1, "truncate": 1})

    def test_deleted_and_made_anew_with_the_number_of_the_old_one(self):
        exporter = self.start(*self.flags())
        self.append(self.log, "INFO 1\n")
        self.assertEqual(exporter.lines(), {self.log: {"info": 1}})
        number = os.stat(self.log).st_ino
        os.unlink(self.log)
        self.assertEqual(exporter.lines(), {self.log: {"info": 1}})
        exporter.stop(signal.SIGKILL)
        # Most file systems soon take a number that has become free.
        for attempt in range(100):
            made = self.path(f"made{attempt}")
            self.append(made, "INFO 1\nINFO 2\n")
            if os.stat(made).st_ino == number:
                break
        os.rename(made, self.log)
        exporter = self.start(*self.flags())
        self.assertEqual(exporter.lines(), {self.log: {"info": 3}})

    def test_it_cannot_be_read_at_the_restart(self):
        os.chmod(self.folder, 0o777)
        options = self.as_somebody()
        self.append(self.log, "")
        exporter = self.start(*self.flags(), **options)
        self.append(self.log, "INFO\n")
        self.assertEqual(exporter.lines(), {self.log: {"info": 1}})
        self.append(self.log, "ERROR\n")
        os.chmod(self.log, 0)
        for _ in range(2):
            exporter.stop()
            exporter = self.start(*self.flags(), **options)
            self.assertEqual(exporter.lines(), {self.log: {"info": 1}})
            self.assertEqual(exporter.scrape()[f'log_file_up{{file="{self.log}"}}'], "0")
        os.chmod(self.log, 0o644)
        self.assertEqual(exporter.lines(), {self.log: {"info": 1, "error": 1}})
        self.assertEqual(self.rotations(exporter), {})

    def test_rotated_names_that_are_followed_as_well(self):
        flags = f"--file={self.log}*", f"--state.file={self.state}"
        exporter = self.start(*flags)
        self.append(self.log + ".1", "INFO\n")
        self.append(self.log, "INFO\n" * 2)
        expected = {self.log: {"info": 2}, self.log + ".1": {"info": 1}}
        self.assertEqual(exporter.lines(), expected)
        exporter.stop(signal.SIGKILL)
        os.rename(self.log + ".1", self.log + ".2")
        os.rename(self.log, self.log + ".1")
        self.append(self.log, "INFO\n")
        exporter = self.start(*flags)
        expected[self.log]["info"] = 3
        self.assertEqual(exporter.lines(), {**expected, self.log + ".2": {}})

    def test_files_that_were_made_while_it_was_not_there(self):
        flags = [f"--file={self.path('*.log')}", f"--state.file={self.state}"]
        exporter = self.start(*flags)
        exporter.stop()
        self.append(self.log, "INFO\n")
        other = self.path("other")
        self.append(other, "INFO\n")
        exporter = self.start(*flags, f"--file={other}")
        self.assertEqual(exporter.lines(), {self.log: {"info": 1}, other: {}})

    def test_killed_again_and_again(self):
        pattern = self.path("*.log")
        names = [self.path(f"{number}.log") for number in range(3)]
        flags = f"--file={pattern}", f"--state.file={self.state}", "--poll.interval=1ms"
        exporter = self.start(*flags)
        written, stop, looks = collections.Counter(), threading.Event(), [0]

        def write():
            rotated = dict.fromkeys(names, 0)
            for turn in range(1, 1 << 30):
                for name in names:
                    self.append(name, "INFO x\n" * (turn % 7) + "INFO half")
                    self.append(name, "\n")
                    written[name] += turn % 7 + 1
                    if turn % 29 != 0:
                        continue
                    # No file comes and goes without having been seen: two scrapes have ended since, so one has begun.
                    while looks[0] < rotated[name] + 2 and not stop.wait(0.001):
                        pass
                    if stop.is_set():
                        return
                    os.rename(name, f"{name}.{turn}")
                    self.append(name, "")
                    rotated[name] = looks[0]
        writer = threading.Thread(target=write)
        writer.start()
        last = collections.Counter()
        try:
            for _ in range(12):
                for _ in range(5):
                    found = collections.Counter({name: counts.get("info", 0)
                                                 for name, counts in exporter.lines().items()})
                    for name in names:
                        self.assertGreaterEqual(found[name], last[name])
                    last = found
                    looks[0] += 1
                exporter.stop(signal.SIGKILL)
                exporter = self.start(*flags)
        finally:
            stop.set()
            writer.join()
        self.assertGreater(min(written.values()), 500)
        self.assertEqual(exporter.lines(), {name: {"info": count} for name, count in written.items()})

    def test_a_state_file_that_is_garbage(self):
        self.append(self.log, "INFO\n")
        for text, reason in (("garbage", "it is not a state of log_exporter"),
                             ("log_exporter state 1\nend 0\n", "it is cut short or was changed")):
            for start, expected in (("end", {}), ("beginning", {"info": 1})):
                with open(self.state, "w", encoding="utf-8") as file:
                    file.write(text)
                exporter = self.start(*self.flags(), f"--start={start}")
                self.assertIn(reason, exporter.messages())
                self.assertEqual(exporter.lines(), {self.log: expected})
                exporter.stop()
                exporter = self.start(*self.flags())
                self.assertNotIn("state file", exporter.messages())
                self.assertEqual(exporter.lines(), {self.log: expected})
                exporter.stop()

    def test_a_state_file_of_two(self):
        exporter = self.start(*self.flags())
        result = subprocess.run([program("log_exporter"), *self.flags(), "--web.listen-address=127.0.0.1:0"],
                                capture_output=True, text=True, timeout=DEADLINE)
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn(f"--state.file: {self.state} is another process'", result.stderr)
        self.restart_at(exporter, signal.SIGKILL)

    def test_a_state_file_that_cannot_be_written(self):
        path = self.path("no/state")
        result = subprocess.run([program("log_exporter"), f"--file={self.log}", f"--state.file={path}",
                                 "--web.listen-address=127.0.0.1:0"], capture_output=True, text=True, timeout=DEADLINE)
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn(f"{path}.tmp: No such file or directory", result.stderr)

        os.mkdir(self.path("no"))
        exporter = self.start(f"--file={self.log}", f"--state.file={path}")
        self.append(self.log, "INFO\n")
        self.assertEqual(exporter.scrape()["log_up"], "1")
        shutil.rmtree(self.path("no"))
        for turn in (1, 2, 3):
            self.append(self.log, "INFO\n")
            found = exporter.scrape()
            self.assertEqual(found[f'log_lines_total{{file="{self.log}",level="info"}}'], str(turn + 1))
            self.assertEqual((found["log_up"], found["log_state_write_failures_total"]), ("0", str(turn)))
        self.assertEqual(exporter.messages().count("The state file cannot be written"), 1)


class FilesTest(LogExporterTest):
    def test_files_come_and_go(self):
        self.append(self.log, "INFO old\n")
        exporter = self.start(f"--file={self.path('*.log')}", f"--file={self.path('sub/*/x.log')}", "--forget-after=0s")
        self.assertEqual(exporter.lines(), {self.log: {}})
        other = self.path("other.log")
        deep = self.path("sub/a/x.log")
        self.append(other, "INFO new\n")
        os.makedirs(os.path.dirname(deep))
        self.append(deep, "WARN\n")
        self.append(self.path("other.txt"), "INFO\n")
        self.assertEqual(exporter.lines(), {self.log: {}, other: {"info": 1}, deep: {"warn": 1}})
        os.unlink(other)
        self.assertEqual(exporter.lines(), {self.log: {}, deep: {"warn": 1}})
        self.append(other, "INFO again\n")
        self.assertEqual(exporter.lines(), {self.log: {}, other: {"info": 1}, deep: {"warn": 1}})

    def test_a_file_that_is_gone_keeps_its_series_for_a_while(self):
        exporter = self.start(f"--file={self.path('*.log')}")
        self.append(self.log, "INFO\n")
        self.assertEqual(exporter.lines(), {self.log: {"info": 1}})
        os.unlink(self.log)
        self.assertEqual(exporter.lines(), {self.log: {"info": 1}})
        found = exporter.scrape()
        self.assertEqual((found[f'log_file_up{{file="{self.log}"}}'], found["log_up"]), ("0", "0"))
        self.assertEqual(exporter.messages().count('reason="No such file or directory"'), 1)

    def test_what_cannot_be_read(self):
        folder, loop, shut, secret, pipe = map(self.path, ("folder.log", "loop.log", "shut", "secret.log", "pipe.log"))
        os.mkdir(folder)
        os.symlink(loop, loop)
        os.mkfifo(pipe)
        os.mkdir(shut)
        self.append(os.path.join(shut, "a.log"), "INFO\n")
        self.append(secret, "INFO\n")
        self.append(self.log, "INFO\n")
        os.chmod(self.folder, 0o755)
        os.chmod(shut, 0)
        os.chmod(secret, 0)
        patterns = folder, loop, os.path.join(shut, "*.log"), self.path("*.log"), self.path("nothing*"), pipe
        exporter = self.start(*(f"--file={pattern}" for pattern in patterns), **self.as_somebody())
        found = exporter.scrape()
        self.assertEqual({path: found[f'log_file_up{{file="{path}"}}'] for path in (folder, loop, secret, self.log, pipe)},
                         {folder: "0", loop: "0", secret: "0", self.log: "1", pipe: "0"})
        self.assertEqual([(found[f'log_matching_files{{glob="{pattern}"}}'], found[f'log_glob_up{{glob="{pattern}"}}'])
                          for pattern in patterns],
                         [("0", "1"), ("0", "1"), ("0", "0"), ("2", "1"), ("0", "1"), ("0", "1")])
        self.assertEqual(found["log_up"], "0")
        for path, reason in ((folder, "Is a directory"), (loop, "Too many levels of symbolic links"),
                             (secret, "Permission denied"), (pipe, "Not a regular file")):
            self.assertIn(f'msg="The file cannot be read" file={path} reason="{reason}"', exporter.messages())
        self.assertIn(f"{shut}: Permission denied", exporter.messages())
        self.assertIn(f'pattern={self.path("nothing*")} reason="It matches no file"', exporter.messages())
        # Once they can be read, they are.
        os.chmod(shut, 0o755)
        os.chmod(secret, 0o644)
        self.append(secret, "INFO\n")
        self.assertEqual(exporter.lines(), {folder: {}, loop: {}, pipe: {}, self.log: {}, secret: {},
                                            os.path.join(shut, "a.log"): {"info": 1}})
        self.append(secret, "INFO\n")
        self.assertEqual(exporter.lines()[secret], {"info": 1})

    def test_a_thousand_files(self):
        os.mkdir(self.path("many"))
        for number in range(1000):
            self.append(self.path(f"many/{number:03}.log"), "INFO\n")
        exporter = self.start(f"--file={self.path('many/*')}", "--start=beginning")
        found = exporter.lines()
        self.assertEqual(found, {self.path(f"many/{number:03}.log"): {"info": 1} for number in range(100)})
        values = exporter.scrape()
        self.assertEqual((values["log_followed_files"], values["log_left_out_files"], values["log_up"]),
                         ("100", "900", "0"))
        self.assertEqual(values[f'log_matching_files{{glob="{self.path("many/*")}"}}'], "1000")
        self.assertIn("left_out=900", exporter.messages())

        exporter = self.start(f"--file={self.path('many/*')}", "--start=beginning", "--max-files=800")
        self.assertEqual(sum(counts["info"] for counts in exporter.lines().values()), 800)

    def test_one_that_waited_for_room_is_begun_as_the_start_says(self):
        for name in "ab":
            self.append(self.path(name + ".log"), "INFO\n")
        exporter = self.start(f"--file={self.path('*.log')}", "--max-files=1", "--forget-after=0s")
        self.assertEqual(exporter.lines(), {self.path("a.log"): {}})
        os.unlink(self.path("a.log"))
        self.append(self.path("c.log"), "INFO\n")
        exporter.scrape()
        self.assertEqual(exporter.lines(), {self.path("b.log"): {}})
        os.unlink(self.path("b.log"))
        exporter.scrape()
        self.assertEqual(exporter.lines(), {self.path("c.log"): {"info": 1}})

    def test_excluded(self):
        for name in ("a.log", "b.gz", "b.log.1"):
            self.append(self.path(name), "INFO\n")
        exporter = self.start(f"--file={self.path('*')}", "--start=beginning")
        self.assertEqual(set(exporter.lines()), {self.path("a.log"), self.path("b.log.1")})
        exporter = self.start(f"--file={self.path('*')}", "--start=beginning", "--exclude=*.log.*", "--exclude=*/a*",
                              f"--file={self.log}")
        self.assertEqual(set(exporter.lines()), {self.path("b.gz"), self.log})

    def test_two_names_of_one_file(self):
        self.append(self.log, "")
        os.symlink(self.log, self.path("symbolic.log"))
        os.link(self.log, self.path("hard.log"))
        exporter = self.start(f"--file={self.path('*.log')}")
        self.append(self.log, "INFO\n")
        self.assertEqual(exporter.lines(), {self.path(name): {"info": 1}
                                            for name in ("app.log", "hard.log", "symbolic.log")})

    def test_it_looks_without_being_asked(self):
        marks = [self.path(f"mark{number}") for number in range(3)]
        exporter = self.start(f"--file={self.log}", *(f"--file={mark}" for mark in marks), "--poll.interval=1ms")
        for mark in marks:
            self.append(self.log, f"INFO {mark}\n")
            self.append(mark, "")
            poll_until(lambda: f'can be read again" file={mark}' in exporter.messages(), "a look")
            os.truncate(self.log, 0)
        self.assertEqual(exporter.lines()[self.log], {"info": 3})


class CommandLineTest(LogExporterTest):
    def test_wrong_flags(self):
        for arguments, named in (
                ([], "--file is required"),
                (["--file="], "--file: the path is empty"),
                (["--file=a", "--match=x=a(b"], '"x": "a(b", character 2: '),
                (["--file=a", r"--match=x=(a*)(a*)\1\2b"], "it refers back"),
                (["--file=a", "--match=x=((a{1,100}){1,100}){1,100}"], "it is too large"),
                (["--file=a", "--match=x"], '"x" is not NAME=REGEX'),
                (["--file=a", "--start=now"], "now not in {beginning,end}"),
                (["--file=a", "--max-files=0"], "--max-files: "),
                (["--file=a", "--poll.interval=soon"], '--poll.interval: "soon"'),
                (["--file=a", "--files=b"], "did you mean --file?")):
            with self.subTest(arguments):
                result = subprocess.run([program("log_exporter"), "--web.listen-address=127.0.0.1:0", *arguments],
                                        capture_output=True, text=True, timeout=DEADLINE)
                self.assertEqual((result.returncode, result.stdout), (2, ""))
                self.assertIn(named, result.stderr)

    def test_two_expressions_of_one_name(self):
        result = subprocess.run([program("log_exporter"), "--web.listen-address=127.0.0.1:0", "--file=a", "--match=a=x",
                                 "--match=a=y"], capture_output=True, text=True, timeout=DEADLINE)
        self.assertEqual((result.returncode, result.stdout), (2, ""))
        self.assertIn('--match: "a" is there twice', result.stderr)


if __name__ == "__main__":
    sys.exit(unittest.main())
