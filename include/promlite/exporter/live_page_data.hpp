// promlite: the live page's script, first part: the text format, and the history of every series.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPORTER_LIVE_PAGE_DATA_HPP
#define PROMLITE_EXPORTER_LIVE_PAGE_DATA_HPP

#include <promlite/config.hpp>

#include <string_view>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

inline constexpr std::string_view live_page_data = R"js(
'use strict';

// ---- The text format 0.0.4, with quoted names ----

const escaped = { n: '\n', '\\': '\\', '"': '"' };
const unescape = (text, which) =>
  text.includes('\\') ? text.replace(which, (_, c) => escaped[c]) : text;

// The index of the quote that ends the text beginning at `at`, or the line's length.
function endOfQuoted(line, at) {
  while (at < line.length && line[at] !== '"') at += line[at] === '\\' ? 2 : 1;
  return at;
}

function wrong(reason) { throw new SyntaxError(reason); }

// Reads a line from left to right.
class Reader {
  constructor(line) { this.line = line; this.at = 0; }

  // Takes `what`, behind blanks, if it is there.
  take(what) {
    while (this.line[this.at] === ' ' || this.line[this.at] === '\t') this.at += 1;
    if (this.line[this.at] !== what) return false;
    this.at += 1;
    return true;
  }
  quoted() {
    const from = this.at, end = endOfQuoted(this.line, from);
    if (end >= this.line.length) wrong('a quote has no end');
    this.at = end + 1;
    return unescape(this.line.slice(from, end), /\\([n\\"])/g);
  }
  name() {
    if (this.take('"')) return this.quoted();
    const from = this.at;
    while (this.at < this.line.length && !' \t{}=,"'.includes(this.line[this.at])) this.at += 1;
    if (this.at === from) wrong('a name is missing');
    return this.line.slice(from, this.at);
  }
  rest() { return this.line.slice(this.at).trim(); }
}

function parseNumber(text) {
  const infinite = /^([+-]?)inf(inity)?$/i.exec(text);
  if (infinite) return infinite[1] === '-' ? -Infinity : Infinity;
  if (/^[+-]?nan$/i.test(text)) return NaN;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) wrong('no number: ' + text.slice(0, 40));
  return Number(text);
}

// name{label="value",...} value [timestamp], or {"name",label="value",...} value [timestamp]
function parseSample(line) {
  const reader = new Reader(line), labels = [];
  let name = line.trimStart()[0] === '{' ? undefined : reader.name();
  if (reader.take('{')) {
    while (!reader.take('}')) {
      const word = reader.name();
      if (reader.take('=')) {
        if (!reader.take('"')) wrong('a label value has no quotes');
        labels.push([word, reader.quoted()]);
      } else if (name === undefined) {
        name = word;
      } else {
        wrong('a label has no value');
      }
      if (!reader.take(',') && reader.line[reader.at] !== '}') wrong('a comma is missing');
    }
  }
  if (name === undefined) wrong('a name is missing');
  const numbers = reader.rest().split(/\s+/);
  if (numbers.length > 2 || (numbers[1] && !/^-?\d+$/.test(numbers[1]))) wrong('too much in a line');
  return { name, labels, value: parseNumber(numbers[0]) };
}

const suffixes = { histogram: ['_bucket', '_sum', '_count'], summary: ['_sum', '_count'] };

// The families of an exposition, and what is wrong with it:
//   families  Map of name to {name, type, help, series: Map of key to {labels, ...}}, where the rest of a series is
//             {value}, {count, sum, buckets: [[bound, cumulative count]...]} or {count, sum, quantiles: [[q, value]...]}
//   samples   how many lines held one
//   problems  [{line, reason}...]
function parse(text) {
  const families = new Map(), problems = [];
  let samples = 0;
  const familyOf = name => {
    if (!families.has(name)) families.set(name, { name, type: 'untyped', help: '', series: new Map() });
    return families.get(name);
  };
  // The family of a sample, and what of it the sample is.
  const place = name => {
    if (!families.has(name)) {
      const cut = name.lastIndexOf('_'), family = families.get(name.slice(0, cut)), suffix = name.slice(cut);
      if (family && suffixes[family.type]?.includes(suffix)) return [family, suffix];
    }
    return [familyOf(name), ''];
  };
  const take = line => {
    if (line[0] === '#') {
      const comment = /^#[ \t]+(HELP|TYPE)[ \t]+/.exec(line);
      if (!comment) return;
      const reader = new Reader(line.slice(comment[0].length)), family = familyOf(reader.name());
      if (comment[1] === 'TYPE') family.type = reader.rest();
      else family.help = unescape(reader.rest(), /\\([n\\])/g);
      return;
    }
    const { name, labels, value } = parseSample(line);
    samples += 1;
    const [family, suffix] = place(name);
    const own = suffix === '_bucket' ? 'le' : family.type === 'summary' && !suffix ? 'quantile' : undefined;
    const others = own ? labels.filter(([label]) => label !== own) : labels;
    const key = others.map(([label, of]) => label + '\xff' + of).join('\xfe');
    if (!family.series.has(key)) family.series.set(key, { labels: others });
    const series = family.series.get(key);
    if (own) {
      const at = parseNumber((labels.find(([label]) => label === own) || ['', ''])[1]);
      (series[own === 'le' ? 'buckets' : 'quantiles'] ??= []).push([at, value]);
    } else {
      series[suffix.slice(1) || 'value'] = value;
    }
  };
  let number = 0;
  for (const line of text.split('\n')) {
    number += 1;
    try {
      if (line.trim()) take(line);
    } catch (error) {
      problems.push({ line: number, reason: error.message });
    }
  }
  for (const family of families.values()) {
    for (const series of family.series.values()) {
      (series.buckets || series.quantiles || []).sort((a, b) => a[0] - b[0]);
    }
  }
  return { families, samples, problems };
}

// ---- What is drawn, from two polls ----

// A counter that went down began again at zero.
const increase = (before, now) => now < before ? now : now - before;

// The q-quantile of what buckets [[bound, cumulative count]...] hold: within a bucket as if its values lay evenly.
function quantileOf(q, buckets) {
  const rank = q * buckets.at(-1)[1];
  if (!(rank > 0)) return NaN;
  const at = buckets.findIndex(([, count]) => count >= rank);
  const [bound, count] = buckets[at];
  if (bound === Infinity) return at > 0 ? buckets[at - 1][0] : NaN;
  if (at === 0 && bound <= 0) return bound;
  const [lower, below] = at > 0 ? buckets[at - 1] : [0, 0];
  return lower + (bound - lower) * (rank - below) / (count - below);
}

const histogramQuantiles = { p50: 0.5, p90: 0.9, p99: 0.99 };

// The buckets of what was observed between two polls, or nothing where they cannot be compared.
function newBuckets(before, now) {
  if (now.buckets.some(([bound], i) => bound !== before.buckets?.[i]?.[0])) return undefined;
  if (now.count < before.count) return now.buckets;
  return now.buckets.map(([bound, count], i) => [bound, count - before.buckets[i][1]]);
}

// The points of a series: an object of track to number. `before` is the poll before, `seconds` ago, or undefined.
function pointsOf(type, before, now, seconds) {
  const rate = field => before && seconds > 0 ? increase(before[field], now[field]) / seconds : NaN;
  if (type === 'counter') return { rate: rate('value') };
  if (type === 'histogram') {
    const points = {}, fresh = before && now.buckets && newBuckets(before, now);
    for (const name in histogramQuantiles) points[name] = fresh ? quantileOf(histogramQuantiles[name], fresh) : NaN;
    return { ...points, rate: rate('count') };
  }
  if (type === 'summary') {
    const points = (now.quantiles || []).map(([q, value]) => ['p' + Number((q * 100).toPrecision(10)), value]);
    return { ...Object.fromEntries(points), rate: rate('count') };
  }
  return { value: now.value };
}

// ---- The history: at most five minutes, and of many series as much as two million numbers, or twenty polls ----

const historySeconds = 300;
const historyNumbers = 2e6;

// name -> {name, type, help, series: Map of key to {labels, now, times: [s...], tracks: {track: [number...]}, poll}}.
// A series is there when its `poll` is the history's; the others were there a while ago.
const past = { families: new Map(), poll: 0, time: 0, began: undefined, series: 0, gone: 0, numbers: 0 };

// Adds the families of one poll, made at `time` in seconds.
function remember(families, time) {
  const limit = Math.max(20, Math.floor(historyNumbers / past.numbers));
  past.poll += 1;
  past.time = time;
  past.began ??= time;
  past.series = past.numbers = 0;
  for (const { name, type, help, series } of families.values()) {
    let family = past.families.get(name);
    if (family?.type !== type) past.families.set(name, family = { name, type, series: new Map() });
    family.help = help;
    family.poll = past.poll;
    for (const [key, { labels, ...now }] of series) {
      let known = family.series.get(key);
      if (!known) family.series.set(key, known = { key, labels, times: [], tracks: {} });
      addPoints(known, pointsOf(type, known.now, now, time - known.times.at(-1)), time, limit);
      known.now = now;
      known.poll = past.poll;
      past.series += 1;
      past.numbers += 1 + Object.keys(known.tracks).length;
    }
  }
  forget(time - historySeconds);
}

function addPoints(series, points, time, limit) {
  const { times, tracks } = series;
  for (const name in points) tracks[name] ??= times.map(() => NaN);
  times.push(time);
  for (const name in tracks) tracks[name].push(points[name] ?? NaN);
  const inside = times.findIndex(at => at >= time - historySeconds);
  const old = Math.max(inside, times.length - limit);
  for (const list of old > 0 ? [times, ...Object.values(tracks)] : []) list.splice(0, old);
}

// Drops what was last seen before `time`; and all that is gone, where that is more than what is there.
function forget(time) {
  const all = past.gone > past.series;
  past.gone = 0;
  for (const [name, family] of past.families) {
    for (const [key, series] of family.series) {
      if (series.poll === past.poll) continue;
      if (all || series.times.at(-1) < time) family.series.delete(key);
      else past.gone += 1;
    }
    if (family.poll !== past.poll && family.series.size === 0) past.families.delete(name);
  }
}
)js";

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_EXPORTER_LIVE_PAGE_DATA_HPP
