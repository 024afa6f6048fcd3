# promlite: web configurations: what htpasswd writes lets in whom it should, and promtool takes every file that we take.
# SPDX-License-Identifier: MIT
"""Needs htpasswd (Debian: apache2-utils) and promtool (Debian: prometheus). What is not installed is skipped."""
# needs: promlite::exporter
import base64
import http.client
import os
import re
import shutil
import subprocess
import tempfile
import unittest

DEADLINE = 20
HASH = "$2y$04$TLpZ7S1cYrIgRvT0oRoRreoGXzHuoSKyOFxcTI7Nv53MGKZ7TTQUu"

# Files that both take.
TAKEN = [
    "", "# nothing\n", "---\n", "~", "basic_auth_users:", "basic_auth_users: {}", "http_server_config:",
    f"basic_auth_users: {{reader: {HASH}}}", f"basic_auth_users: {{reader: '{HASH}'}}",
    f"basic_auth_users: {{reader: $2a{HASH[3:]}, other: $2b{HASH[3:]}}}",
    f"basic_auth_users: {{reader: &hash {HASH}, other: *hash}}",
    "http_server_config: {http2: true}", "http_server_config: {http2: no}", "http_server_config: {headers: }",
    "http_server_config: {headers: {X-Frame-Options: deny, X-Content-Type-Options: nosniff, X-XSS-Protection: 0,"
    " Strict-Transport-Security: max-age=1, Content-Security-Policy: default-src 'self'}}",
]
# Files that neither takes.
REFUSED = [
    "a", "- a", "[", "a: b: c", "basic_auth: {}", "http_server_config: {http3: true}", "basic_auth_users: [a]",
    "basic_auth_users: {reader: secret}", "basic_auth_users: {reader: ''}", "basic_auth_users: {reader: }",
    f"basic_auth_users: {{reader: [{HASH}]}}", f"basic_auth_users: {{reader: {HASH[:58]}}}",
    f"basic_auth_users: {{reader: $2y$32{HASH[6:]}}}", f"basic_auth_users: {{reader: $2y$03{HASH[6:]}}}",
    f"basic_auth_users: {{reader: $3y{HASH[3:]}}}",
    f"basic_auth_users: {{a: {HASH}, a: {HASH}}}", "basic_auth_users: \nbasic_auth_users: ",
    "http_server_config: {http2: maybe}", "http_server_config: {http2: 'true'}",
    "http_server_config: {headers: {X-Frame-Options: allow}}", "http_server_config: {headers: {x-frame-options: deny}}",
    "http_server_config: {headers: {X-Content-Type-Options: sniff}}", "http_server_config: {headers: {X-Powered-By: tea}}",
    "http_server_config: {headers: [X-Frame-Options]}",
]
# Files that promtool takes and we do not, and why.
STRICTER = {
    "tls_server_config: {}": "TLS is not spoken",
    f"basic_auth_users: {{'a:b': {HASH}}}": "nobody can send a user with a colon",
    f"basic_auth_users: {{reader: $2x{HASH[3:]}}}": "hashes of a broken program",
    f"basic_auth_users: {{reader: {HASH[:50]}=========}}": "not bcrypt's base64",
    f"basic_auth_users: {{reader: {HASH[:59]}}}": "a digit is missing",
    "http_server_config: {headers: {X-XSS-Protection: \"0\\r\\nSet-Cookie: a\"}}": "ends the header",
    "http_server_config: {headers: {X-XSS-Protection: ''}}": "says nothing",
    "---\n---\ntls_server_config: {cert_file: a}\n": "the second document would be passed over",
}


class Served:
    """The program of this folder."""

    def __init__(self):
        path = os.path.join(os.environ.get("PROMLITE_BUILD", ""), "tests", "web_config_server")
        self.folder = tempfile.TemporaryDirectory()
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().strip()

    def stop(self):
        self.process.stdin.close()
        self.process.wait(DEADLINE)
        self.process.stdout.close()
        self.folder.cleanup()

    def file(self, text):
        path = os.path.join(self.folder.name, f"{len(os.listdir(self.folder.name))}.yml")
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        return path

    def configure(self, path):
        self.process.stdin.write(path + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def request(self, user=None, password=None, path="/metrics"):
        """(status, headers, body)"""
        connection = http.client.HTTPConnection(self.address, timeout=DEADLINE)
        headers = {}
        if user is not None:
            headers["Authorization"] = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        body = response.read().decode()
        connection.close()
        return response.status, dict(response.getheaders()), body


class WebConfigTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.served = Served()

    @classmethod
    def tearDownClass(cls):
        cls.served.stop()

    @unittest.skipUnless(shutil.which("htpasswd"), "htpasswd is not installed")
    def test_passwords_of_htpasswd(self):
        passwords = {"alice": "correct horse", "bob": "a:b:c", "carol": "", "dan": "\u00e9\u20ac\U0001f511", "eve": "x" * 72}
        lines = []
        for number, (user, password) in enumerate(passwords.items()):
            written = subprocess.run(["htpasswd", "-nbBC", str(4 + number), user, password], capture_output=True, text=True,
                                     check=True).stdout.strip()
            name, _, written_hash = written.partition(":")
            self.assertEqual(name, user)
            lines.append(f"  {user}: {written_hash}\n")
        self.assertEqual(self.served.configure(self.served.file("basic_auth_users:\n" + "".join(lines))), "ok")
        for user, password in passwords.items():
            for _ in range(2):  # compared, then known
                self.assertEqual(self.served.request(user, password)[::2], (200, "# TYPE up gauge\nup 1\n"), user)
            for other in ("wrong", *(each for each in passwords.values() if each != password)):
                status, headers, body = self.served.request(user, other)
                self.assertEqual((status, headers["WWW-Authenticate"], body),
                                 (401, 'Basic realm="metrics"', "Unauthorized\n"))
        self.assertEqual(self.served.request("nobody", "correct horse")[0], 401)
        self.assertEqual(self.served.request()[0], 401)
        # A broken file changes nothing.
        self.assertIn(".yml:1: is not YAML", self.served.configure(self.served.file("[")))
        self.assertEqual(self.served.request("alice", "correct horse")[0], 200)
        self.assertEqual(self.served.request()[0], 401)
        self.assertEqual(self.served.configure(self.served.file("")), "ok")
        self.assertEqual(self.served.request()[0], 200)

    def test_headers(self):
        wanted = {"X-Frame-Options": "deny", "X-XSS-Protection": "1; mode=block",
                  "Content-Security-Policy": "default-src 'self'; img-src *"}
        lines = "".join(f'    {name}: "{value}"\n' for name, value in wanted.items())
        self.assertEqual(self.served.configure(self.served.file("http_server_config:\n  headers:\n" + lines)), "ok")
        for path, status in (("/metrics", 200), ("/", 200), ("/none", 404)):
            answer = self.served.request(path=path)
            self.assertEqual(answer[0], status)
            self.assertEqual({name: answer[1].get(name) for name in wanted}, wanted)

    @unittest.skipUnless(shutil.which("promtool"), "promtool is not installed")
    def test_promtool_takes_what_we_take(self):
        files = [(self.served.file(text), text, text in TAKEN, text not in REFUSED)
                 for text in (*TAKEN, *REFUSED, *STRICTER)]
        judged = subprocess.run(["promtool", "check", "web-config", *(file[0] for file in files)], capture_output=True, text=True)
        for path, text, ours, theirs in files:
            with self.subTest(text=text):
                said = self.served.configure(path)
                self.assertEqual(said == "ok", ours, said)
                if not ours:
                    self.assertRegex(said, "^web configuration " + re.escape(path) + ":[1-9]: [^:]+")
                    self.assertNotIn(HASH[10:], said)
                self.assertEqual(f"{path} SUCCESS\n" in judged.stdout + judged.stderr, theirs, judged.stderr)


if __name__ == "__main__":
    unittest.main()
