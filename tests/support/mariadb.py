# promlite: MariaDB for tests: a server on data of its own, a client of it, and what one that only pretends says.
# SPDX-License-Identifier: MIT
import contextlib
import os
import shutil
import socket
import subprocess
import tempfile

from support.memcached import DEADLINE, end, free_port, poll_until


class Client:
    """Debian's mariadb-client, told one statement after the other."""

    def __init__(self, server):
        self.process = subprocess.Popen(["mariadb", "--no-defaults", f"--socket={server.path}", "--user=root", "--batch", "--force",
                                         "--unbuffered", "--skip-column-names", "--raw"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, bufsize=1)

    def begin(self, statement):
        """Does not wait for its end, nor care for its errors."""
        self.process.stdin.write(statement + ";\n")

    def run(self, statement):
        self.begin(statement)
        self.begin("SELECT 'done'")
        while self.process.stdout.readline() not in ("done\n", ""):
            pass

    def stop(self):
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        end(self.process)
        self.process.stdout.close()


class Mariadb:
    """Debian's mariadb-server on a fresh data folder. Its root user has no password and comes by the Unix socket."""

    def __init__(self, *arguments):
        self.scratch = tempfile.TemporaryDirectory(prefix="promlite-mariadb-")
        self.arguments = arguments
        self.process = None
        self.data = os.path.join(self.scratch.name, "data")
        self.path = os.path.join(self.scratch.name, "mariadb.sock")
        user = ["--user=root"] if os.getuid() == 0 else []
        # Small, and as nobody needs the data after a crash, without waiting for the disk: a fourth of the time.
        small = ["--innodb-buffer-pool-size=8M", "--innodb-log-file-size=4M", "--aria-pagecache-buffer-size=1M",
                 "--key-buffer-size=1M", "--innodb-flush-method=nosync", "--debug-no-sync", "--sync-frm=0"]
        try:
            subprocess.run(["mariadb-install-db", "--no-defaults", f"--datadir={self.data}", *user, *small,
                            "--auth-root-authentication-method=normal", "--skip-test-db"],
                           stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True, timeout=3 * DEADLINE)
            self.options = [*user, *small, f"--datadir={self.data}", f"--socket={self.path}",
                            f"--pid-file={self.scratch.name}/mariadb.pid", f"--log-error={self.scratch.name}/mariadb.log",
                            "--bind-address=127.0.0.1"]
            self.port = None
            self.start()
        except BaseException:
            self.remove()
            raise

    def start(self):
        """On the port that it had, if it had one."""
        server = shutil.which("mariadbd", path=os.environ.get("PATH", "") + ":/usr/sbin")
        for _ in range(5):  # somebody else may take the port first
            port = self.port or free_port()
            self.process = subprocess.Popen([server, "--no-defaults", *self.options, f"--port={port}", *self.arguments],
                                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if poll_until(lambda: self.answers() or self.process.poll() is not None, "MariaDB's start") \
                    and self.process.poll() is None:
                self.port = port
                return
        with open(f"{self.scratch.name}/mariadb.log", encoding="utf-8") as log:
            raise AssertionError("MariaDB does not start: " + log.read()[-2000:])

    def answers(self):
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
            client.connect(self.path)
            return True
        return False

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def run(self, statements, user="root", password=""):
        """What the statements answer: a row a line, tabs between. Every call is a connection of its own."""
        done = subprocess.run(["mariadb", "--no-defaults", f"--socket={self.path}", f"--user={user}", "--batch",
                               "--skip-column-names", "--raw"], input=statements, capture_output=True, text=True,
                              timeout=DEADLINE, env={**os.environ, "MYSQL_PWD": password}, check=False)
        if done.returncode != 0:
            raise AssertionError(f"{statements}: {done.stderr}")
        return done.stdout

    def status(self, what="STATUS"):
        """SHOW GLOBAL STATUS, or VARIABLES."""
        return dict(line.split("\t", 1) for line in self.run(f"SHOW GLOBAL {what}").splitlines())

    def client(self):
        """A connection that stays."""
        return Client(self)

    def stop(self):
        if self.process is not None:
            end(self.process)

    def remove(self):
        self.stop()
        self.scratch.cleanup()


# For a server that only pretends: what it says first, and the packets after that.
GREETING = (b"\x0a10.11.1-MariaDB\0" b"\1\0\0\0" b"abcdefgh\0" b"\xff\xf7" b"\x21" b"\2\0" b"\x0f\x80" b"\x15" + bytes(10) +
            b"ijklmnopqrst\0" b"mysql_native_password\0")


def packet(number, body):
    return len(body).to_bytes(3, "little") + bytes([number]) + body


def column(name):
    return b"\3def\0\0\0" + bytes([len(name)]) + name + b"\0\x0c\x21\0\xff\0\0\0\xfd\0\0\0\0\0"


def log_in(connection):
    """Lets whoever comes in."""
    connection.sendall(packet(0, GREETING))
    connection.recv(4096)
    connection.sendall(packet(2, b"\0\0\0\2\0\0\0"))
