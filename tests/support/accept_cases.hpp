// promlite: headers Accept, and what they must get.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TESTS_SUPPORT_ACCEPT_CASES_HPP
#define PROMLITE_TESTS_SUPPORT_ACCEPT_CASES_HPP

#include <string>
#include <string_view>
#include <vector>

namespace test {

struct AcceptCase {
  std::string accept;
  char format;  ///< (t)ext, (o)penMetrics, its draft (d)escribed as 0.0.1, (p)rotobuf
  std::string escaping = {};

  std::string content_type() const {
    const std::string base =
        format == 't'   ? "text/plain; version=0.0.4; charset=utf-8"
        : format == 'o' ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
        : format == 'd'
            ? "application/openmetrics-text; version=0.0.1; charset=utf-8"
            : "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";
    return escaping.empty() ? base : base + "; escaping=" + escaping;
  }

  /// The body for a counter `jobs_total` of 7 with the help text "Jobs done.", created 17 s after the epoch.
  std::string body() const {
    if (format == 't') return "# HELP jobs_total Jobs done.\n# TYPE jobs_total counter\njobs_total 7\n";
    if (format != 'p') return "# TYPE jobs counter\n# HELP jobs Jobs done.\njobs_total 7.0\n# EOF\n";
    return std::string("\x2b\x0a\x0ajobs_total\x12\x0aJobs done.\x18\x00\x22\x0f\x1a\x0d\x09", 32) +
           std::string("\x00\x00\x00\x00\x00\x00\x1c\x40\x1a\x02\x08\x11", 12);
  }
};

inline const std::vector<AcceptCase>& accept_cases() {
  static const std::string delimited =
      "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";
  static const std::string draft = "application/openmetrics-text;version=0.0.1";
  static const std::string metrics = "application/openmetrics-text;version=1.0.0";
  static const std::vector<AcceptCase> cases = {
      // Prometheus 2.42, without and with native histograms.
      {metrics + "," + draft + ";q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1", 'o'},
      {delimited + "," + metrics + ";q=0.8," + draft + ";q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
       'p'},
      // Prometheus 3, without and with protobuf first.
      {metrics + ";escaping=allow-utf-8;q=0.6," + draft +
           ";q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/"
           "*;q=0.2",
       'o', "allow-utf-8"},
      {delimited + ";q=0.6," + metrics + ";escaping=allow-utf-8;q=0.5," + draft +
           ";q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/"
           "*;q=0.1",
       'p'},
      // Browsers and tools.
      {"", 't'},
      {"*/*", 't'},
      {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", 't'},
      {"text/*", 't'},
      {"text/html", 't'},
      {"application/json", 't'},
      {"application/*", 't'},
      // Weights and order.
      {"text/plain;q=0.5," + metrics + ";q=0.4", 't'},
      {"text/plain;q=0.4," + metrics + ";q=0.5", 'o'},
      {metrics + ";q=0, text/plain", 't'},
      {metrics + ";q=0", 't'},
      {metrics + ";q=0.0000," + draft + ";q=0.0001", 'd'},
      {metrics + ";q=1.0000,text/plain;q=0.9999", 'o'},
      {"text/plain," + metrics, 'o'},  // the one with a parameter is more specific
      {"text/plain;version=0.0.4," + metrics, 't'},
      {metrics + ",text/plain;version=0.0.4", 'o'},
      {"*/*," + metrics, 'o'},
      {"*/*,application/openmetrics-text", 'd'},
      {"text/*,application/openmetrics-text", 'd'},
      {"text/*;a=b,application/openmetrics-text", 'd'},
      {metrics + ";q=1.5," + draft + ";q=0.1", 'd'},
      {metrics + ";q=-1", 't'},
      {metrics + ";q=abc", 't'},
      {metrics + ";q=", 't'},
      {metrics + ";q=0.5x", 't'},
      {metrics + ";q=.5", 't'},
      {metrics + ";q=1.", 'o'},
      // Versions and parameters.
      {draft, 'd'},
      {"application/openmetrics-text", 'd'},
      {"application/openmetrics-text;version=2.0.0", 't'},
      {"application/openmetrics-text;version=", 't'},
      {"text/plain;version=1.0.0," + metrics + ";q=0.1", 'o'},
      {"text/plain;version=1.0.0", 't'},
      {"text/plain; charset=utf-8", 't'},
      {"application/vnd.google.protobuf", 't'},
      {"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily", 't'},
      {"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text", 't'},
      {"application/vnd.google.protobuf;proto=other;encoding=delimited", 't'},
      {"application/vnd.google.protobuf;encoding=delimited," + metrics + ";q=0.1", 'o'},
      {"application/vnd.google.protobuf;encoding=delimited;proto=io.prometheus.client.MetricFamily", 'p'},
      // How it may be written.
      {"APPLICATION/OpenMetrics-Text ; Version=1.0.0 ; Q=0.5", 'o'},
      {"application/openmetrics-text; version=\"1.0.0\"; q=\"0.5\"", 'o'},
      {"application/openmetrics-text; version=\"1\\.0.0\"", 'o'},
      {"  \t" + metrics + "\t ", 'o'},
      {",, ,;;," + metrics + ";;", 'o'},
      {"a/b;c=\"," + metrics + "\",text/plain", 't'},
      {"a/b;c=\"\\\"," + metrics + ",\"," + draft, 'd'},
      {";;,,==\"", 't'},
      {"\xff", 't'},
      // Escaping, of the clause that won.
      {metrics + ";escaping=allow-utf-8", 'o', "allow-utf-8"},
      {metrics + ";escaping=\"dots\"", 'o', "dots"},
      {draft + ";escaping=values", 'd', "values"},
      {metrics + ";escaping=underscores", 'o', "underscores"},
      {metrics + ";escaping=unknown", 'o', "underscores"},
      {"text/plain;version=0.0.4;escaping=allow-utf-8", 't', "allow-utf-8"},
      {delimited + ";escaping=allow-utf-8", 'p', "allow-utf-8"},
      {"text/plain;version=1.0.0;escaping=allow-utf-8,text/plain;version=0.0.4;q=0.5", 't'},
  };
  return cases;
}

}  // namespace test

#endif  // PROMLITE_TESTS_SUPPORT_ACCEPT_CASES_HPP
