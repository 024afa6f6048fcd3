// promlite: the live page's script, third part: what is shown, and when it is asked for.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPORTER_LIVE_PAGE_SCRIPT_HPP
#define PROMLITE_EXPORTER_LIVE_PAGE_SCRIPT_HPP

#include <promlite/config.hpp>

#include <string_view>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

inline constexpr std::string_view live_page_script = R"js(
// ---- Families as cards, series as rows ----

// Element -> Card or Row.
const views = new WeakMap();
// Only what can be seen, or nearly, is kept up to date.
const observer = new IntersectionObserver(entries => {
  for (const { target, isIntersecting } of entries) {
    const view = views.get(target);
    view.visible = isIntersecting;
    if (isIntersecting) view.update();
  }
}, { rootMargin: '300px' });

function observe(view) {
  views.set(view.node, view);
  observer.observe(view.node);
}

// [{head, unit, perSecond, of: series => number}...]
function columnsOf({ type, name, series }) {
  const unit = unitOf({ name });
  const last = track => one => one.tracks[track]?.findLast(Number.isFinite);
  const rate = { head: heads.rate, unit: type === 'counter' ? unit : 'number', perSecond: true, of: last('rate') };
  if (type === 'counter') return [rate, { head: 'Total', unit, of: ({ now }) => now.value }];
  const count = { head: 'Count', unit: 'number', of: ({ now }) => now.count };
  const [first] = series.values(), quantiles = /^(histogram|summary)$/.test(type) && quantilesOf(first);
  if (quantiles) return [...quantiles.map(head => ({ head, unit, of: last(head) })), rate, count];
  return name.endsWith('_info') ? [] : [{ head: heads.value, unit, of: ({ now }) => now.value }];
}

class Row {
  constructor(card, series) {
    Object.assign(this, { card, series, panels: [] });
    const labels = series.labels.flatMap(([name, value]) =>
      [make('span', { class: 'key' }, name + '='), make('bdi', {}, value), ' ']);
    this.cells = card.columns.map(({ head }) => make('td', { 'data-head': head }));
    this.node = make('tr', {}, make('th', { scope: 'row' }, make('div', {},
      ...labels.length ? labels : [make('span', { class: 'key' }, 'no labels')])), ...this.cells);
    if (card.columns.length) {
      const name = [card.family.name, ...series.labels.map(label => label.join('='))].join(' ').slice(0, 200);
      this.svg = make('svg', { 'aria-hidden': 'true' });
      this.button = make('button', { 'aria-label': 'Chart of ' + name, 'aria-expanded': 'false' }, this.svg);
      this.button.addEventListener('click', () => this.toggle());
      this.node.append(make('td', { class: 'chart' }, this.button));
    }
    this.update();
    observe(this);
  }
  toggle() {
    const open = !this.detail, { series, card } = this, unit = unitOf(card.family);
    this.button.setAttribute('aria-expanded', open);
    this.panels = open ? panelsOf(series).map(names =>
      new Panel(series, names, names[0] === 'rate' && card.family.type !== 'counter' ? 'number' : unit)) : [];
    this.detail?.remove();
    this.detail = open ? make('tr', { class: 'detail' },
      make('td', { colspan: this.cells.length + 2 }, ...this.panels.map(panel => panel.node))) : undefined;
    card.update();
    this.update();
  }
  get nodes() { return this.detail ? [this.node, this.detail] : [this.node]; }
  update() {
    this.card.columns.forEach(({ unit, perSecond, of }, i) => {
      const value = of(this.series), cell = this.cells[i];
      setText(cell, value === undefined ? '–' : show(value, unit, perSecond));
      cell.title = value === undefined ? 'None since this page was opened' : exactly(value, unit);
    });
    if (this.svg) {
      draw(this.svg, this.series, panelsOf(this.series)[0], 150, 30, 2, 2);
    }
    for (const panel of this.panels) panel.update();
  }
}

const rowsAtFirst = 10, familiesAtFirst = 200;

class Card {
  constructor(family, number) {
    Object.assign(this, { family, shown: rowsAtFirst, rows: new Map(), matching: [] });
    const id = 'family' + number;
    this.help = make('p', { class: 'help' });
    this.table = make('table', { 'aria-labelledby': id });
    this.more = make('button');
    this.more.addEventListener('click', () => { this.shown *= 5; this.update(); });
    this.count = make('span');
    this.node = make('section', { class: 'family', 'aria-labelledby': id },
      make('div', { class: 'about' }, make('h2', { id }, family.name), make('small', {}, family.type), this.help),
      this.table, make('p', { class: 'more' }, this.more, ' ', this.count));
    observe(this);
  }
  // The table's head; its columns are those of the family, which a summary may change.
  layOut() {
    const columns = columnsOf(this.family), names = columns.map(column => column.head).join();
    if (names === this.names) return;
    Object.assign(this, { columns, names });
    this.rows.clear();
    this.heads = columns.map((column, i) => {
      const button = make('button', {}, column.head);
      button.addEventListener('click', () => {
        this.order = { by: i, sign: this.order?.by === i ? -this.order.sign : -1 };
        this.update();
      });
      return make('th', { scope: 'col' }, button);
    });
    this.body = make('tbody');
    this.table.replaceChildren(make('thead', {}, make('tr', {}, make('th', { scope: 'col' }, 'Labels'), ...this.heads,
      ...columns.length ? [make('th', { scope: 'col', class: 'chart' }, 'Last minutes')] : [])), this.body);
  }
  update() {
    setText(this.help, this.family.help);
    if (!this.visible) return;
    this.layOut();
    this.heads.forEach((head, i) =>
      head.ariaSort = this.order?.by !== i ? 'none' : this.order.sign < 0 ? 'descending' : 'ascending');
    let list = this.matching;
    if (this.order) {
      const { of } = this.columns[this.order.by], number = series => of(series) || 0;
      list = [...list].sort((a, b) => this.order.sign * (number(a) - number(b)));
    }
    const rows = list.slice(0, this.shown).map(series => {
      if (!this.rows.has(series)) this.rows.set(series, new Row(this, series));
      return this.rows.get(series);
    });
    arrange(this.body, rows.flatMap(row => row.nodes));
    for (const series of this.rows.keys()) if (series.poll !== past.poll) this.rows.delete(series);
    for (const row of rows) if (row.visible) row.update();
    this.node.classList.toggle('single', list.length === 1 && list[0].labels.length === 0 && this.columns.length < 3);
    this.more.parentNode.hidden = list.length <= this.shown;
    setText(this.more, `Show ${digits(Math.min(this.shown * 4, list.length - this.shown))} more`);
    setText(this.count, `${digits(Math.min(this.shown, list.length))} of ${digits(list.length)}`);
  }
}

// ---- The page ----

// Family of the history -> Card.
const cards = new Map();
let familiesShown = familiesAtFirst, cardsMade = 0;

// The series of a family that are there and hold every word: in the family's name or help, or in their labels.
function matching(family, words) {
  const about = (family.name + ' ' + family.help).toLowerCase();
  const left = words.filter(word => !about.includes(word));
  return [...family.series.values()].filter(series => {
    if (series.poll !== past.poll) return false;
    series.text ??= series.labels.map(label => label.join('=')).join(' ').toLowerCase();
    return left.every(word => series.text.includes(word));
  });
}

function render() {
  if (!past.poll) return;
  const words = find('search').value.toLowerCase().split(/\s+/).filter(Boolean), list = [];
  let there = 0;
  for (const family of past.families.values()) {
    if (family.poll !== past.poll) continue;
    there += 1;
    const found = matching(family, words);
    if (!found.length) continue;
    if (!cards.has(family)) cards.set(family, new Card(family, cardsMade += 1));
    const card = cards.get(family);
    card.matching = found;
    list.push(card);
  }
  list.sort((a, b) => a.family.name < b.family.name ? -1 : 1);
  for (const family of cards.keys()) if (past.families.get(family.name) !== family) cards.delete(family);
  arrange(find('families'), list.slice(0, familiesShown).map(card => card.node));
  for (const card of list.slice(0, familiesShown)) card.update();
  find('more').hidden = list.length <= familiesShown;
  setText(find('found'), !list.length ? 'Nothing to show.' : words.length ? `${digits(list.length)} of ${digits(there)} families` : '');
  setText(find('count'), digits(there));
}

// ---- Polling ----

const answerSeconds = 15;
let paused = false, asking = false, timer;

function say(state, text) {
  document.body.dataset.state = state;
  setText(find('status'), text);
}

const reasons = {
  401: 'The exporter asks for a password (401): load this page again to give it.',
  503: 'The exporter could not collect its metrics in time (503).',
};

// Takes the text of one poll, made at `time` in seconds. Returns what is wrong with it.
function ingest(text, time) {
  const { families, samples, problems: [problem] } = parse(text);
  if (problem && !samples) return 'What the exporter answers is not metrics.';
  remember(families, time);
  setText(find('samples'), digits(samples));
  render();
  return problem && `Line ${problem.line} is not understood: ${problem.reason}.`;
}

// Returns what is wrong.
async function ask(began) {
  let answer, body;
  try {
    // The origin has no password, even where the page's address has one; fetch refuses those.
    answer = await fetch(location.origin + find('metrics').pathname, {
      headers: { Accept: 'text/plain;version=0.0.4;escaping=allow-utf-8' },
      cache: 'no-store', signal: AbortSignal.timeout(answerSeconds * 1000) });
    body = await answer.arrayBuffer();
  } catch (error) {
    return error.name === 'TimeoutError' ? `The exporter has not answered within ${answerSeconds} s.` :
      'The exporter cannot be reached.';
  }
  if (!answer.ok) return reasons[answer.status] ?? `The exporter answers with an error (${answer.status}).`;
  setText(find('took'), duration((performance.now() - began) / 1000));
  setText(find('size'), shortly.bytes(body.byteLength));
  setText(find('when'), new Date().toLocaleTimeString());
  return ingest(new TextDecoder().decode(body), began / 1000);
}

async function poll() {
  clearTimeout(timer);
  if (paused || document.hidden || asking) return;
  asking = true;
  const began = performance.now();
  try {
    const reason = await ask(began);
    if (!paused) say(reason ? 'failed' : 'live', reason ? reason + ' Trying again.' : 'Live');
  } finally {
    asking = false;
    // Rates need a second poll, and soon; what takes long is asked for less often.
    const spent = performance.now() - began, interval = past.poll < 2 ? 1 : find('interval').value;
    timer = setTimeout(poll, Math.max(interval * 1000 - spent, Math.min(spent, 5000)));
  }
}

find('pause').addEventListener('click', () => {
  paused = !paused;
  setText(find('pause'), paused ? 'Resume' : 'Pause');
  if (paused) say('paused', 'Paused');
  poll();
});
addEventListener('resize', render);
find('interval').addEventListener('change', poll);
document.addEventListener('visibilitychange', poll);
find('more').addEventListener('click', () => { familiesShown *= 5; render(); });
find('search').addEventListener('input', render);

addEventListener('keydown', event => {
  if (event.key !== '/' || event.target.closest('input, select') || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  find('search').focus();
});
poll();
)js";

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_EXPORTER_LIVE_PAGE_SCRIPT_HPP
