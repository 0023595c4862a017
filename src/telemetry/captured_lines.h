// What a Logger wrote, read back as JSON. For *_test.cc only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace gateway::telemetry {

// Runs `work`, which makes, uses and destroys a Logger, and parses each line that came on stderr.
// A line that is not one JSON object fails the test.
template <typename Work>
std::vector<boost::json::object> CaptureLines(Work work) {
  testing::internal::CaptureStderr();
  work();
  const std::string text = testing::internal::GetCapturedStderr();
  std::vector<boost::json::object> lines;
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    const auto line = rest.substr(0, end);
    boost::system::error_code ec;
    const auto value = boost::json::parse({line.data(), line.size()}, ec);
    if (ec || !value.is_object()) {
      ADD_FAILURE() << "not a JSON object: " << line;
    } else {
      lines.push_back(value.get_object());
    }
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  return lines;
}

}  // namespace gateway::telemetry
