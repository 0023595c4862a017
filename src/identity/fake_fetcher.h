// An identity provider behind the fetcher, without a network. For *_test.cc only.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "identity/http_fetcher.h"

namespace gateway::identity {

class FakeFetcher final : public HttpFetcher {
 public:
  struct Request {
    std::string url;
    HttpFields fields;
    std::string form;
  };

  Expected<HttpAnswer> Get(const EndpointUrl& url, const HttpFields& fields) override {
    return Answer({url.ToString(), fields, ""});
  }
  Expected<HttpAnswer> Post(const EndpointUrl& url,
                            const HttpFields& fields,
                            const std::string& form) override {
    return Answer({url.ToString(), fields, form});
  }

  // How often this address was asked for.
  int CountOf(const std::string& url) const {
    int count = 0;
    for (const auto& request : requests) count += request.url == url ? 1 : 0;
    return count;
  }

  std::map<std::string, HttpAnswer> answers;  // by address; others are 404
  bool down = false;
  std::function<void()> on_request;
  std::vector<Request> requests;

 private:
  Expected<HttpAnswer> Answer(Request request) {
    requests.push_back(std::move(request));
    if (on_request) on_request();
    if (down) return Fail(ErrorCode::kUnavailable, "connect: refused");
    const auto found = answers.find(requests.back().url);
    return found == answers.end() ? HttpAnswer{404, ""} : found->second;
  }
};

}  // namespace gateway::identity
