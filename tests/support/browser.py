# promlite: a headless Chromium for tests, over the DevTools protocol (https://chromedevtools.github.io/devtools-protocol/).
# SPDX-License-Identifier: MIT
import base64
import json
import os
import shutil
import socket
import struct
import subprocess
import tempfile

from support.memcached import DEADLINE, end, poll_until


class WebSocket:
    """A client's side of RFC 6455, for text that both sides trust."""

    def __init__(self, port, path):
        self.socket = socket.create_connection(("127.0.0.1", port), DEADLINE)
        self.input = self.socket.makefile("rb")
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
        status = self.input.readline()
        if b" 101 " not in status:
            raise AssertionError(f"no WebSocket: {status}")
        while self.input.readline() != b"\r\n":
            pass

    def send(self, text, opcode=1):
        payload = text.encode() if isinstance(text, str) else text
        size = len(payload)
        head = bytes([0x80 | opcode])
        if size < 126:
            head += bytes([0x80 | size])
        elif size < 1 << 16:
            head += bytes([0x80 | 126]) + struct.pack(">H", size)
        else:
            head += bytes([0x80 | 127]) + struct.pack(">Q", size)
        # A mask of zeros is a mask.
        self.socket.sendall(head + bytes(4) + payload)

    def receive(self):
        message = b""
        while True:
            first, size = self.input.read(2)
            if size == 126:
                size, = struct.unpack(">H", self.input.read(2))
            elif size == 127:
                size, = struct.unpack(">Q", self.input.read(8))
            payload = self.input.read(size)
            opcode = first & 0x0f
            if opcode == 9:
                self.send(payload, 10)
            elif opcode == 8:
                raise AssertionError("the browser closed the connection")
            elif opcode in (0, 1, 2):
                message += payload
                if first & 0x80:
                    return message.decode()

    def close(self):
        self.input.close()
        self.socket.close()


class Browser:
    """One Chromium with a profile of its own. Pages are opened with page()."""

    def __init__(self):
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        program = shutil.which("chromium") or "/usr/bin/chromium"
        self.process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", "--no-first-run",
             "--no-proxy-server", "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
             f"--user-data-dir={self.profile.name}", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            port, path = poll_until(self.address, "Chromium's start")
            self.socket = WebSocket(int(port), path)
        except BaseException:
            self.stop()
            raise
        self.number = 0
        self.events = []

    def address(self):
        if self.process.poll() is not None:
            raise AssertionError(f"Chromium ended with status {self.process.returncode}")
        try:
            with open(os.path.join(self.profile.name, "DevToolsActivePort"), encoding="ascii") as file:
                lines = file.read().split("\n")
        except FileNotFoundError:
            return None
        return lines if len(lines) == 2 and lines[1] else None

    def call(self, method, session=None, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        self.socket.send(json.dumps(message))
        while True:
            answer = json.loads(self.socket.receive())
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise AssertionError(f"{method}: {answer['error']}")
                return answer["result"]
            if "method" in answer:
                self.events.append(answer)

    def page(self):
        return Page(self)

    def stop(self):
        if hasattr(self, "socket"):
            self.socket.close()
        end(self.process)
        self.profile.cleanup()


class Page:
    """A tab. What it does is recorded: requests(), errors()."""

    def __init__(self, browser):
        self.browser = browser
        self.target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=self.target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(domain + ".enable")

    def call(self, method, **parameters):
        return self.browser.call(method, self.session, **parameters)

    def open(self, url):
        self.call("Page.navigate", url=url)
        self.wait("document.readyState === 'complete' && location.href !== 'about:blank'")

    def evaluate(self, expression):
        """The value of an expression, or of what it promises."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise AssertionError(f"{expression}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def wait(self, expression):
        """The expression's value as soon as it is true."""
        return poll_until(lambda: self.evaluate(expression), expression)

    def press(self, key, text=""):
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, text=text)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key)

    def size(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def scheme(self, name):
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def screenshot(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def seen(self, method):
        """What the page's events of one kind said."""
        self.evaluate("0")  # what happened until now has been told when this is answered
        return [event["params"] for event in self.browser.events
                if event["method"] == method and event.get("sessionId") == self.session]

    def requests(self):
        return [event["request"]["url"] for event in self.seen("Network.requestWillBeSent")]

    def errors(self):
        """What the console shows: exceptions, warnings and errors."""
        logged = [event["entry"]["text"] for event in self.seen("Log.entryAdded")]
        called = [str(event["args"]) for event in self.seen("Runtime.consoleAPICalled")]
        thrown = [str(event["exceptionDetails"]) for event in self.seen("Runtime.exceptionThrown")]
        return logged + called + thrown

    def close(self):
        self.browser.call("Target.closeTarget", targetId=self.target)
