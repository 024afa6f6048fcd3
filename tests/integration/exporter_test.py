# promlite: a whole exporter of the kit, tests/integration/small_exporter.cpp, as operators meet it.
# SPDX-License-Identifier: MIT
# needs: promlite::exporter
# needs: promlite::gzip
import contextlib
import gzip
import http.client
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

from support.running_exporter import DEADLINE, Exporter, get, poll_until

PROGRAM = os.path.join(os.environ.get("PROMLITE_BUILD", ""), "tests", "small_exporter")

# `reader` with the password `secret`, as `htpasswd -nbBC 4 reader secret` writes it.
USERS = "basic_auth_users:\n  reader: $2y$04$vZzekMcPazPRMvFMjUeD/u6GzCrDcAekaicx2QQNq2Om60Tj2WSdi\n"

METRICS = """\
# HELP small_collector_duration_seconds Time that the collector took, or has been running when it took too long.
# TYPE small_collector_duration_seconds gauge
small_collector_duration_seconds{collector="queues"} N
# HELP small_collector_success Whether the collector succeeded: 0 when it failed, gave a part, or took too long.
# TYPE small_collector_success gauge
small_collector_success{collector="queues"} 1
# HELP small_exporter_build_info What is running.
# TYPE small_exporter_build_info gauge
small_exporter_build_info{branch="main",compiler="C",cxx_standard="S",revision="abc123",version="1.2.3"} 1
# HELP small_queue_length Jobs waiting.
# TYPE small_queue_length gauge
small_queue_length{queue="orders"} 3
# HELP small_reloads_total Reloads.
# TYPE small_reloads_total counter
small_reloads_total 0
"""
PROCESS = ["process_cpu_seconds_total", "process_max_fds", "process_network_receive_bytes_total",
           "process_network_transmit_bytes_total", "process_open_fds", "process_resident_memory_bytes",
           "process_start_time_seconds", "process_threads", "process_virtual_memory_bytes"]


def run(*arguments, **options):
    """(exit status, standard output, standard error) of a program that ends by itself."""
    done = subprocess.run([PROGRAM, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=DEADLINE,
                          **options)
    return done.returncode, done.stdout, done.stderr


def refusal(*arguments, **options):
    """What the last line of its log says of a program that could not serve."""
    status, output, errors = run("--web.listen-address=127.0.0.1:0", *arguments, **options)
    line = re.fullmatch(r"time=\S+ level=ERROR msg=(.*)", errors.splitlines()[-1])
    return status, output, line[1] if line else errors


class Manager:
    """The end of a service manager: a socket that is told how the program is."""

    def __init__(self, test, name):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        test.addCleanup(self.socket.close)
        self.socket.settimeout(DEADLINE)
        self.socket.bind(name.replace("@", "\0"))
        self.environment = {"NOTIFY_SOCKET": name}

    def next(self):
        return self.socket.recv(4096).decode()


class Command(unittest.TestCase):
    def test_help_and_version_are_on_standard_output(self):
        status, output, errors = run("--help")
        self.assertEqual((0, ""), (status, errors))
        flags = re.findall(r"^ +(?:-h, )?--(?:\[no-\])?([a-z.-]+)", output, flags=re.M)
        self.assertEqual(["queue.length", "queue.names", "queue.timeout", "queue.delay", "queue.hang", "queue.refuse", "queue.fail",
                          "collector.queues", "collector.idle", "web.listen-address", "web.telemetry-path",
                          "web.systemd-socket", "web.config.file", "web.live-page", "log.level", "help", "version"], flags)
        self.assertIn("\n  --queue.timeout=DURATION      How long it may take. (default: 500ms)\n", output)
        self.assertIn("\n  --[no-]collector.idle         Of no use. (default: off)\n", output)
        status, output, errors = run("--version")
        self.assertEqual((0, ""), (status, errors))
        self.assertRegex(output, r"\Asmall_exporter, version 1\.2\.3 \(compiler (gcc|clang) \d+\.\d+, C\+\+ \d\d\)\n\Z")

    def test_a_wrong_command_line_is_told_on_standard_error(self):
        for arguments, expected in (
                (["--web.listen-adress=:1"], "unknown flag --web.listen-adress; did you mean --web.listen-address?"),
                (["--no-collector.queue"], "unknown flag --no-collector.queue; did you mean --no-collector.queues?"),
                (["serve"], "unexpected argument serve; --help shows the flags"),
                (["--queue.length=x"], '--queue.length: "x" is not a whole number from -2147483648 to 2147483647'),
                (["--web.listen-address=9150"], '--web.listen-address: "9150": there is no port; write HOST:PORT, [IPV6]:PORT or unix:PATH'),
                (["--web.telemetry-path=metrics"], '--web.telemetry-path: "metrics" is not a path such as /metrics'),
                (["--log.level=loud"], '--log.level: "loud" is none of debug, info, warn and error')):
            with self.subTest(arguments=arguments):
                self.assertEqual((2, "", f"small_exporter: {expected}\n"), run(*arguments))


class Service(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.scratch = self.stack.enter_context(tempfile.TemporaryDirectory(prefix="promlite-exporter-"))

    def start(self, *flags, **options):
        exporter = Exporter(PROGRAM, *flags, **options)
        self.addCleanup(lambda: self.assertNotIn("Sanitizer", exporter.log()))
        self.stack.callback(exporter.close)
        return exporter

    def file(self, name, text):
        path = os.path.join(self.scratch, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def test_its_metrics(self):
        text = self.start().scrape()
        self.assertEqual(PROCESS, re.findall(r"^# TYPE (process_\w+)", text, flags=re.M))
        text = re.sub(r"^.*process_.*\n", "", text, flags=re.M)
        text = re.sub(r'(duration_seconds\{.*\}) \S+', r"\1 N", text)
        text = re.sub(r'compiler="(gcc|clang) \d+\.\d+",cxx_standard="\d\d"', 'compiler="C",cxx_standard="S"', text)
        self.assertEqual(METRICS, text)

    def test_flags_of_its_own_and_of_collectors(self):
        text = self.start("--queue.length", "7", "--queue.names=a", "--queue.names=b", "--collector.idle").scrape()
        samples = re.findall(r"^small_(?:queue|idle).*", text, flags=re.M)
        self.assertEqual(["small_idle 1", 'small_queue_length{queue="a"} 7', 'small_queue_length{queue="b"} 7'], samples)
        text = self.start("--no-collector.queues").scrape()
        self.assertEqual([], re.findall(r"^small_(?:queue|idle|collector).*", text, flags=re.M))

    def test_the_log_tells_a_life(self):
        exporter = self.start("--web.telemetry-path=/here")
        self.assertEqual(200, exporter.get("/here")[0])
        self.assertEqual(404, exporter.get("/metrics")[0])
        self.assertEqual(0, exporter.stop(signal.SIGINT))
        self.assertEqual(["level=INFO msg=Starting program=small_exporter version=1.2.3 revision=abc123 branch=main",
                          f"level=INFO msg=Listening address={exporter.address} path=/here",
                          "level=INFO msg=Ending signal=SIGINT"], exporter.lines())

    def test_a_quiet_log(self):
        manager = Manager(self, "@" + self.scratch)
        process = subprocess.Popen([PROGRAM, "--log.level=error"], stderr=subprocess.PIPE,
                                   env={**os.environ, **manager.environment})
        self.assertIn("READY=1", manager.next())
        process.terminate()
        self.assertEqual(b"", process.communicate(timeout=DEADLINE)[1])
        self.assertEqual(0, process.returncode)

    def test_several_addresses_at_once(self):
        path = os.path.join(self.scratch, "socket")
        exporter = self.start("--web.listen-address=127.0.0.1:0", "--web.listen-address", ":0",
                              f"--web.listen-address=unix:{path}", addresses=3)
        loopback, wildcard, local = exporter.addresses()
        self.assertRegex(loopback, r"\A127\.0\.0\.1:\d+\Z")
        self.assertRegex(wildcard, r"\A(\[::\]|0\.0\.0\.0):\d+\Z")
        self.assertEqual(f"unix:{path}", local)
        for address in (loopback, "127.0.0.1:" + wildcard.rsplit(":", 1)[1], local):
            self.assertIn("\nsmall_queue_length", get(address, "/metrics")[2])
        self.assertEqual(0, exporter.stop())
        self.assertFalse(os.path.exists(path))

    def test_scrapes_on_several_addresses_share_what_is_there(self):
        exporter = self.start("--web.listen-address=127.0.0.1:0", "--web.listen-address=127.0.0.1:0", "--queue.hang", addresses=2)
        answers = {}
        header = {"X-Prometheus-Scrape-Timeout-Seconds": "1"}
        threads = [threading.Thread(target=lambda at=address: answers.update({at: get(at, "/metrics", header)}))
                   for address in exporter.addresses()]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertLess(time.monotonic() - began, 10)
        for address in exporter.addresses():
            self.assertEqual(200, answers[address][0])
            self.assertIn('\nsmall_collector_success{collector="queues"} 0\n', answers[address][2])

    def test_a_scraper_gets_the_time_that_it_asks_for(self):
        exporter = self.start("--queue.hang")
        began = time.monotonic()
        text = exporter.scrape({"X-Prometheus-Scrape-Timeout-Seconds": "0.5"})
        self.assertLess(time.monotonic() - began, 0.5 + DEADLINE / 4)
        self.assertIn('\nsmall_collector_success{collector="queues"} 0\n', text)
        self.assertIn('level=WARN msg="Collector failed" collector=queues reason="it did not finish in time"', exporter.lines())

    def test_a_scraper_in_a_hurry_takes_nothing_from_others(self):
        exporter = self.start("--queue.delay=1500ms")
        hurried = threading.Thread(target=exporter.get, args=("/metrics", {"X-Prometheus-Scrape-Timeout-Seconds": "0.5"}))
        hurried.start()
        # Whether it comes before, joins the other scrape, or comes when the collector still runs for that.
        self.assertIn('small_queue_length{queue="orders"} 3', exporter.scrape())
        hurried.join()

    def test_it_ends_in_time_while_a_collector_hangs(self):
        for addresses in (1, 3):
            exporter = self.start("--queue.hang", *["--web.listen-address=127.0.0.1:0"] * addresses, addresses=addresses)
            clients = []
            for address in exporter.addresses():
                host, port = address.rsplit(":", 1)
                client = self.stack.enter_context(socket.create_connection((host, int(port)), DEADLINE))
                client.sendall(b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
                clients.append(client)
            # The collector's thread has the collector's name.
            tasks = pathlib.Path(f"/proc/{exporter.process.pid}/task")
            poll_until(lambda: any((task / "comm").read_text() == "queues\n" for task in tasks.iterdir()), "the collection")
            began = time.monotonic()
            self.assertEqual(0, exporter.stop())
            self.assertLess(time.monotonic() - began, 1)  # 0.2, but for a busy machine

    def test_its_metrics_are_compressed_for_those_who_ask(self):
        host, port = self.start().address.split(":")
        with contextlib.closing(http.client.HTTPConnection(host, int(port), timeout=DEADLINE)) as connection:
            connection.request("GET", "/metrics", headers={"Accept-Encoding": "gzip"})
            answer = connection.getresponse()
            self.assertEqual("gzip", answer.headers["Content-Encoding"])
            self.assertIn(b"\nsmall_reloads_total 0\n", gzip.decompress(answer.read()))

    def test_a_probe(self):
        exporter = self.start()
        status, _, text = exporter.get("/probe?target=a%2Fb")
        self.assertEqual((200, "# HELP probe_length Of the target's name.\n# TYPE probe_length gauge\nprobe_length 3\n"), (status, text))
        self.assertEqual(400, exporter.get("/probe")[0])
        self.assertEqual(500, exporter.get("/probe?target=nowhere")[0])
        self.assertEqual('level=ERROR msg="Probe failed" target=nowhere reason="there is no such place"', exporter.lines()[-1])
        # One that hangs neither holds up the others nor the end.
        hanging = threading.Thread(target=exporter.get, args=("/probe?target=a&hang=yes", {"X-Prometheus-Scrape-Timeout-Seconds": "0.2"}))
        hanging.start()
        self.assertEqual(200, exporter.get("/probe?target=a")[0])
        hanging.join()
        began = time.monotonic()
        self.assertEqual(0, exporter.stop())
        self.assertLess(time.monotonic() - began, 1)

    def test_a_socket_that_was_passed(self):
        listening = self.stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        address = "127.0.0.1:%d" % listening.getsockname()[1]
        command = ["sh", "-c", f'LISTEN_PID=$$ LISTEN_FDS=1 exec "{PROGRAM}" --web.systemd-socket --web.listen-address=127.0.0.1:1']

        def pass_socket():
            os.dup2(listening.fileno(), 3)
            os.set_inheritable(3, True)

        exporter = Exporter(command[0], *command[1:], preexec_fn=pass_socket, close_fds=False)
        self.stack.callback(exporter.close)
        self.assertEqual([address], exporter.addresses())
        self.assertIn("\nsmall_queue_length", get(address, "/metrics")[2])
        self.assertEqual(0, exporter.stop())

    def test_no_socket_was_passed(self):
        self.assertEqual((1, "", '"--web.systemd-socket: systemd has not passed a socket"'), refusal("--web.systemd-socket"))

    def test_the_service_manager_is_told(self):
        for name in (os.path.join(self.scratch, "notify"), "@" + self.scratch):
            manager = Manager(self, name)
            exporter = self.start(environment=manager.environment)
            self.assertEqual("READY=1\nSTATUS=Serving /metrics", manager.next())
            exporter.process.send_signal(signal.SIGHUP)
            self.assertRegex(manager.next(), r"\ARELOADING=1\nMONOTONIC_USEC=\d+\Z")
            self.assertEqual("READY=1\nSTATUS=Serving /metrics", manager.next())
            exporter.process.send_signal(signal.SIGTERM)
            self.assertEqual("STOPPING=1", manager.next())
            self.assertEqual(0, exporter.stop())

    def test_the_watchdog_is_fed(self):
        manager = Manager(self, "@" + self.scratch)
        config = self.file("web.yml", USERS)  # A server that asks for a password answers all the same.
        self.start(f"--web.config.file={config}", environment={**manager.environment, "WATCHDOG_USEC": "200000"})
        self.assertIn("READY=1", manager.next())
        self.assertEqual(["WATCHDOG=1"] * 3, [manager.next() for _ in range(3)])

    def test_sighup_reads_the_web_configuration_again(self):
        config = self.file("web.yml", "")
        exporter = self.start(f"--web.config.file={config}")
        self.assertEqual(200, exporter.get("/metrics")[0])

        def reload(text):
            count = exporter.log().count("eloaded")
            self.file("web.yml", text)
            exporter.process.send_signal(signal.SIGHUP)
            poll_until(lambda: exporter.log().count("eloaded") > count, "the reload")
            return exporter.lines()[-1]

        self.assertEqual("level=INFO msg=Reloaded", reload(USERS + "http_server_config: {headers: {X-Frame-Options: deny}}\n"))
        status, headers, _ = exporter.get("/metrics")
        self.assertEqual((401, "deny"), (status, headers["X-Frame-Options"]))
        right = {"Authorization": "Basic cmVhZGVyOnNlY3JldA=="}
        self.assertIn("\nsmall_reloads_total 1\n", exporter.scrape(right))
        self.assertEqual(f'level=ERROR msg="Not reloaded" reason="web configuration {config}:1: users: is not a known key '
                         '(basic_auth_users, http_server_config)"', reload("users: {}\n"))
        self.assertEqual(401, exporter.get("/metrics")[0])
        self.assertIn("\nsmall_reloads_total 1\n", exporter.scrape(right))
        self.assertEqual("level=INFO msg=Reloaded", reload(""))
        self.assertEqual(200, exporter.get("/metrics")[0])

    def test_a_reload_that_throws_is_logged(self):
        exporter = self.start("--queue.length=13")
        exporter.process.send_signal(signal.SIGHUP)
        poll_until(lambda: "eloaded" in exporter.log(), "the reload")
        self.assertEqual('level=ERROR msg="Not reloaded" reason="13 brings bad luck"', exporter.lines()[-1])
        self.assertIn("\nsmall_reloads_total 1\n", exporter.scrape())

    def test_what_prevents_serving_is_one_line(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = "127.0.0.1:%d" % taken.getsockname()[1]
            self.assertEqual((1, "", f'"cannot serve metrics on {address}: Address already in use"'),
                             refusal(f"--web.listen-address={address}"))
        missing = os.path.join(self.scratch, "missing.yml")
        self.assertEqual((1, "", f'"web configuration {missing}: No such file or directory"'), refusal(f"--web.config.file={missing}"))
        self.assertEqual((1, "", '"collector queues: there is no queue"'), refusal("--queue.refuse"))
        self.assertEqual((1, "", '"--queue.fail was given"'), refusal("--queue.fail"))
        self.assertEqual((1, "", '"--web.telemetry-path: /probe is where probes are"'), refusal("--web.telemetry-path=/probe"))
        # What is switched off is not made.
        self.assertEqual(0, self.start("--queue.refuse", "--no-collector.queues").stop())

    def test_closed_standard_streams_are_not_given_to_sockets(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = "127.0.0.1:%d" % free.getsockname()[1]
        command = ["sh", "-c", 'exec "$0" "$@" <&- >&- 2>&-', PROGRAM, "--web.listen-address=" + address]
        process = subprocess.Popen(command)
        self.stack.callback(process.wait)
        self.stack.callback(process.kill)
        def answers():
            with contextlib.suppress(OSError):
                return get(address, "/-/healthy")[0] == 200
        poll_until(answers, "the exporter's start")
        self.assertEqual(["/dev/null"] * 3, [os.readlink(f"/proc/{process.pid}/fd/{each}") for each in range(3)])

    def test_a_log_whose_reader_has_gone_ends_nothing(self):
        reader, writer = os.pipe()
        process = subprocess.Popen([PROGRAM], stderr=writer)
        self.stack.callback(process.wait)
        self.stack.callback(process.kill)
        os.close(writer)
        with open(reader, encoding="utf-8") as log:
            address = next(found[1] for line in log if (found := re.search(r"msg=Listening address=(\S+)", line)))
        process.send_signal(signal.SIGHUP)
        poll_until(lambda: "small_reloads_total 1\n" in get(address, "/metrics")[2], "the reload")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(0, process.wait(DEADLINE))

    def test_a_log_whose_reader_stands_still_does_not_keep_it_from_ending(self):
        reader, writer = os.pipe()
        self.stack.callback(os.close, reader)
        process = subprocess.Popen([PROGRAM], stderr=writer)
        self.stack.callback(process.wait)
        self.stack.callback(process.kill)
        read = b""
        while b"msg=Listening" not in read:
            read += os.read(reader, 4096)
        os.set_blocking(writer, False)  # for the exporter too: the file is the same
        for size in (4096, 1):
            with contextlib.suppress(BlockingIOError):
                while os.write(writer, b"x" * size):
                    pass
        os.set_blocking(writer, True)
        os.close(writer)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(0, process.wait(DEADLINE))

    def test_the_page(self):
        page = self.start().get("/")[2]
        self.assertIn("<title>small_exporter</title>", page)
        self.assertIn("<script>", page)
        page = self.start("--no-web.live-page", "--web.telemetry-path=/here").get("/")[2]
        self.assertIn("<title>small_exporter</title>", page)
        self.assertIn('<a href="/here">', page)
        self.assertNotIn("<script>", page)


if __name__ == "__main__":
    unittest.main()
