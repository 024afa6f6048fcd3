// promlite: "up 1" under a web configuration, for the test that has other programs judge the same files.
// SPDX-License-Identifier: MIT
// needs: promlite::exporter

// web_config_server says its address. Then each line that it is given names a file, which becomes the
// configuration: it says "ok", or why not, and then nothing changes.
#include <promlite/exporter/exporter_site.hpp>
#include <promlite/exporter/web_config.hpp>
#include <promlite/transport/server.hpp>

#include <iostream>
#include <memory>
#include <string>

class Up final : public promlite::detail::ScrapeSource {
 public:
  bool may_block() const noexcept override { return false; }
  bool render(const promlite::detail::ScrapeKey&, promlite::detail::Instant,
              promlite::detail::ByteBuffer& out) override {
    out.append("# TYPE up gauge\nup 1\n");
    return false;
  }
};

int main() {
  const promlite::ServerOptions options;
  const auto site = std::make_shared<promlite::detail::ExporterSite>(options, promlite::WebConfig());
  promlite::detail::Server server;
  const std::string reason = server.start("127.0.0.1:0", std::make_shared<Up>(), options, site);
  if (!reason.empty()) {
    std::cerr << reason << '\n';
    return 1;
  }
  std::cout << server.address() << std::endl;
  std::string path;
  while (std::getline(std::cin, path)) {
    const auto config = promlite::read_web_config(path);
    if (config) site->reload(*config);
    std::cout << (config ? "ok" : config.message()) << std::endl;
  }
}
