# promlite: examples/mysql_exporter against real MariaDB servers, and against servers that only pretend.
# SPDX-License-Identifier: MIT
# needs: mysql_exporter
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from support.exporter import Exporter, parse, program
from support.mariadb import GREETING, Mariadb, column, log_in, packet
from support.memcached import DEADLINE, FakeServer, poll_until
from support.operations import check_operations

FOLDER = pathlib.Path(__file__).resolve().parent.parent.parent / "examples" / "mysql_exporter"
README = (FOLDER / "README.md").read_text(encoding="utf-8")
PASSWORD = "a long password"
COLLECTORS = ("status", "variables", "innodb", "replication")
OWN = re.compile(r"process_|promlite_|scrape_|mysql_exporter_build_info|mysql_collector_")

# Rows of the README's tables: metric, its labels, type, and where they say so the server's names of its values.
ROWS = re.findall(r"^\| `(mysql_\w+)(?:\{([\w,]+)\})?` \| (\w+) \|(?: `([\w*]+)` \|)?", README, flags=re.M)
# What the exporter's own connections change, or the time that passes.
RESTLESS = {"Uptime", "Threads_connected", "Threads_running", "Threads_cached", "Max_used_connections", "Open_tables",
            "Open_table_definitions", "Open_files"}


def scale(key, text):
    """A value as the metric has it."""
    if text in ("ON", "OFF"):
        return float(text == "ON")
    return float(text) / 1000 if key == "Innodb_row_lock_time" else float(text)


def without_own(values):
    return {series: value for series, value in values.items() if not OWN.match(series)}


class MysqlTest(unittest.TestCase):
    maxDiff = None

    def folder(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        return folder.name

    def my_cnf(self, user="mysql_exporter", password=PASSWORD):
        path = os.path.join(self.folder(), "my.cnf")
        pathlib.Path(path).write_text(f'[client]\nuser={user}\npassword="{password}"\n'
                                      "host=example.invalid\nport=1\nsocket=/nonexistent\n", encoding="utf-8")
        return path

    def start(self, address, *flags, my_cnf=None, **environment):
        exporter = Exporter("mysql_exporter", f"--mysql.address={address}", f"--config.my-cnf={my_cnf or self.my_cnf()}",
                            *flags, env={**os.environ, **environment})
        self.addCleanup(exporter.errors.close)
        self.addCleanup(lambda: self.assertNotRegex(exporter.messages(), "Sanitizer|" + PASSWORD))
        self.addCleanup(exporter.stop)
        return exporter

    def fake(self, talk):
        server = FakeServer(talk)
        self.addCleanup(server.stop)
        return server

    def scrape_within_a_second(self, exporter):
        def scrape():
            start = time.monotonic()
            status, text = exporter.request("/metrics", {"X-Prometheus-Scrape-Timeout-Seconds": "1"})
            self.assertLess(time.monotonic() - start, 3)  # more than a busy machine needs, less than a server that hangs
            return parse(text) if status == 200 else None  # 503: too late to be of use
        return poll_until(scrape, "a scrape in time")

    def assert_down(self, exporter, reason, reasons=1):
        """mysql_up 0 and no other value of the server, about when the scrape's time is over, and said once for a reason."""
        def down():
            values = self.scrape_within_a_second(exporter)
            self.assertEqual({name: values[f'mysql_collector_success{{collector="{name}"}}'] for name in COLLECTORS},
                             dict.fromkeys(COLLECTORS, "0"))
            self.assertEqual(set(without_own(values).items()) - {("mysql_up", "0")}, set())
            return "mysql_up" in values
        for _ in range(2):
            poll_until(down, "mysql_up")
        lines = [line for line in exporter.messages().splitlines() if "collector=status" in line]
        told = [line for line in lines if "did not finish in time" not in line]
        self.assertRegex(told[0], reason)
        if told == lines:
            self.assertLessEqual(len(told), reasons, exporter.messages())

class RealServerTest(MysqlTest):
    @classmethod
    def setUpClass(cls):
        cls.server = Mariadb("--server-id=1", "--log-bin", "--long-query-time=12.5")
        cls.addClassCleanup(cls.server.remove)
        for statements in re.findall(r"```sql\n(.*?)```", README, flags=re.S):
            cls.server.run(statements)
        cls.server.run("CREATE DATABASE shop; CREATE TABLE shop.item (id INT PRIMARY KEY, n INT, KEY (n)) ENGINE=InnoDB;"
                       "INSERT INTO shop.item VALUES (1, 0), (2, 0), (3, 0)")

    def test_every_value(self):
        exporter = self.start(self.server.address)
        before = {**self.server.status(), **self.server.status("VARIABLES")}
        text = exporter.scrape_text()
        after = {**self.server.status(), **self.server.status("VARIABLES")}
        found = parse(text)
        types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, flags=re.M))
        expected = {"mysql_up": "1"}
        for metric, label, kind, key in ROWS:
            if not key or metric.startswith("mysql_replica_"):
                continue
            self.assertEqual(types.get(metric), kind, metric)
            if label:  # the server's name ends with the label's value
                start = key.rstrip("*")
                series = {one: start + re.search(r'"(\w+)"', one)[1] for one in found if one.startswith(metric + "{")}
                self.assertGreater(len(series), 2, metric)
            else:
                series = {metric: key}
            for one, name in series.items():
                expected[one] = found.get(one)
                low, high = scale(name, before[name]), scale(name, after[name])
                if kind == "gauge" and (name in RESTLESS or low != high):
                    continue
                self.assertTrue(low <= float(found[one]) <= high, f"{one}: {low} <= {found[one]} <= {high}")
        version = self.server.run("SELECT CONCAT(@@version, '|', @@version_comment)").strip().split("|")
        expected[f'mysql_version_info{{comment="{version[1]}",version="{version[0]}"}}'] = "1"
        self.assertEqual(without_own(found), expected)
        for collector in COLLECTORS:
            self.assertEqual(found[f'mysql_collector_success{{collector="{collector}"}}'], "1")
        check = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=DEADLINE)
        self.assertEqual((check.returncode, check.stdout + check.stderr), (0, ""))

    def test_statements_are_counted(self):
        exporter = self.start(self.server.address)
        before = exporter.scrape()
        self.server.run("USE shop; BEGIN; INSERT INTO item VALUES (11, 1); INSERT INTO item VALUES (12, 1), (13, 1);"
                        "UPDATE item SET n = 2 WHERE id > 10; COMMIT; BEGIN; DELETE FROM item WHERE id = 11; ROLLBACK;"
                        "REPLACE INTO item VALUES (12, 5); TRUNCATE item; CREATE TABLE other (a INT); DROP TABLE other;"
                        "INSERT INTO item VALUES (1, 0), (2, 0), (3, 0); "
                        # The first of these is slow itself: it is over when nothing may take any time.
                        "SET long_query_time = 0; SELECT SLEEP(0.01); DO SLEEP(0.01); SET long_query_time = 10; SELECT 1")
        after = exporter.scrape()
        def more(series):
            return int(after[series]) - int(before[series])
        self.assertEqual({command: more(f'mysql_commands_total{{command="{command}"}}') for command in
                          ("begin", "insert", "update", "delete", "replace", "commit", "rollback", "truncate", "create_table",
                           "drop_table", "insert_select")},
                         {"begin": 2, "insert": 3, "update": 1, "delete": 1, "replace": 1, "commit": 1, "rollback": 1,
                          "truncate": 1, "create_table": 1, "drop_table": 1, "insert_select": 0})
        self.assertEqual(more("mysql_slow_queries_total"), 3)
        # The client's and that of the second look; the other collectors' come when they do.
        self.assertGreaterEqual(more("mysql_connections_total"), 2)
        self.assertEqual(after["mysql_long_query_time_seconds"], "12.5")

    def test_locks(self):
        exporter = self.start(self.server.address)
        before = exporter.scrape()
        one, other = self.server.client(), self.server.client()
        self.addCleanup(one.stop)
        self.addCleanup(other.stop)
        for client in (one, other):
            client.run("USE shop")
            client.run("BEGIN")
        one.run("UPDATE item SET n = 1 WHERE id = 1")
        other.run("UPDATE item SET n = 2 WHERE id = 2")
        one.begin("UPDATE item SET n = 1 WHERE id = 2")
        poll_until(lambda: exporter.scrape()["mysql_innodb_row_lock_current_waits"] == "1", "a wait for a lock")
        other.run("UPDATE item SET n = 2 WHERE id = 1")  # a deadlock: one of the two is rolled back
        one.run("COMMIT")
        other.run("COMMIT")
        after = exporter.scrape()
        for metric in ("mysql_innodb_deadlocks_total", "mysql_innodb_row_lock_current_waits"):
            self.assertEqual((metric, after[metric]), (metric, str(int(before[metric]) + int("dead" in metric))))
        self.assertGreater(int(after["mysql_innodb_row_lock_waits_total"]), int(before["mysql_innodb_row_lock_waits_total"]))
        self.assertEqual(float(after["mysql_innodb_row_lock_time_seconds_total"]),
                         int(self.server.status()["Innodb_row_lock_time"]) / 1000)

    def test_it_leaves_nothing_behind(self):
        exporter = self.start(self.server.path, "--no-collector.replication", "--no-collector.innodb")
        before = self.server.status()
        for _ in range(10):
            self.assertEqual(exporter.scrape()["mysql_up"], "1")
        count = "SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'mysql_exporter'"
        poll_until(lambda: self.server.run(count) == "0\n", "the end of the exporter's connections")
        after = self.server.status()
        self.assertEqual(after["Aborted_clients"], before["Aborted_clients"])
        self.assertEqual(int(after["Com_show_variables"]) - int(before["Com_show_variables"]), 10)
        self.assertEqual(int(after["Com_show_slave_status"]), int(before["Com_show_slave_status"]))

    def test_sizes_of_schemas(self):
        names = ["mysql_schema_data_bytes", "mysql_schema_index_bytes", "mysql_schema_tables"]
        self.assertEqual([one for one in self.start(self.server.address).scrape() if "schema" in one], [])
        found = self.start(self.server.address, "--collector.schema_size").scrape()
        self.assertEqual(sorted(one for one in without_own(found) if "schema" in one),
                         [f'{name}{{schema="shop"}}' for name in names])
        self.assertEqual("\t".join(found[f'{name}{{schema="shop"}}'] for name in names) + "\n",
                         self.server.run("SELECT SUM(data_length), SUM(index_length), COUNT(*) FROM information_schema.tables"
                                         " WHERE table_schema = 'shop'"))
        self.assertEqual(found['mysql_collector_success{collector="schema_size"}'], "1")

    def test_a_user_without_rights(self):
        self.server.run("CREATE USER 'nobody'@'localhost' IDENTIFIED BY 'secret'")
        exporter = self.start(self.server.address, my_cnf=self.my_cnf("nobody", "secret"))
        found = exporter.scrape()
        self.assertEqual(found["mysql_up"], "1")
        self.assertEqual({name: found[f'mysql_collector_success{{collector="{name}"}}'] for name in COLLECTORS},
                         {"status": "1", "variables": "1", "innodb": "1", "replication": "0"})
        self.assertIn("SLAVE MONITOR", exporter.messages())
        with self.assertRaisesRegex(AssertionError, "denied"):
            self.server.run("SELECT * FROM shop.item", "mysql_exporter", PASSWORD)

    def test_passwords(self):
        my_cnf = self.my_cnf(password="wrong")
        exporter = self.start(self.server.address, my_cnf=my_cnf)
        self.assert_down(exporter, "Access denied for user 'mysql_exporter'")
        os.rename(self.my_cnf(), my_cnf)  # no restart
        self.assertEqual(exporter.scrape()["mysql_up"], "1")
        self.assert_down(self.start(self.server.address, my_cnf=self.my_cnf(password=""), MYSQL_PWD=PASSWORD),
                         r"Access denied for user 'mysql_exporter'@'localhost' \(using password: NO\)")
        os.remove(my_cnf)
        self.assertEqual(without_own(exporter.scrape()), {"mysql_up": "0"})
        self.assertIn(f"cannot read {my_cnf}: No such file", exporter.messages())
        self.assertNotIn(PASSWORD, str(exporter.scrape_text()))

    def test_a_way_to_log_in_that_must_be_loaded(self):
        self.server.run("INSTALL SONAME 'auth_ed25519'; CREATE USER 'modern'@'localhost' IDENTIFIED VIA ed25519 USING "
                        "PASSWORD('secret'); GRANT SLAVE MONITOR ON *.* TO 'modern'@'localhost'")
        for _ in range(5):  # all collectors need it for the first time, at once
            found = self.start(self.server.address, my_cnf=self.my_cnf("modern", "secret")).scrape()
            self.assertEqual([found[f'mysql_collector_success{{collector="{name}"}}'] for name in COLLECTORS], ["1"] * 4)

    def test_the_server_goes_and_comes_back(self):
        exporter = self.start(self.server.address)
        self.assertEqual(exporter.scrape()["mysql_up"], "1")
        self.server.stop()
        self.assert_down(exporter, r"Can't connect to server on '127\.0\.0\.1' \(111\)")
        self.server.start()
        self.assertEqual(exporter.scrape()["mysql_up"], "1")

    def test_a_replica(self):
        self.server.run("CREATE USER 'replica'@'localhost' IDENTIFIED BY 'r';"
                        "GRANT REPLICATION SLAVE ON *.* TO 'replica'@'localhost'")
        file, position = self.server.run("SHOW MASTER STATUS").split("\t")[:2]
        replica = Mariadb("--server-id=2", "--read-only")
        self.addCleanup(replica.remove)
        replica.run(README.split("```sql\n")[1].split("```")[0])
        exporter = self.start(replica.address)
        def channel():
            return {series[len("mysql_replica_"):]: value for series, value in exporter.scrape().items()
                    if series.startswith("mysql_replica_")}
        self.assertEqual(channel(), {})
        replica.run(f"CHANGE MASTER 'east' TO master_host='127.0.0.1', master_port={self.server.port}, master_user='replica',"
                    f"master_password='r', master_log_file='{file}', master_log_pos={position}, master_ssl=0; START ALL SLAVES")
        healthy = {'delay_seconds{channel="east"}': "0", 'io_error_code{channel="east"}': "0",
                   'io_running{channel="east"}': "1", 'lag_seconds{channel="east"}': "0",
                   'sql_error_code{channel="east"}': "0", 'sql_running{channel="east"}': "1"}
        def healthy_channel():
            found = channel()
            found.pop('relay_log_bytes{channel="east"}', None)
            return found == healthy
        poll_until(healthy_channel, "a running replica")
        check_operations(self, "mysql_exporter", exporter.scrape_text())
        self.assertEqual(exporter.scrape()["mysql_read_only"], "1")
        self.assertEqual(self.start(self.server.address).scrape()["mysql_connected_replicas"], "1")
        # What the source writes next cannot be applied: the replica began after the schema was made.
        self.server.run("INSERT INTO shop.item VALUES (100, 0)")
        def broken_channel():
            found = channel()
            return found if found.get('sql_running{channel="east"}') == "0" else None
        broken = poll_until(broken_channel, "an error of the replica")
        self.assertEqual((broken['sql_error_code{channel="east"}'], broken['io_running{channel="east"}']), ("1146", "1"))
        self.assertNotIn('lag_seconds{channel="east"}', broken)


class FakeServerTest(MysqlTest):
    def test_it_says_nothing(self):
        self.assert_down(self.start(self.fake(lambda server, _: server.stopping.wait(DEADLINE)).address),
                         "the timeout has passed")

    def test_it_talks_nonsense(self):
        def http(_, connection):
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 3)
        self.assert_down(self.start(self.fake(http).address), "cannot connect")
        self.assert_down(self.start(self.fake(lambda *_: None).address), "cannot connect")

        for seed in range(5):
            with self.subTest(seed=seed):
                noise = random.Random(seed).randbytes(65536)

                def babble(_, connection, noise=noise):
                    while True:
                        connection.sendall(noise)
                self.assert_down(self.start(self.fake(babble).address), "cannot connect")

    def test_its_message_is_not_text(self):
        def talk(_, connection):
            connection.sendall(packet(0, b"\xff\x15\x04#28000no\nlevel=info \x1b[31m\xff\0"))
        exporter = self.start(self.fake(talk).address)
        self.assert_down(exporter, r"cannot connect: no\?level=info \?\[31m\?")

    def test_it_dribbles(self):
        def talk(server, connection):
            for byte in packet(0, GREETING + bytes(5000)):
                connection.sendall(bytes([byte]))
                if server.stopping.wait(0.02):
                    return
        self.assert_down(self.start(self.fake(talk).address), "the timeout has passed")

    def test_it_hangs_after_the_login(self):
        def talk(server, connection):
            log_in(connection)
            server.stopping.wait(DEADLINE)
        self.assert_down(self.start(self.fake(talk).address), "the timeout has passed")

    def test_it_answers_without_end(self):
        def talk(_, connection):
            log_in(connection)
            connection.recv(4096)
            connection.sendall(packet(1, b"\2") + packet(2, column(b"a")) + packet(3, column(b"b")) + packet(4, b"\xfe\0\0\2\0"))
            number = 5
            while True:
                connection.sendall(packet(number % 256, b"\1a\xfd" + (100000).to_bytes(3, "little") + b"x" * 100000))
                number += 1
        self.assert_down(self.start(self.fake(talk).address), "the answer is longer than 16 MiB|the timeout has passed", 2)

    def test_it_describes_columns_without_end(self):
        enough = threading.Event()

        def talk(_, connection):
            columns = b"".join(packet((2 + number) % 256, column(b"a")) for number in range(256))
            if not enough.is_set():
                log_in(connection)
                connection.recv(4096)
                connection.sendall(packet(1, b"\xfd\xff\xff\x00"))
                while True:
                    connection.sendall(columns)
        exporter = self.start(self.fake(talk).address)
        found = self.scrape_within_a_second(exporter)
        self.assertEqual([found[f'mysql_collector_success{{collector="{name}"}}'] for name in COLLECTORS], ["0"] * 4)
        enough.set()  # the collector has not been caught in it
        poll_until(lambda: self.scrape_within_a_second(exporter).get("mysql_up") == "0", "an answer of the collector")
        self.assertIn("the server ended the connection", exporter.messages())

    def test_it_wants_the_password(self):
        got = []

        def talk(_, connection):
            connection.sendall(packet(0, GREETING))
            connection.recv(4096)
            connection.sendall(packet(2, b"\xfemysql_clear_password\0"))
            got.append(connection.recv(4096))
        self.assert_down(self.start(self.fake(talk).address), "a way to log in that is not allowed")
        self.assertEqual(set(got), {b""})


class CommandLineTest(unittest.TestCase):
    def run_exporter(self, *arguments):
        done = subprocess.run([program("mysql_exporter"), "--web.listen-address=127.0.0.1:0", *arguments], capture_output=True,
                              text=True, timeout=DEADLINE, check=False)
        return done.returncode, done.stdout, done.stderr

    def test_help(self):
        code, out, _ = self.run_exporter("--help")
        self.assertEqual(code, 0)
        for flag in re.findall(r"^\| `--(\[no-\])?([\w.-]+)` \|", README, flags=re.M):
            self.assertIn(flag[1], out)

    def test_wrong_values(self):
        for arguments, named in ((["--mysql.address=localhost:http"], "localhost:http"),
                                 (["--mysql.address="], "the host is missing"),
                                 (["--config.my-cnf=/nonexistent"], "cannot read /nonexistent: No such file or directory")):
            with self.subTest(arguments):
                code, _, errors = self.run_exporter(*arguments)
                self.assertEqual(code, 1)
                self.assertIn(named, errors)


if __name__ == "__main__":
    sys.exit(unittest.main())
