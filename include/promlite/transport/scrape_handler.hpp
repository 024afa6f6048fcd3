// promlite: a scrape as a function from a request to a response, for programs that have a web server already.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_TRANSPORT_SCRAPE_HANDLER_HPP
#define PROMLITE_TRANSPORT_SCRAPE_HANDLER_HPP

#include <promlite/config.hpp>
#include <promlite/desc.hpp>
#include <promlite/detail/byte_buffer.hpp>
#include <promlite/exposition/negotiation.hpp>
#include <promlite/gatherer.hpp>
#include <promlite/registry.hpp>
#include <promlite/registry_group.hpp>
#include <promlite/transport/compression.hpp>
#include <promlite/transport/instant.hpp>
#include <promlite/transport/query.hpp>
#include <promlite/transport/scrape_source.hpp>

#include <memory>
#include <string>
#include <utility>

namespace promlite {
inline namespace PROMLITE_ABI {

/// What a scrape asks for, as the HTTP request says it.
struct ScrapeRequest {
  /// The value of Accept; several lines are joined by commas. It chooses between text, OpenMetrics and
  /// protobuf, as Prometheus asks for them; empty, or nothing that there is: text.
  std::string accept;
  /// The query, behind the '?' and still encoded. `name[]=a&name[]=b` asks for the families of these names,
  /// or of which these are sample names; unknown names are passed over. Everything else in it is ignored.
  std::string query;
  /// Whether OpenMetrics text shows when series were created, as series of their own.
  CreatedSamples created = CreatedSamples::hidden;
  /// The value of Accept-Encoding; with it, and `compression = promlite::gzip()` of `promlite/gzip.hpp`, the
  /// body may be compressed.
  std::string accept_encoding;
  Compression compression;
};

/// What to answer; the body is complete, so Content-Length is its size.
struct ScrapeResponse {
  int status = 200;
  std::string content_type;
  std::string body;
  /// The value of Content-Encoding, `gzip`; empty: no such header. Where a request had a compression, the
  /// response has `Vary: Accept, Accept-Encoding`.
  std::string content_encoding;
};

/// Answers a GET of the metrics: 200 with an exposition, 400 when it asks for too many names, 503 when memory
/// ran out. Runs the registry's collectors on the calling thread, for as long as they take. Thread safe;
/// throws nothing but std::bad_alloc, and that only where there is none for the response of the 503.
PROMLITE_COLD inline ScrapeResponse scrape(Gatherer& registry, const ScrapeRequest& request = {}) {
  const auto refusal = [](int status, const char* text) {
    return ScrapeResponse{status, "text/plain; charset=utf-8", text, {}};
  };
  PROMLITE_TRY {
    NameFilter filter;
    if (!detail::parse_filter(request.query, filter)) return refusal(400, "Bad request\n");
    const detail::Representation exposition = detail::negotiate(request.accept);
    detail::ByteBuffer body;
    detail::encode(exposition, registry, filter, request.created, body);
    detail::ByteBuffer scratch;
    const bool compressed =
        detail::wants_gzip(request.accept_encoding) && detail::compress(request.compression, body, scratch);
    return ScrapeResponse{200, std::string(detail::ContentType(exposition).text()), std::string(body.view()),
                          compressed ? "gzip" : ""};
  }
  PROMLITE_CATCH_ALL { return refusal(503, "Service unavailable\n"); }
}

namespace detail {

/// A registry, or several, as the server sees it. It holds the inside, so the Registry object may go first.
class RegistrySource final : public ScrapeSource {
 public:
  explicit RegistrySource(std::shared_ptr<RegistryGroup> registry,
                          CreatedSamples created = CreatedSamples::hidden,
                          const Compression& compression = {}) noexcept
      : registry_(std::move(registry)), created_(created), compression_(compression) {}

  bool may_block() const noexcept override { return registry_->has_collectors(); }
  bool has_gzip() const noexcept override { return compression_.gzip != nullptr; }
  bool render(const ScrapeKey& key, Instant, ByteBuffer& out) override {
    encode(key.exposition, *registry_, key.filter, created_, out);
    return key.gzip && compress(compression_, out, scratch_);
  }

 private:
  std::shared_ptr<RegistryGroup> registry_;
  const CreatedSamples created_;
  const Compression compression_;
  ByteBuffer scratch_;
};

}  // namespace detail
}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_TRANSPORT_SCRAPE_HANDLER_HPP
