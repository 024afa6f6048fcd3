// promlite: pushes what it is told to, for the tests that look at a real gateway.
//   push_program URL JOB ACTION [NAME=VALUE...]
// ACTION is push, push_add, remove, clash (a metric of another type), or run=CODE (a BatchJob that ends with
// CODE); NAME=VALUE is a grouping label, or with @user, @password, @token in front of it a credential.
// SPDX-License-Identifier: MIT
#include <promlite/promlite.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

static void declare(promlite::Registry& registry, bool clash) {
  if (clash) {
    registry.gauge("files_processed_total_seconds", "Of a type that another push disagrees with.").set(1);
    return;
  }
  registry.counter("files_processed_total", "Files.", {"kind"}).with("a/b \"odd\" \xC3\xAB").inc(3);
  registry.histogram("files_processed_total_seconds", "Times.", promlite::linear_buckets(1, 1, 2))
      .observe(1.5);
  registry.summary("file_size_bytes", "Sizes.", promlite::quantiles({0.5})).observe(10);
  registry.stateset("importer_state", "Where it is.", {"reading", "done"}).set("done");
  registry.native_histogram("row_size_bytes", "Sizes of rows.").observe(100);
  registry.info("importer_build", "What runs.", {{"version", "1.2"}});
}

static promlite::PushResult act(promlite::Pushgateway& gateway, const std::string& action) {
  promlite::Registry registry;
  if (action == "remove") return gateway.remove();
  if (action.rfind("run=", 0) == 0) {
    promlite::BatchJob job(gateway, registry);
    job.expected_every(std::chrono::hours(24));
    job.run([&] { return job.run_stage("load", [&] { return std::atoi(action.c_str() + 4); }); });
    return job.finish();
  }
  declare(registry, action == "clash");
  return action == "push" ? gateway.push(registry) : gateway.push_add(registry);
}

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  promlite::Pushgateway gateway(argv[1], argv[2]);
  std::string user;
  for (int i = 4; i < argc; ++i) {
    const std::string argument = argv[i];
    const std::size_t equals = argument.find('=');
    const std::string name = argument.substr(0, equals), value = argument.substr(equals + 1);
    if (name == "@user") {
      user = value;
    } else if (name == "@password") {
      gateway.basic_auth(user, value);
    } else if (name == "@token") {
      gateway.bearer_token(value);
    } else {
      gateway.group(name, value);
    }
  }
  const promlite::PushResult result = act(gateway, argv[3]);
  std::printf("%d %s\n", result.status(), result.message().c_str());
  return result ? 0 : 1;
}
