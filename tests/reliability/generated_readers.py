# promlite: random registries read by others: promtool, the Python client, a Pushgateway and a Prometheus.
# SPDX-License-Identifier: MIT
"""Each reader is given what the program generated_registries writes, and must find what was put in. How readers differ from
each other is in Expectation and beside each reader here, as a rule: nothing is left out."""
import asyncio
import contextlib
import json
import os
import shutil
import struct
import subprocess
import sys
import threading
import time
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from conformance.parsers_test import RULES, openmetrics_parser, text_parser
from support.expectation import Expectation, pointed, same, without_empty_labels
from support.pushgateway import OPENER, Prometheus, Pushgateway, get

PROTOBUF = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
KINDS = {"text": "text/plain; version=0.0.4; charset=utf-8", "protobuf": PROTOBUF,
         "openmetrics": "application/openmetrics-text; version=1.0.0; charset=utf-8"}
COUNTS = {"short": 200, "normal": 1000, "long": 10000}
AT_ONCE = 1000  # registries that one Prometheus scrapes, and promtool gets in one text
GROUPS = 50    # that a Pushgateway holds at once


class NotSo(Exception):
    pass


class Generated:
    def __init__(self, seed, blocks):
        self.seed = seed
        self.expectation = Expectation(next(blocks).decode())
        self.bodies = {kind: next(blocks) for kind in ("text", "openmetrics", "protobuf")}


def generate(program, first, count):
    stream = subprocess.run([program, "stream", str(first), str(count)], stdout=subprocess.PIPE, check=True, timeout=600).stdout

    def blocks():
        at = 0
        while at < len(stream):
            size, = struct.unpack_from(">Q", stream, at)
            yield stream[at + 8:at + 8 + size]
            at += 8 + size

    each = blocks()
    return [Generated(seed, each) for seed in range(first, first + count)]


def demand_same(found, expected, which):
    """{(name, labels): value} against {(name, labels): (value, tolerance)}"""
    if found.keys() != expected.keys():
        raise NotSo(f"{which}: missing {sorted(map(repr, expected.keys() - found.keys()))[:3]}, "
                    f"not expected {sorted(map(repr, found.keys() - expected.keys()))[:3]}")
    for key, (value, tolerance) in expected.items():
        if not same(found[key], value, tolerance):
            raise NotSo(f"{which}: {key}: {found[key]!r} instead of {value!r}")
    return len(expected)


def demand_families(found, expected, which):
    if found != expected:
        differ = [(name, found.get(name), expected.get(name)) for name in found.keys() | expected.keys()
                  if found.get(name) != expected.get(name)]
        raise NotSo(f"{which}: name, found, expected: {differ[:3]}")


def python_families(families):
    """What a parser of the Python client found: ({(name, labels): value}, {family: (type, help)})"""
    samples, heads = {}, {}
    for family in families:
        heads[family.name] = (family.type, family.documentation)
        for sample in family.samples:
            key = (sample.name, frozenset(sample.labels.items()))
            if key in samples:
                raise NotSo(f"{key} is there twice")
            samples[key] = sample.value
    return samples, heads


def python_text(registries):
    total = 0
    for made in registries:
        which, expected = f"text_string_to_metric_families, seed {made.seed}", made.expectation
        samples, heads = python_families(text_parser.text_string_to_metric_families(made.bodies["text"].decode()))
        total += demand_same(samples, expected.samples, which)
        # The client calls a counter by its base name, and drops more than blanks around help texts.
        demand_families({name: (kind, text.strip()) for name, (kind, text) in heads.items()},
                        {name[:-len("_total")] if kind == "counter" else name: (kind, text.strip())
                         for name, (kind, text) in expected.families.items()}, which)
    return total


def python_openmetrics(registries):
    total = 0
    for made in registries:
        which, expected = f"openmetrics.parser, seed {made.seed}", made.expectation
        samples, heads = python_families(openmetrics_parser.text_string_to_metric_families(made.bodies["openmetrics"].decode()))
        total += demand_same(samples, expected.openmetrics_samples(), which)
        demand_families(heads, expected.openmetrics_families(), which)
    return total


def joined(registries):
    """One text. The library's own metrics are in many: their lines stand together, each with the number of its registry."""
    others, own = [], {}
    for made in registries:
        for line in made.bodies["text"].split(b"\n")[:-1]:
            name = line.split(b" ")[2] if line.startswith(b"# ") else line
            if not name.startswith(b"promlite_"):
                others.append(line)
            elif line.startswith(b"# "):
                own.setdefault(name, {})[line] = None
            else:
                own[name.split(b"{")[0]][line.replace(b"{", b'{seed="%d",' % made.seed, 1)] = None
    return b"\n".join(others + [line for lines in own.values() for line in lines]) + b"\n"


def promtool(program, registries):
    """It takes the text, and complains of what our linter complains of."""
    text = joined(registries)
    answer = subprocess.run(["promtool", "check", "metrics"], input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            timeout=300)
    if answer.returncode not in (0, 3):
        raise NotSo(f"promtool: {answer.stdout[:500]}")
    theirs = {tuple(line.split(" ", 1)) for line in answer.stdout.decode().splitlines()}
    ours = set()
    for line in subprocess.run([program, "lint"], input=text, stdout=subprocess.PIPE, check=True).stdout.decode().splitlines():
        metric, problem = line.split("\t")
        words = [rule.sub(promtools, problem) for rule, promtools in RULES if rule.fullmatch(problem)]
        if len(words) != 1:
            raise NotSo(f"no word of promtool for: {problem}")
        ours.add((metric, words[0]))
    if ours != theirs:
        raise NotSo(f"promtool: found here alone {sorted(ours - theirs)[:3]}, there alone {sorted(theirs - ours)[:3]}")
    return len(ours)


def send(method, url, body=None, kind=None):
    request = urllib.request.Request(url, data=body, method=method, headers={"Content-Type": kind} if kind else {})
    with OPENER.open(request, timeout=60) as answer:
        return answer.status


def gateway_samples(group):
    """({(name, labels): value}, {family: type}) of a group in the gateway's own JSON."""
    samples, types = {}, {}

    def add(name, labels, value):
        samples[name, frozenset(labels.items())] = float(value)

    for name, family in group.items():
        if not isinstance(family, dict) or "metrics" not in family or name.startswith("push_"):
            continue
        types[name] = family["type"].lower()
        for metric in family["metrics"]:
            labels = {label: value for label, value in metric["labels"].items() if label not in ("job", "instance") and value != ""}
            if "value" in metric:
                add(name, labels, metric["value"])
                continue
            for part, label, suffix in (("quantiles", "quantile", ""), ("buckets", "le", "_bucket")):
                for bound, value in (metric.get(part) or {}).items():
                    add(name + suffix, {**labels, label: bound}, value)
            if types[name] == "histogram":
                # Of what came as protobuf the last bucket is the count.
                add(name + "_bucket", {**labels, "le": "+Inf"}, metric["count"])
            add(name + "_sum", labels, metric["sum"])
            add(name + "_count", labels, metric["count"])
    return samples, types


def gateway(registries):
    total = 0
    service = Pushgateway("--web.enable-admin-api").start()
    with contextlib.ExitStack() as stack:
        stack.callback(service.stop)
        for first in range(0, len(registries), GROUPS):
            for kind in ("text", "protobuf"):
                batch = {str(made.seed): made for made in registries[first:first + GROUPS]}
                for seed, made in batch.items():
                    if send("PUT", f"{service.url}/metrics/job/{seed}", made.bodies[kind], KINDS[kind]) != 200:
                        raise NotSo(f"the Pushgateway refuses {kind} of seed {seed}")
                groups = json.loads(get(service.url + "/api/v1/metrics"))["data"]
                if {group["labels"]["job"] for group in groups} != batch.keys():
                    raise NotSo("the Pushgateway holds other groups")
                for group in groups:
                    seed = group["labels"]["job"]
                    expected = batch[seed].expectation
                    samples, types = gateway_samples(group)
                    which = f"Pushgateway, {kind}, seed {seed}"
                    # Bounds as Go writes them, which are those of the text format.
                    total += demand_same(pointed(samples), pointed(without_empty_labels(expected.samples)), which)
                    demand_families(types, {name: family[0] for name, family in expected.families.items()}, which)
                send("PUT", service.url + "/api/v1/admin/wipe")
    return total


class Bodies(asyncio.Protocol):
    """Serves /KIND/SEED on kept connections."""

    def __init__(self, registries):
        self.registries = registries
        self.head = b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.head += data
        while b"\r\n\r\n" in self.head:
            head, self.head = self.head.split(b"\r\n\r\n", 1)
            _, kind, seed = head.split(b" ", 2)[1].decode().split("/")
            body = self.registries[seed].bodies[kind]
            self.transport.write(f"HTTP/1.1 200 OK\r\nContent-Type: {KINDS[kind]}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)


@contextlib.contextmanager
def served(registries):
    """The port on which a loop of its own serves the bodies."""
    loop = asyncio.new_event_loop()
    by_seed = {str(made.seed): made for made in registries}
    server = loop.run_until_complete(loop.create_server(lambda: Bodies(by_seed), "127.0.0.1", 0, backlog=1024))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


class NativePrometheus(Prometheus):
    def arguments(self):
        return [*super().arguments(), "--enable-feature=native-histograms"]


def stored_samples(result, own):
    """{KIND-SEED: {(name, labels): value}} of all that a Prometheus holds but its own series."""
    found = {}
    for series in result:
        labels = dict(series["metric"])
        name, which = labels.pop("__name__"), labels.pop("which")
        del labels["job"], labels["instance"]
        if name in own:
            continue
        samples = found.setdefault(which, {})
        key = frozenset(labels.items())
        if "histogram" in series:
            histogram = series["histogram"][1]
            samples[name + "_count", key] = float(histogram["count"])
            samples[name + "_sum", key] = float(histogram["sum"])
        else:
            samples[name, key] = float(series["value"][1])
    return found


def stored_expectation(kind, expected):
    if kind == "text":
        return expected.samples
    if kind == "openmetrics":
        return expected.openmetrics_samples()
    # What has native buckets is stored as one sample with them, without the classic ones.
    return {(name, labels): sample for (name, labels), sample in pointed(expected.samples).items()
            if not name.endswith("_native_bucket")}


def known_families(kind, expected):
    """Blanks before a help text may belong to the syntax. Of the text format, one that is a NUL alone is read as empty."""
    families = expected.openmetrics_families() if kind == "openmetrics" else expected.families
    return {name: (of, "" if kind == "text" and text[:1] == "\0" and not text[1:].strip(" \t") else text.lstrip(" \t"))
            for name, (of, text) in families.items()}


OWN = {"up", "scrape_duration_seconds", "scrape_samples_scraped", "scrape_samples_post_metric_relabeling", "scrape_series_added"}


def ask(url, what, query=""):
    with OPENER.open(f"{url}/api/v1/{what}?{query}", timeout=300) as answer:
        return json.load(answer)["data"]


def prometheus(registries):
    with contextlib.ExitStack() as stack:
        port = stack.enter_context(served(registries))
        interval = f"{3 + len(registries) // 60}s"
        targets = [{"targets": [f"127.0.0.1:{port}"], "labels": {"__metrics_path__": f"/{kind}/{made.seed}", "which": f"{kind}-{made.seed}"}}
                   for made in registries for kind in KINDS]
        service = NativePrometheus(json.dumps({"global": {"scrape_interval": interval, "scrape_timeout": interval}, "scrape_configs": [
            {"job_name": "generated", "honor_labels": True, "static_configs": targets}]}))
        service.start()
        stack.callback(service.stop)
        end = time.monotonic() + 300
        while True:
            active = ask(service.url, "targets", "state=active")["activeTargets"]
            if len(active) == len(targets) and all(target["health"] != "unknown" for target in active):
                break
            if time.monotonic() > end:
                raise NotSo("Prometheus did not scrape everything")
            time.sleep(0.5)
        for target in active:
            if target["health"] != "up":
                raise NotSo(f"Prometheus, {target['labels']['which']}: {target['lastError']}")
        stored = stored_samples(ask(service.url, "query", "query=%7Bjob%3D%22generated%22%7D")["result"], OWN)
        known = {}
        for item in ask(service.url, "targets/metadata"):
            known.setdefault(item["target"]["which"], {})[item["metric"]] = (item["type"], item["help"].lstrip(" \t"))
    total = 0
    for made in registries:
        for kind in KINDS:
            which = f"{kind}-{made.seed}"
            expected = without_empty_labels(stored_expectation(kind, made.expectation))
            total += demand_same(stored.get(which, {}), expected, "Prometheus, " + which)
            demand_families(known.get(which, {}), known_families(kind, made.expectation), "Prometheus, " + which)
    return total


READERS = (  # its name, whether it is there, what it tells, and how it reads
    ("prometheus_client", text_parser, "the Python client read {} samples of text", lambda _, registries: python_text(registries)),
    ("prometheus_client.openmetrics", openmetrics_parser, "and {} of OpenMetrics", lambda _, registries: python_openmetrics(registries)),
    ("promtool", shutil.which("promtool"), "promtool found the {} problems that our linter finds", promtool),
    ("Pushgateway", shutil.which("prometheus-pushgateway"), "the Pushgateway held {} samples pushed as text and as protobuf",
     lambda _, registries: gateway(registries)),
    ("Prometheus", shutil.which("prometheus"), "Prometheus stored {} of three formats", lambda _, registries: prometheus(registries)))


def run(program, size):
    count = COUNTS[size]
    totals = [0] * len(READERS)
    start = time.monotonic()
    try:
        for first in range(1, count + 1, AT_ONCE):
            registries = generate(program, first, min(AT_ONCE, count + 1 - first))
            for number, (_, there, _, read) in enumerate(READERS):
                totals[number] += read(program, registries) if there else 0
    except (NotSo, AssertionError, OSError, subprocess.SubprocessError) as reason:
        return False, str(reason)
    told = [words.format(total) if there else "there is no " + name
            for total, (name, there, words, _) in zip(totals, READERS)]
    return True, f"{count} registries: {', '.join(told)}: all as put in; {time.monotonic() - start:.0f} s"

