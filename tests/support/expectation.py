# promlite: what readers must find in an exposition, and in what they differ from each other by rule.
# SPDX-License-Identifier: MIT
import json
import math
import re
import struct


def decoded(digits):
    """A string as a reader must see it. Python replaces maximal ill-formed subparts by U+FFFD, as Unicode advises."""
    return bytes.fromhex(digits).decode("utf-8", "replace")


class Expectation:
    """Families, types, help texts and samples; made of the JSON of support/expected_exposition.hpp."""

    def __init__(self, text):
        found = json.loads(text)
        self.families = {family["name"]: (family["type"], decoded(family["help"])) for family in found["families"]}
        self.openmetrics_types = {family["name"]: family["openmetrics"] for family in found["families"]}
        self.samples = {}
        for sample in found["samples"]:
            labels = {label: decoded(value) for label, value in sample["labels"]}
            value = struct.unpack(">d", bytes.fromhex(sample["value"]))[0]
            key = (sample["name"], frozenset(labels.items()))
            assert key not in self.samples, key
            self.samples[key] = (value, sample["tolerance"])

    def openmetrics_families(self):
        """The same for OpenMetrics, where a family is not called by its samples' suffix."""
        suffixes = {"counter": "_total", "info": "_info"}
        found = {}
        for name, (_, help_text) in self.families.items():
            kind = self.openmetrics_types[name]
            suffix = suffixes.get(kind, "")
            assert name.endswith(suffix), name
            found[name[:len(name) - len(suffix)]] = (kind, help_text)
        return found

    def openmetrics_samples(self):
        """What OpenMetrics can hold of them. A sum that could fall is none: of a histogram its count goes with it."""
        gauges = {name for name, kind in self.openmetrics_types.items() if kind == "gaugehistogram"}
        found = {(re.sub("_(sum|count)$", r"_g\1", name) if name[:name.rfind("_")] in gauges else name, labels): sample
                 for (name, labels), sample in pointed(self.samples).items()}
        negative_bounds = {(name[:-len("_bucket")], without(labels, "le")) for name, labels in found
                           if name.endswith("_bucket") and float(dict(labels).get("le", "0")) < 0}
        for (name, labels), (value, _) in list(found.items()):
            base = re.sub("_(sum|gsum)$", "", name)
            kind = self.openmetrics_types.get(base)
            of_gauge = kind == "gaugehistogram"
            negative = (base, labels) in negative_bounds
            falls = math.isnan(value) or (value < 0 and not (of_gauge and negative)) or (negative and not of_gauge)
            if base != name and kind in ("histogram", "gaugehistogram", "summary") and falls:
                del found[name, labels]
                if kind != "summary":
                    del found[re.sub("sum$", "count", name), labels]
            elif kind == "summary" and base == name and value < 0:
                del found[name, labels]
        return found


def without(labels, name):
    return frozenset(pair for pair in labels if pair[0] != name)


def pointed(samples):
    """Bounds and quantiles as OpenMetrics writes them, and servers do that make labels of them."""
    def value(name, text):
        return text + ".0" if name in ("le", "quantile") and not re.search("[.eIN]", text) else text
    return {(name, frozenset((label, value(label, text)) for label, text in labels)): sample
            for (name, labels), sample in samples.items()}


def without_empty_labels(samples):
    """To Prometheus an empty label value is no label."""
    return {(name, frozenset(pair for pair in labels if pair[1])): value for (name, labels), value in samples.items()}


def same(value, expected, tolerance):
    if math.isnan(expected):
        return math.isnan(value)
    if tolerance and expected != 0 and math.isfinite(expected):
        return abs(value / expected - 1) <= tolerance
    return value == expected
