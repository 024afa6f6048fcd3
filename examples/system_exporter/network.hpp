// system_exporter: what goes through the network interfaces, from /proc/net/dev and /sys/class/net.
// SPDX-License-Identifier: MIT
#ifndef SYSTEM_EXPORTER_NETWORK_HPP
#define SYSTEM_EXPORTER_NETWORK_HPP

#include "exclusion.hpp"
#include "files.hpp"
#include "text.hpp"

#include <promlite/collector.hpp>
#include <promlite/sink.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace system_exporter {

struct NetworkMetric {
  const char* name;
  const char* help;
};

/// The columns behind an interface's name in their order (proc_pid_net(5)).
inline constexpr std::array<NetworkMetric, 16> network_metrics = {{
    {"system_network_receive_bytes_total", "Bytes received."},
    {"system_network_receive_packets_total", "Packets received."},
    {"system_network_receive_errors_total", "Packets that were received damaged."},
    {"system_network_receive_dropped_total", "Packets that were received and dropped."},
    {"system_network_receive_fifo_errors_total", "Packets lost because a queue of the receiver was full."},
    {"system_network_receive_frame_errors_total", "Packets that were received with a framing error."},
    {"system_network_receive_compressed_packets_total", "Compressed packets received."},
    {"system_network_receive_multicast_packets_total", "Multicast packets received."},
    {"system_network_transmit_bytes_total", "Bytes sent."},
    {"system_network_transmit_packets_total", "Packets sent."},
    {"system_network_transmit_errors_total", "Packets that could not be sent."},
    {"system_network_transmit_dropped_total", "Packets dropped instead of sent."},
    {"system_network_transmit_fifo_errors_total", "Packets lost because a queue of the sender was full."},
    {"system_network_transmit_collisions_total", "Collisions while sending."},
    {"system_network_transmit_carrier_errors_total", "Packets lost because there was no carrier."},
    {"system_network_transmit_compressed_packets_total", "Compressed packets sent."},
}};

struct Interface {
  std::string device;
  std::array<std::uint64_t, network_metrics.size()> columns{};
};

/// A line that is damaged is left out whole; the two lines of headings have a "|".
inline Reading<std::vector<Interface>> parse_interfaces(std::string_view text) {
  Reading<std::vector<Interface>> reading;
  for (std::string_view line; take_line(text, line);) {
    if (line.find('|') != std::string_view::npos) continue;
    const std::size_t colon = line.rfind(':');  // the name may have one itself
    std::string_view name = line.substr(0, colon);
    std::string_view counts = colon == std::string_view::npos ? "" : line.substr(colon + 1);
    Interface interface {
      std::string(take_word(name)), {}
    };
    bool valid = !interface.device.empty();
    for (std::uint64_t& column : interface.columns) {
      const auto count = parse_integer(take_word(counts));
      valid = valid && count;
      if (count) column = *count;
    }
    if (valid) {
      reading.value.push_back(std::move(interface));
    } else {
      reading.add_problem("the line of " + quote(interface.device) + " cannot be read");
    }
  }
  return reading;
}

class NetworkCollector : public promlite::Collector {
 public:
  NetworkCollector(const Paths& paths, Exclusion devices)
      : procfs_(paths.procfs), sys_path_(paths.sysfs + "/class/net/"), devices_(std::move(devices)) {}

  void collect(promlite::Sink& sink) override {
    const auto text = read_of_first_process(procfs_, "net/dev");
    if (!text) return;
    const auto reading = parse_interfaces(*text);
    tell(procfs_ + "/1/net/dev", reading);
    for (const Interface& interface : reading.value) {
      const std::string& device = interface.device;
      if (devices_.leaves_out(device)) continue;
      for (std::size_t i = 0; i < interface.columns.size(); ++i) {
        sink.counter(network_metrics[i].name, network_metrics[i].help)
            .sample({{"device", device}}, interface.columns[i]);
      }
      if (device.find('/') == std::string::npos && device != "." && device != "..") show_state(sink, device);
    }
  }

 private:
  // What is not known of an interface, as the speed of one that is down, the kernel refuses to read or gives
  // as -1.
  void show_state(promlite::Sink& sink, const std::string& device) const {
    const std::string folder = sys_path_ + device;
    const auto gauge = [&](const char* name, const char* help, std::optional<std::uint64_t> value) {
      if (value) sink.gauge(name, help).sample({{"device", device}}, *value);
    };
    gauge("system_network_mtu_bytes", "Size of the largest packet.", number(folder + "/mtu"));
    gauge("system_network_carrier", "1 if there is a carrier, as with a cable plugged in.",
          number(folder + "/carrier"));
    const auto megabits = number(folder + "/speed");
    gauge("system_network_speed_bytes", "Bytes that the interface can send in a second.",
          megabits ? times(*megabits, 125000) : std::nullopt);
    const auto state = read_file(folder + "/operstate");
    if (!state) return;
    std::string_view word = *state;
    word = word.substr(0, word.find('\n'));
    sink.gauge("system_network_up", "1 if the interface is in operation.")
        .sample({{"device", device}}, word == "up" ? 1 : 0);
  }

  static std::optional<std::uint64_t> number(const std::string& path) {
    const auto text = read_file(path);
    if (!text) return std::nullopt;
    std::string_view line = *text;
    return parse_integer(line.substr(0, line.find('\n')));
  }

  const std::string procfs_;
  const std::string sys_path_;
  const Exclusion devices_;
};

}  // namespace system_exporter

#endif  // SYSTEM_EXPORTER_NETWORK_HPP
