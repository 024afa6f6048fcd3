// promlite: a page on which people see a program's metrics live.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPORTER_LIVE_PAGE_HPP
#define PROMLITE_EXPORTER_LIVE_PAGE_HPP

#include <promlite/config.hpp>
#include <promlite/exporter/live_page_charts.hpp>
#include <promlite/exporter/live_page_data.hpp>
#include <promlite/exporter/live_page_script.hpp>
#include <promlite/exporter/live_page_style.hpp>
#include <promlite/transport/site.hpp>

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

namespace promlite {
inline namespace PROMLITE_ABI {
namespace detail {

/// What the page's policy lets a browser run: this script and this style, and nothing that a metric says.
/// SHA-256 of what stands between the tags, in base64 (Content Security Policy Level 3 section 2.3.1);
/// tests/integration/live_page_test.py says what it has become.
inline constexpr std::string_view live_page_script_hash =
    "sha256-1KXNoWtIWm7D+bTpnuR2mqrLy9uSpLtjMtllOKXJa6o=";
inline constexpr std::string_view live_page_style_hash =
    "sha256-lMT6ha/BtS9HeYMC50va+7sQ1PRo7we4Vi0d5VFmJjk=";

/// The page around them; what stands in braces is filled in.
inline constexpr std::string_view live_page_frame = R"html(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src '{script_hash}'; style-src '{style_hash}'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E
%3Cpath d='M1 12l4-5 3 3 6-8' fill='none' stroke='%232563c9' stroke-width='2'/%3E%3C/svg%3E">
<style>{style}</style>
</head>
<body>
<header>
<h1>{title}</h1>
<p id="status" role="status">Connecting</p>
<div class="controls">
<label for="interval">Every</label>
<select id="interval"><option value="1">1 s<option value="5" selected>5 s<option value="15">15 s</select>
<button id="pause">Pause</button>
<a id="metrics" href=".{metrics_path}">Raw metrics</a>
</div>
</header>
<noscript><p>The charts need JavaScript; the <a href=".{metrics_path}">metrics</a> do not.</p></noscript>
<dl>
<div><dt>Families</dt><dd id="count"></dd></div>
<div><dt>Series</dt><dd id="samples"></dd></div>
<div><dt>Scrape</dt><dd id="took"></dd></div>
<div><dt>Size</dt><dd id="size"></dd></div>
<div><dt>Updated</dt><dd id="when"></dd></div>
</dl>
<div id="searching" role="search">
<input id="search" type="search" aria-label="Search" placeholder="Search names, labels and help  ( / )">
<p id="found" role="status"></p>
</div>
<main>
<div id="families"></div>
<button id="more" hidden>Show more families</button>
</main>
<script>{script}</script>
</body>
</html>
)html";

/// A text, and the name in braces whose place it takes.
struct FramePart {
  std::string_view name;
  std::string_view text;
};

PROMLITE_COLD inline std::string filled(std::string_view frame, std::initializer_list<FramePart> parts) {
  std::string page;
  for (std::size_t open; (open = frame.find('{')) != std::string_view::npos;) {
    const std::size_t close = frame.find('}', open);
    page += frame.substr(0, open);
    for (const FramePart& part : parts) {
      if (part.name == frame.substr(open + 1, close - open - 1)) page += part.text;
    }
    frame.remove_prefix(close + 1);
  }
  return page += frame;
}

/// A source as it is sent: without indentation, empty lines, and lines that are a comment.
PROMLITE_COLD inline std::string without_indentation(std::string_view source) {
  std::string sent;
  while (!source.empty()) {
    const std::size_t end = source.find('\n');
    std::string_view line = source.substr(0, end);
    source.remove_prefix(end == std::string_view::npos ? source.size() : end + 1);
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    if (!line.empty() && line.substr(0, 2) != "//") sent.append(line).push_back('\n');
  }
  return sent;
}

/// A style as it is sent: without the blanks too that only its readers want.
PROMLITE_COLD inline std::string dense(std::string_view style) {
  const std::string lines = without_indentation(style);
  std::string sent;
  for (const char c : lines) {
    const char last = sent.empty() ? '\0' : sent.back();
    if (c == ' ' && (last == ':' || last == ';' || last == ',' || last == '{')) continue;
    if (c == '{' && last == ' ') sent.pop_back();
    sent += c;
  }
  return sent;
}

}  // namespace detail

/// A page for ServerOptions::landing_page that shows the metrics at `metrics_path` live: their values, and
/// charts of the last five minutes. The browser asks for the metrics every few seconds, as a scraper does,
/// and draws what it gets; the page needs nothing from elsewhere and sends nothing anywhere. It stands at
/// "/".
///
/// `title` is any text. A `metrics_path` as ServerOptions::metrics_path; behind a proxy that serves the page
/// below a prefix the metrics are looked for below the same prefix. Less than 30 KB; throws std::bad_alloc
/// alone.
PROMLITE_COLD inline std::string live_page(std::string_view title,
                                           std::string_view metrics_path = "/metrics") {
  const std::string name = detail::escape_html(title), path = detail::escape_html(metrics_path);
  const std::string style = detail::dense(detail::live_page_style);
  std::string script = detail::without_indentation(detail::live_page_data);
  script += detail::without_indentation(detail::live_page_charts);
  script += detail::without_indentation(detail::live_page_script);
  return detail::filled(detail::live_page_frame, {{"title", name},
                                                  {"metrics_path", path},
                                                  {"style_hash", detail::live_page_style_hash},
                                                  {"script_hash", detail::live_page_script_hash},
                                                  {"style", style},
                                                  {"script", script}});
}

}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_EXPORTER_LIVE_PAGE_HPP
