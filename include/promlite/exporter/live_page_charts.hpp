// promlite: the live page's script, second part: numbers for people, and charts.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPORTER_LIVE_PAGE_CHARTS_HPP
#define PROMLITE_EXPORTER_LIVE_PAGE_CHARTS_HPP

#include <promlite/config.hpp>

#include <string_view>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

inline constexpr std::string_view live_page_charts = R"js(
// ---- Numbers for people ----

function digits(value) {
  const size = Math.abs(value);
  if (size && (size < 1e-4 || size >= 1e6)) return value.toExponential(2);
  return size >= 999.5 || Number.isInteger(value) ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}

function scaled(value, base, prefixes, unit) {
  let at = 0;
  while (Math.abs(value) >= base && at < prefixes.length - 1) { value /= base; at += 1; }
  return digits(value) + ' ' + prefixes[at] + unit;
}

function duration(value) {
  const size = Math.abs(value);
  if (size === 0) return '0 s';
  if (size < 1) return scaled(value * 1e9, 1000, ['n', 'µ', 'm'], 's');
  if (size < 60) return digits(value) + ' s';
  const [large, small, by, unit] = size < 3600 ? ['min', 's', 60, 1] : size < 86400 ? ['h', 'min', 60, 60] : ['d', 'h', 24, 3600];
  const whole = Math.floor(size / unit), rest = whole % by;
  return `${value < 0 ? '-' : ''}${digits(Math.floor(whole / by))} ${large}` + (rest ? ` ${rest} ${small}` : '');
}

const shortly = {
  number: value => Math.abs(value) < 1e6 || Math.abs(value) >= 1e18 ? digits(value) :
    scaled(value / 1e6, 1000, ['M', 'G', 'T', 'P'], ''),
  bytes: value => scaled(value, 1024, ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi'], 'B'),
  seconds: duration,
  ratio: value => digits(value * 100) + ' %',
  time: value => {
    const ago = Date.now() / 1000 - value;
    return ago >= 0 ? duration(ago) + ' ago' : 'in ' + duration(-ago);
  },
};

// The unit that a name says (https://prometheus.io/docs/practices/naming/).
function unitOf({ name }) {
  if (/[_.](time|timestamp)[_.]seconds$/.test(name)) return 'time';
  return /[_.](bytes|seconds|ratio)([_.]total)?$/.exec(name)?.[1] ?? 'number';
}

function show(value, unit, perSecond) {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  return shortly[unit](value) + (perSecond ? '/s' : '');
}

const exactly = (value, unit) => unit === 'time' ? `${value}, ${new Date(value * 1000).toLocaleString()}` : `${value}`;

// ---- Elements: made by hand, so that text stays text ----

const find = id => document.getElementById(id);

function make(tag, attributes = {}, ...children) {
  const space = /^(svg|path|line|text)$/.test(tag) ? 'http://www.w3.org/2000/svg' : 'http://www.w3.org/1999/xhtml';
  const node = document.createElementNS(space, tag);
  for (const name in attributes) node.setAttribute(name, attributes[name]);
  node.append(...children);
  return node;
}

function setText(node, text) { if (node.textContent !== text) node.textContent = text; }

// Makes `nodes` the children of `parent`; what is there stays where it is, and what has the focus keeps it.
function arrange(parent, nodes) {
  const focused = document.activeElement;
  nodes.forEach((node, i) => { if (parent.children[i] !== node) parent.insertBefore(node, parent.children[i] ?? null); });
  while (parent.children.length > nodes.length) parent.lastChild.remove();
  if (focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true });
}

// ---- Charts ----

const heads = { rate: 'Per second', value: 'Value' };
const styleOf = (name, i) => name in heads ? 'q0' : 'q' + i % 3;
const quantilesOf = series => Object.keys(series.tracks).filter(name => !(name in heads));
const panelsOf = series => [quantilesOf(series), ['rate'], ['value']].filter(names => names.length && series.tracks[names[0]]);

// The least and the greatest of what is drawn: with zero, and then up to a round number, unless that would
// press a gauge flat.
function range(series, names) {
  let low = Infinity, high = -Infinity;
  for (const value of names.flatMap(name => series.tracks[name])) {
    if (Number.isFinite(value)) { low = Math.min(low, value); high = Math.max(high, value); }
  }
  if (low > high) return [0, 1];
  if (low > 0 && (low < high / 2 || names[0] === 'rate')) low = 0;
  if (low === high) return low ? [Math.min(0, low * 2), Math.max(0, high * 2)] : [0, 1];
  const step = 10 ** Math.floor(Math.log10(high));
  return low === 0 ? [0, Math.ceil(2 * high / step) / 2 * step] : [low, high];
}

function lineOf(times, values, x, y) {
  let path = '', drawing = false;
  values.forEach((value, i) => {
    const there = Number.isFinite(value);
    if (there) path += `${drawing ? 'L' : 'M'}${x(times[i]).toFixed(1)} ${y(value).toFixed(1)}${drawing ? '' : 'h.1'}`;
    drawing = there;
  });
  return path;
}

// Draws tracks of a series on `width` times `height` pixels, with what is left free at the right and the bottom: all
// that is known, and at least a minute. Returns the scales.
function draw(svg, series, names, width, height, right, bottom) {
  const begin = Math.max(past.time - historySeconds, Math.min(past.began, past.time - 60));
  const [low, high] = range(series, names);
  const x = time => 2 + (time - begin) / (past.time - begin) * (width - right - 2);
  const y = value => height - bottom - (value - low) / (high - low) * (height - bottom - 4);
  svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
  const lines = [...svg.querySelectorAll('path')];
  names.forEach((name, i) => {
    lines[i] ??= svg.appendChild(make('path', { class: 'line ' + styleOf(name, i) }));
    lines[i].setAttribute('d', lineOf(series.times, series.tracks[name], x, y));
  });
  lines.slice(names.length).forEach(line => line.remove());
  return { x, y, begin, low, high };
}

// A large chart: with what its lines are called, its scale, and the point below the pointer.
class Panel {
  constructor(series, names, unit) {
    Object.assign(this, { series, names, unit, perSecond: names[0] === 'rate' });
    this.svg = make('svg', { 'aria-hidden': 'true' });
    this.readout = make('figcaption');
    this.node = make('figure', {}, this.readout, this.svg);
    this.svg.addEventListener('pointermove', event => { this.pointer = event.offsetX; this.update(); });
    this.svg.addEventListener('pointerleave', () => { this.pointer = undefined; this.update(); });
  }
  update() {
    const { series, names, svg } = this, width = Math.max(200, svg.clientWidth), height = 150;
    svg.querySelectorAll('text, line').forEach(node => node.remove());
    const place = draw(svg, series, names, width, height, 70, 20);
    for (const value of [place.low, (place.low + place.high) / 2, place.high]) {
      const at = place.y(value);
      svg.prepend(make('line', { x1: 2, x2: width - 70, y1: at, y2: at, class: 'grid' }));
      svg.append(make('text', { x: width - 64, y: at + 4 }, show(value, this.unit, this.perSecond)));
    }
    svg.append(make('text', { x: 2, y: height - 4 }, duration(Math.round(past.time - place.begin)) + ' ago'),
      make('text', { x: width - 70, y: height - 4, 'text-anchor': 'end' }, 'now'));
    let at = series.times.length - 1;
    if (this.pointer !== undefined) {
      const distance = i => Math.abs(place.x(series.times[i]) - this.pointer);
      for (const i of series.times.keys()) if (distance(i) < distance(at)) at = i;
      const x = place.x(series.times[at]);
      svg.append(make('line', { x1: x, x2: x, y1: 0, y2: height - 20, class: 'cursor' }));
    }
    const ago = Math.round(past.time - series.times[at]);
    this.readout.replaceChildren(...names.map((name, i) => {
      const value = series.tracks[name][at], text = Number.isNaN(value) ? '–' : show(value, this.unit, this.perSecond);
      return make('span', { class: styleOf(name, i) }, `${heads[name] ?? name}: ${text}`);
    }), ago ? duration(ago) + ' ago' : '');
  }
}
)js";

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_EXPORTER_LIVE_PAGE_CHARTS_HPP
