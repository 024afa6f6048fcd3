# promlite: our readers and others': what is refused, what is read, and what the linter says.
# SPDX-License-Identifier: MIT
# unsanitized: what it looks at is the readers of others, whose time it is
"""Needs promtool (Debian: prometheus) and prometheus_client (Debian: python3-prometheus-client). What is not installed is
skipped, and named."""
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from support.memcached import DEADLINE
from support.pushgateway import Pushgateway, get

try:
    import prometheus_client
    from prometheus_client.openmetrics import exposition as openmetrics_writer
    from prometheus_client.openmetrics import parser as openmetrics_parser
    from prometheus_client import parser as text_parser
except ImportError:
    openmetrics_parser = text_parser = None


def program(name):
    path = os.path.join(os.environ.get("PROMLITE_BUILD", ""), "tests", name)
    if not os.access(path, os.X_OK):
        raise FileNotFoundError(f"{name} is not in the build tree: {path}")
    return path


def ours(mode, texts):
    """What our readers make of each text (bytes)."""
    given = b"".join(struct.pack(">Q", len(text)) + text for text in texts)
    answer = subprocess.run([program("read_exposition"), mode], input=given, stdout=subprocess.PIPE, check=True, timeout=DEADLINE)
    return [json.loads(line) for line in answer.stdout.splitlines()]


def decoded(digits):
    return bytes.fromhex(digits).decode("utf-8")


def bits(value):
    return "NaN" if value != value else struct.pack(">d", value).hex()


def samples_of_ours(parsed):
    """{(name, labels): bits of the value}, as every reader is asked for them."""
    found = {}
    for family in parsed["families"]:
        for name, labels, value, _, _ in family["samples"]:
            key = (decoded(name), frozenset((decoded(label), decoded(text)) for label, text in labels))
            assert key not in found, key
            found[key] = bits(struct.unpack(">d", bytes.fromhex(value))[0])
    return found


def samples_of_client(families):
    found = {}
    for family in families:
        for sample in family.samples:
            key = (sample.name, frozenset(sample.labels.items()))
            assert key not in found, key
            found[key] = bits(float(sample.value))
    return found


def promtool(text):
    """(parses, [(metric, problem)])"""
    if shutil.which("promtool") is None:
        raise unittest.SkipTest("promtool is not installed")
    answer = subprocess.run(["promtool", "check", "metrics"], input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            timeout=DEADLINE)
    assert answer.returncode in (0, 1, 3), answer
    problems = [tuple(line.split(" ", 1)) for line in answer.stdout.decode().splitlines()]
    return answer.returncode != 1, [] if answer.returncode == 1 else problems


# Texts that are read by the reference parser and by us, or by neither. Each line is one.
TEXTS = [text.encode() for text in (
    "", "\n", "\t\n", "a 1\n", "a 1", " a 1\n", "a\t1\n", "a{} 1\n", "a { } 1\n", 'a{b="c"} 1\n', 'a{b="c",} 1\n', 'a{b="c",,} 1\n',
    'a{,} 1\n', 'a{ b = "c" , d = "e" } 1\n', 'a{b="c"}1\n', 'a{b="c" d="e"} 1\n', 'a{b=c} 1\n', 'a{b} 1\n', 'a{="c"} 1\n',
    'a{b="\\\\\\"\\n"} 1\n', 'a{b="\\t"} 1\n', 'a{b="c\n"} 1\n', 'a{b="c\\', 'a{b="c', "a{", "a", "a\n", "a \n", "1a 1\n",
    "a:b 1\n", ":a 1\n", 'a{b:c="d"} 1\n', 'a{1b="c"} 1\n', 'a{__name__="b"} 1\n', "\ufeffa 1\n", "größe 1\n", "a 1\r\n",
    "a +1\n", "a -1\n", "a .5\n", "a 5.\n", "a .\n", "a 1e5\n", "a 1E+5\n", "a 1e\n", "a Inf\n", "a +inf\n", "a -Infinity\n", "a NaN\n",
    "a nan\n", "a +NaN\n", "a 0x10\n", "a 0x1p4\n", "a 1_0\n", "a 0b1\n", "a 1e999\n", "a -1e999\n", "a 1e-999\n", "a one\n", "a 1,5\n",
    "a 1 5\n", "a 1 -5\n", "a 1 +5\n", "a 1 5.5\n", "a 1 5 6\n", "a 1 x\n", "a 1 9223372036854775807\n", "a 1 9223372036854775808\n",
    "a 1 1e3\n", "a 1 # {} 1\n", "#\n", "#", "# \n", "# x\n", "#x\n", "# HELP\n", "# HELPER a b\n", "# HELP a\n", "# HELP a \n",
    "# HELP a b\n", "#HELP a b\n", "#  HELP\ta\tb\n", "# HELP a b\n# HELP a b\n", "# HELP a b\n# HELP a\n", "# HELP a \\\\ \\n\n",
    '# HELP a \\"\n', "# HELP a \\x\n", "# HELP a b\\\n", "# HELP 1 b\n", "# HELP a-b c\n", "# HELP a b\r\n",
    "# TYPE a gauge\n", "# TYPE a Gauges\n", "# TYPE a unknown\n", "# TYPE a info\n", "# TYPE a gauge x\n",
    "# TYPE a gauge\n# TYPE a gauge\n", "a 1\n# TYPE a gauge\n", "a 1\n# HELP a b\n", "# TYPE a gauge\n# HELP a b\na 1\n",
    "a 1\nb 1\na 2\n", 'a{b="c"} 1\na{b="c"} 1\n', "# EOF\n", "# EOF\na 1\n", "# TYPE h histogram\n# HELP h_count x\n# HELP h y\n",
    '# TYPE h histogram\nh_bucket{le="x"} 1\n', '# TYPE h histogram\nh_bucket{le="1"} 1\n', "# TYPE h histogram\nh 1\n",
    "# TYPE h histogram\nh_bucket 1\n", '# TYPE s summary\ns{quantile="x"} 1\n', "# TYPE s summary\ns 1\n", '# TYPE s summary\ns{quantile="2"} 1\n',
    "# TYPE c counter\nc -1\n", "# TYPE c counter\nc NaN\n", 'a{b="\x00"} 1\n', "a\x001\n", 'a{b="€"} 1\n', "# HELP a €\n",
)] + [b'a{b="\xff"} 1\n', b'a{b="\xed\xa0\x80"} 1\n', b"# comment \xff\n", b'a{\xff="b"} 1\n', b"a \xff\n"]

# Where we differ, and why.
WE_REFUSE = {
    b"# HELP\n": "metadata without a name",
    b"# TYPE a\n": "no type",
    b"# HELP a b\n# HELP a\n": "the second has no text, and is a second",
    b"# TYPE a GAUGE\n": "Prometheus refuses it",
    b"a-1\n": "Prometheus and promtool read a name and a value",
}
WE_READ = {b"a 1 \n": "so do Prometheus and the Python client", b"a 1 5 \n": "so do Prometheus and the Python client"}

# The same for OpenMetrics; "# EOF" is added to each.
HISTOGRAM = '# TYPE a histogram\na_bucket{le="1.0"} 1\na_bucket{le="+Inf"} 2\n'
OPENMETRICS = [text.encode() for text in (
    "", "\n", "a 1\n", "1a 1\n", "# TYPE a other\na 1\n", " a 1\n", "a  1\n", "a 1 \n", "a\t1\n", "a{} 1\n", 'a{b="c"} 1\n', 'a{b="c",} 1\n', 'a{b="c"}1\n', 'a {b="c"} 1\n',
    'a{b="c" ,d="e"} 1\n', 'a{b="\\q"} 1\n', 'a{b="c",b="d"} 1\n', 'a{b:c="d"} 1\n', "a 1 1\n", "a 1 1.5\n", "a 1 -1\n", "a 1 1e3\n",
    "a 1 NaN\n", "a 1 Inf\n", "a 1 x\n", "a 1 1 1\n", "a 1_0\n", "a 0x1\n", "a one\n", "a\n", "a \n", "a 1 1_0\n",
    "a 1\n# EOF\nb 1\n", "# comment\n", "#\n", "# HELP a\n", "# HELP a \n", "# HELP a b\n", "# HELP a b\n# HELP a b\n", "# TYPE a\n",
    "# TYPE a gauge\n", "# TYPE a untyped\n", "# UNIT a_s s\n", "# UNIT a_s t\n", "# UNIT a \n", "# UNIT a\n", "# TYPE a_s info\n# UNIT a_s s\n",
    "# TYPE a_s stateset\n# UNIT a_s s\n", "# TYPE a gauge\na 1\n# HELP a b\n", "# TYPE a gauge\na 1\n# TYPE b gauge\n# TYPE a gauge\n",
    "a 1\nb 1\na 1\n", 'a{b="1"} 1\na{b="2"} 1\n', 'a{b="1"} 1\na{b="2"} 1\na{b="1"} 2\n', "a 1 1\na 2 2\n", "a 1 2\na 2 1\n", "a 1 1\na 2\n",
    "# TYPE a counter\na_total 1\n", "# TYPE a counter\na_total 1\na_created 1\n", "# TYPE a counter\na 1\n", "# TYPE a counter\na_total -1\n",
    "# TYPE a counter\na_total NaN\n", "# TYPE a counter\na_created 1\na_total 1\n", "# TYPE a counter\na_total 1\n# TYPE a_created gauge\n",
    "# TYPE a_created gauge\n# TYPE a counter\n", "# TYPE a_total counter\na_total 1\n", "# TYPE a counter\na_total +Inf\n",
    "# TYPE a info\na_info 1\n", "# TYPE a info\na_info 2\n", "# TYPE a info\na 1\n", '# TYPE a info\na_info{b="1"} 1\na_info{b="2"} 1\n',
    '# TYPE a stateset\na{a="b"} 1\n', '# TYPE a stateset\na{a="b"} 2\n', '# TYPE a stateset\na{b="b"} 1\n',
    '# TYPE a stateset\na{a="x",b="1"} 1\na{a="y",b="1"} 0\na{a="x",b="2"} 1\n', '# TYPE a stateset\na{a="x",b="1"} 1\na{a="x",b="2"} 1\na{a="y",b="1"} 0\n',
    '# TYPE a summary\na{quantile="0.5"} 1\na_count 1\na_sum 1\n', '# TYPE a summary\na{quantile="2"} 1\n', "# TYPE a summary\na 1\n",
    '# TYPE a summary\na{quantile="0.5"} -1\n', '# TYPE a summary\na{quantile="0.5"} NaN\n', "# TYPE a summary\na_count 1.5\n",
    "# TYPE a summary\na_sum -1\n", "# TYPE a summary\na_sum NaN\n", '# TYPE a summary\na{quantile="NaN"} 1\n', "# TYPE a summary\na_bucket 1\n",
    HISTOGRAM, HISTOGRAM + "a_count 2\na_sum 1\n", HISTOGRAM + "a_sum 1\na_count 2\n", HISTOGRAM + "a_count 2\n", HISTOGRAM + "a_sum 1\n",
    HISTOGRAM + "a_count 3\na_sum 1\n", HISTOGRAM + "a_count 2\na_sum -1\n", HISTOGRAM + "a_count 2\na_sum NaN\n", HISTOGRAM + "a_created 1\n",
    HISTOGRAM + "a 1\n", HISTOGRAM + "a_gcount 2\n", '# TYPE a histogram\na_bucket{le="1"} 1\n', '# TYPE a histogram\na_bucket{le="+Inf"} 1\n',
    '# TYPE a histogram\na_bucket{le="inf"} 1\n', '# TYPE a histogram\na_bucket{le="NaN"} 1\n', '# TYPE a histogram\na_bucket{le="x"} 1\n',
    "# TYPE a histogram\na_bucket 1\n", '# TYPE a histogram\na_bucket{le="1"} 2\na_bucket{le="+Inf"} 1\n', '# TYPE a histogram\na_bucket{le="+Inf"} 1.5\n',
    '# TYPE a histogram\na_bucket{le="2"} 1\na_bucket{le="1"} 1\na_bucket{le="+Inf"} 1\n', '# TYPE a histogram\na_bucket{le="+Inf"} -1\n',
    '# TYPE a histogram\na_bucket{le="-1"} 1\na_bucket{le="+Inf"} 1\n', '# TYPE a histogram\na_bucket{le="-1"} 1\na_bucket{le="+Inf"} 1\na_count 1\na_sum 1\n',
    "# TYPE a histogram\na_count 1\na_sum 1\n", "# TYPE a histogram\n", '# TYPE a histogram\na_bucket{le="+Inf"} 1 1\na_bucket{le="+Inf"} 2 2\n',
    HISTOGRAM.replace("histogram", "gaugehistogram") + "a_gcount 2\na_gsum 1\n", HISTOGRAM.replace("histogram", "gaugehistogram") + "a_gcount 2\na_gsum -1\n",
    '# TYPE a gaugehistogram\na_bucket{le="-1"} 1\na_bucket{le="+Inf"} 1\na_gcount 1\na_gsum -1\n', HISTOGRAM.replace("histogram", "gaugehistogram") + "a_gcount 2\n",
    HISTOGRAM.replace("histogram", "gaugehistogram") + "a_sum 2\n", "# TYPE a counter\na_total 1 # {} 1\n", "# TYPE a counter\na_total 1 # {b=\"c\"} 1 1\n",
    "# TYPE a counter\na_total 1 1 # {b=\"c\"} 1 1\n", "# TYPE a counter\na_total 1 # {}\n", "# TYPE a counter\na_total 1 # \n", "# TYPE a counter\na_total 1 #\n",
    "# TYPE a counter\na_total 1 # a\n", "# TYPE a counter\na_total 1 # {} 1 \n", "# TYPE a counter\na_total 1 # {} 1 x\n", "a 1 # {} 1\n",
    "# TYPE a counter\na_total 1\na_created 1 # {} 1\n", HISTOGRAM.replace("} 1", "} 1 # {} 0.5"), "# TYPE a summary\na_count 1 # {} 1\n",
    '# TYPE a counter\na_total 1 # {t="' + 127 * "x" + '"} 1\n', '# TYPE a counter\na_total 1 # {t="' + 128 * "x" + '"} 1\n',
    '# TYPE a counter\na_total 1 # {t="' + 127 * "€" + '"} 1\n',
)]
OPENMETRICS_WE_REFUSE = {
    b'a{b="c"} 1\na{b="c"} 1\n': "the client drops the second",
    b"# HELP a b\\\n": "the client takes the backslash as it is",
}
OPENMETRICS_WE_READ = {}

# What our linter says, and promtool's words for it. What promtool does not look for is not here.
RULES = [(re.compile(ours), promtools) for ours, promtools in (
    (r"no help text", r"no help text"),
    (r"use the base unit (\w+) instead of (\w+)", r'use base unit "\1" instead of "\2"'),
    (r"the name of a counter should end in _total", r'counter metrics should have "_total" suffix'),
    (r"only the name of a counter should end in _total", r'non-counter metrics should not have "_total" suffix'),
    (r"no name but a histogram's should end in _bucket", r'non-histogram metrics should not have "_bucket" suffix'),
    (r"no name but a histogram's or summary's should end in (\w+)", r'non-histogram and non-summary metrics should not have "\1" suffix'),
    (r"the label le belongs to histograms", r'non-histogram metrics should not have "le" label'),
    (r"the label quantile belongs to summaries", r'non-summary metrics should not have "quantile" label'),
    (r"the name should not say the type, (\w+)", r"metric name should not include type '\1'"),
    (r"a colon belongs in the names of recording rules only", r"metric names should not contain ':'"),
    (r"the name should be in snake_case, not camelCase", r"metric names should be written in 'snake_case' not 'camelCase'"),
    (r"the label \w+ should be in snake_case, not camelCase", r"label names should be written in 'snake_case' not 'camelCase'"),
    (r"the name should not abbreviate a unit", r"metric names should not contain abbreviated units"),
)]
# Behind a first part that makes each name one of its own. promtool looks for one unit in a name, any one: no name has two.
NAMES = """a total bucket count sum seconds milliseconds microsecond ms s_x aB counter gauge_x histogram summary untyped
    gauge_histogram gaugehistogram a:b kilobytes kibibytes minutes bits seconds_ratio MS Seconds percent kelvins rankine metres
    millimetres info h d m pb gb mb us ns sec b pounds second _ms decibytes decabytes COUNTER total_x bucket_x count_total
    timestamp_seconds joules calories megacalories exabytes counters weeks days ounces inches yards miles fahrenheit celsius
    teragrams mibiseconds""".split()
LABELS = ("", '{le="1"}', '{quantile="1"}', '{aB="x"}', '{ab="x",bC="y"}', '{Ab="x"}')


def lint_text():
    """Every name with every type, with and without help; every label with every type."""
    text = ""
    for kind in ("counter", "gauge", "histogram", "summary", "untyped", None):
        for number, rest in enumerate(NAMES + [""] * 2 * len(LABELS)):
            name = "%sn%d%s" % (kind, number, "_" * bool(rest) + rest)
            labels = LABELS[(number - len(NAMES)) % len(LABELS)] if not rest else ""
            text += "" if not rest and number % 2 else f"# HELP {name} A help text.\n"
            text += f"# TYPE {name} {kind}\n" if kind else ""
            if kind == "histogram":
                text += f'{name}_bucket{labels or "{le=" + chr(34) + "+Inf" + chr(34) + "}"} 1\n{name}_count 1\n'
            elif kind == "summary":
                text += f"{name}{labels} 1\n{name}_sum 1\n"
            else:
                text += f"{name}{labels} 1\n"
    return text.encode()


class ParsersTest(unittest.TestCase):
    maxDiff = None

    def check_table(self, mode, texts, is_read_by_them, we_refuse, we_read):
        every = [*texts, *we_refuse, *we_read]
        read = 0
        for text, parsed in zip(every, ours(mode, every)):
            with self.subTest(text):
                theirs, here = is_read_by_them(text), "families" in parsed
                self.assertEqual((theirs, here), (True, False) if text in we_refuse else (False, True) if text in we_read
                                 else (theirs, theirs), parsed)
                read += here
        # Neither all nor nothing.
        self.assertTrue(len(every) / 4 < read < len(every) * 3 / 4, read)

    def test_the_text_parser_refuses_what_promtool_refuses(self):
        self.check_table("text", TEXTS, lambda text: promtool(text)[0], WE_REFUSE, WE_READ)

    @unittest.skipIf(openmetrics_parser is None, "prometheus_client is not installed")
    def test_the_openmetrics_parser_refuses_what_the_strict_one_of_the_python_client_refuses(self):
        def is_read(text):
            try:
                list(openmetrics_parser.text_string_to_metric_families(text.decode("utf-8")))
            except ValueError:
                return False
            return True
        end = b"# EOF\n"
        self.check_table("openmetrics", [text + end for text in OPENMETRICS], is_read,
                         {text + end for text in OPENMETRICS_WE_REFUSE}, {text + end for text in OPENMETRICS_WE_READ})

    def assert_read_alike(self, mode, parsed, theirs):
        self.assertEqual(sum(len(family["samples"]) for family in parsed["families"]), len(theirs))
        self.assertEqual(self.as_the_client_reads(mode, samples_of_ours(parsed)), theirs)

    @unittest.skipIf(openmetrics_parser is None, "prometheus_client is not installed")
    def test_all_that_we_write_is_read_alike(self):
        cases = program("exposition_cases")
        names = subprocess.run([cases, "list"], stdout=subprocess.PIPE, check=True).stdout.decode().split()
        for mode, client in (("text", text_parser), ("openmetrics", openmetrics_parser)):
            texts = [subprocess.run([cases, mode, name], stdout=subprocess.PIPE, check=True, timeout=DEADLINE).stdout for name in names]
            for name, text, parsed in zip(names, texts, ours(mode, texts)):
                with self.subTest(mode=mode, case=name):
                    self.assertIn("families", parsed, bytes.fromhex(parsed.get("error", "")))
                    theirs = samples_of_client(client.text_string_to_metric_families(text.decode("utf-8")))
                    self.assert_read_alike(mode, parsed, theirs)

    @unittest.skipIf(openmetrics_parser is None, "prometheus_client is not installed")
    def test_what_the_python_client_writes_is_read(self):
        registry = prometheus_client.CollectorRegistry()
        counter = prometheus_client.Counter("jobs", "Jobs\\ \"done\"\nso far.", ["queue"], registry=registry)
        counter.labels('a\\b"c\n{},= #').inc(2.5, {"trace_id": "ab12"})
        counter.labels("").inc()
        gauge = prometheus_client.Gauge("load", "", ["of"], registry=registry)
        for value in (0.001, 3, float("inf"), -1e300, float("nan"), 2.0 ** 53):
            gauge.labels(repr(value)).set(-value)
        histogram = prometheus_client.Histogram("wait_seconds", "Wait.", ["a"], buckets=(0.5, 1, 2.5e6), registry=registry, unit="seconds")
        histogram.labels("x").observe(0.7, {"trace_id": "1"})
        prometheus_client.Summary("size_bytes", "Size.", registry=registry).observe(5e-324)
        prometheus_client.Info("build", "Build.", registry=registry).info({"version": "1", "branch": "€"})
        prometheus_client.Enum("mode", "Mode.", ["b"], states=["on", "off"], registry=registry).labels("c").state("off")
        for mode, writer, client in (("text", prometheus_client, text_parser), ("openmetrics", openmetrics_writer, openmetrics_parser)):
            with self.subTest(mode):
                text = writer.generate_latest(registry)
                parsed = ours(mode, [text])[0]
                self.assertIn("families", parsed, bytes.fromhex(parsed.get("error", "")))
                self.assertEqual(samples_of_ours(parsed), samples_of_client(client.text_string_to_metric_families(text.decode())))
                exemplars = [sample[4] for family in parsed["families"] for sample in family["samples"] if sample[4]]
                self.assertEqual({"text": 0, "openmetrics": 2}[mode], len(exemplars))

    @unittest.skipIf(shutil.which("prometheus-pushgateway") is None, "prometheus-pushgateway is not installed")
    def test_what_the_go_client_writes_is_read(self):
        gateway = Pushgateway().start()
        self.addCleanup(gateway.stop)
        text = get(gateway.url + "/metrics").encode()
        parsed = ours("text", [text])[0]
        self.assertIn("families", parsed, bytes.fromhex(parsed.get("error", "")))
        self.assertEqual({"counter", "gauge", "summary"}, {family["type"] for family in parsed["families"]})
        self.assertEqual(samples_of_ours(parsed), samples_of_client(text_parser.text_string_to_metric_families(text.decode())))

    @staticmethod
    def as_the_client_reads(mode, samples):
        """In the text format the client appends _total to the samples of counters that lack it."""
        return {("c_total" if (mode, name) == ("text", "c") else name, labels): value for (name, labels), value in samples.items()}

    def test_the_linter_finds_what_promtool_finds(self):
        text = lint_text()
        parses, theirs = promtool(text)
        self.assertTrue(parses)
        found = set()
        for metric, problem in ours("lint", [text])[0]:
            metric, problem = decoded(metric), decoded(problem)
            words = [rule.sub(promtools, problem) for rule, promtools in RULES if rule.fullmatch(problem)]
            self.assertEqual(1, len(words), problem)
            found.add((metric, words[0]))
        self.assertGreater(len(found), 300)
        self.assertEqual(sorted(set(theirs) - found), [], "missing")
        self.assertEqual(sorted(found - set(theirs)), [], "found here alone")


if __name__ == "__main__":
    unittest.main()
