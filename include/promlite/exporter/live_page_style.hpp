// promlite: how the live page looks.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPORTER_LIVE_PAGE_STYLE_HPP
#define PROMLITE_EXPORTER_LIVE_PAGE_STYLE_HPP

#include <promlite/config.hpp>

#include <string_view>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

inline constexpr std::string_view live_page_style = R"css(
:root {
  color-scheme: light dark;
  --back: #f6f7f9; --card: #fff; --line: #e3e6eb; --text: #1b2027; --dim: #5d6672; --accent: #2563c9;
  --q1: #8a4fd0; --q2: #c8386f; --good: #22863a; --bad: #b3261e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #13161b; --card: #1a1e25; --line: #2b313b; --text: #e5e8ec; --dim: #98a2b0; --accent: #74a5f5;
    --q1: #b78af0; --q2: #f07fa6; --good: #5cc47a; --bad: #ff8a80;
  }
}
* { box-sizing: border-box; }
html { scrollbar-gutter: stable; }
body {
  margin: 0 auto; padding: 0 16px 48px; max-width: 1120px; background: var(--back); color: var(--text);
  font: 14px/1.45 system-ui, sans-serif; font-variant-numeric: tabular-nums;
}
h1, h2, p, dl, dd { margin: 0; overflow-wrap: anywhere; }
button, input, select { font: inherit; color: inherit; }
button, select, #search, .family { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 4px 10px; }
button, select { min-height: 32px; cursor: pointer; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
a { color: var(--accent); }
header, .controls { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 16px; }
header { padding: 20px 0 12px; }
.controls { margin-left: auto; }
h1 { font-size: 22px; }
#status { flex: 1 1 auto; }
#status::before { content: ""; display: inline-block; width: 8px; height: 8px; border-radius: 4px; margin-right: 6px; background: currentColor; }
#status, dt, small, #found, .help, thead th, .key, .more, figcaption { color: var(--dim); }
[data-state=live] #status::before { background: var(--good); }
[data-state=failed] #status { color: var(--bad); flex-basis: 100%; order: 1; }
[data-state=failed] main { opacity: .6; }
dl { display: flex; flex-wrap: wrap; gap: 4px 28px; padding-bottom: 8px; }
dl div { display: flex; gap: 6px; }
dd { font-weight: 600; }
#searching { position: sticky; top: 0; z-index: 1; background: var(--back); padding: 8px 0; display: flex; align-items: center; }
#search { flex: 1; min-width: 0; height: 38px; }
#found:not(:empty) { margin-left: 12px; }
.family { padding: 10px 14px; margin: 8px 0; min-height: 62px; overflow-x: auto; }
.about { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 10px; min-width: 0; }
h2, tbody th { font: 13px/1.45 ui-monospace, Menlo, Consolas, monospace; }
h2 { font-weight: 600; }
.help { flex-basis: 100%; max-height: 6em; overflow: auto; }
table { width: 100%; margin-top: 4px; border-collapse: collapse; table-layout: fixed; }
th, td { padding: 3px 0 3px 12px; text-align: right; font-weight: inherit; width: 108px; }
th:first-child { text-align: left; padding-left: 0; width: auto; overflow-wrap: anywhere; }
th div { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 3; overflow: hidden; }
thead { font-size: 12px; }
th button, .chart button { background: none; border: 0; padding: 0; min-height: 24px; }
[aria-sort=descending] button::after { content: " ↓"; }
[aria-sort=ascending] button::after { content: " ↑"; }
tbody tr { border-top: 1px solid var(--line); }
td { white-space: nowrap; }
bdi { margin-right: 8px; }
.chart { width: 164px; }
thead th:only-child { display: none; }
tr:has([aria-expanded=true]) th div { display: block; }
.chart button { display: block; margin-left: auto; }
.chart button:hover { background: var(--back); }
svg { display: block; width: 150px; height: 30px; }
.line { fill: none; stroke: currentColor; stroke-width: 1.5; stroke-linejoin: round; stroke-linecap: round; }
.q0 { color: var(--accent); }
.q1 { color: var(--q1); }
.q2 { color: var(--q2); }
.detail, .detail + tr, .single tr { border: 0; }
.detail td { text-align: left; padding: 0 0 12px; }
figure { margin: 8px 0 0; }
figure svg { width: 100%; height: 150px; }
figcaption { display: flex; flex-wrap: wrap; gap: 2px 16px; }
text { fill: var(--dim); font-size: 11px; }
.grid { stroke: var(--line); }
.cursor { stroke: var(--dim); stroke-dasharray: 3; }
.more { margin-top: 6px; }
.single { display: grid; grid-template-columns: 1fr 394px; align-items: center; }
.single tr { display: flex; flex-wrap: wrap; justify-content: flex-end; align-items: center; }
.single thead, .single tbody th { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
@media (max-width: 980px) {
  .controls { margin: 0; }
  thead { position: absolute; clip-path: inset(50%); }
  .single { display: block; }
  tbody tr { display: flex; flex-wrap: wrap; align-items: center; gap: 0 14px; padding: 4px 0; }
  tbody th, .detail td { flex-basis: 100%; }
  tbody td { padding: 0; text-align: left; width: auto; }
  td[data-head]::before { content: attr(data-head) " "; color: var(--dim); font-size: 12px; }
  .single tr { justify-content: start; }
  td.chart { margin-left: auto; }
}
)css";

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_EXPORTER_LIVE_PAGE_STYLE_HPP
