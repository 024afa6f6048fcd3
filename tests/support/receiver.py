# promlite: somebody who receives what Alertmanager sends.
# SPDX-License-Identifier: MIT
import http.server
import json
import threading


class Receiver:
    """An HTTP server on a free loopback port that keeps the JSON bodies that are posted to it."""

    def start(self):
        messages, arrived = [], threading.Condition()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()
                with arrived:
                    messages.append(json.loads(body))
                    arrived.notify_all()

            def log_message(self, *arguments):
                pass

        self.messages, self.arrived = messages, arrived
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = "127.0.0.1:%d" % self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        return self

    def stop(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def wait_for(self, condition, deadline):
        """The first message that meets the condition."""
        with self.arrived:
            if not self.arrived.wait_for(lambda: any(map(condition, self.messages)), deadline):
                raise AssertionError(f"no such message within {deadline} s, but {self.messages}")
            return next(filter(condition, self.messages))
