// promlite: a program that somebody else might have written, with compressed responses.
// SPDX-License-Identifier: MIT
#include <promlite/promlite.hpp>

#include <promlite/gzip.hpp>

#include <cstdio>
#include <string>

int main() {
  promlite::Registry registry;
  registry.gauge("x", std::string(5000, 'h')).set(3);
  promlite::ScrapeRequest request;
  request.accept_encoding = "gzip";
  request.compression = promlite::gzip();
  const promlite::ScrapeResponse response = promlite::scrape(registry, request);
  std::printf("%s %s\n", response.content_encoding.c_str(), response.body.size() < 500 ? "small" : "large");
}
