// HTTP requests to an identity provider, one at a time, waited for.
//
// Threads: any; the calls block for the timeout at most, but where the name service hangs until the
// system's resolver gives up. No redirects are followed.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "identity/endpoint_url.h"

namespace gateway::identity {

struct HttpAnswer {
  int status = 0;
  std::string body;
};

using HttpFields = std::vector<std::pair<std::string, std::string>>;

class HttpFetcher {
 public:
  virtual ~HttpFetcher() = default;

  // kUnavailable: no answer; the message says why.
  virtual Expected<HttpAnswer> Get(const EndpointUrl& url, const HttpFields& fields) = 0;
  // `form`: application/x-www-form-urlencoded.
  virtual Expected<HttpAnswer> Post(const EndpointUrl& url,
                                    const HttpFields& fields,
                                    const std::string& form) = 0;
};

// On http::ControlClient, with a connection for each request: they are rare.
class BlockingFetcher final : public HttpFetcher {
 public:
  // `ca_file`: authorities to trust instead of the system's; may be empty.
  BlockingFetcher(std::chrono::milliseconds timeout, std::string ca_file)
      : timeout_(timeout), ca_file_(std::move(ca_file)) {}

  Expected<HttpAnswer> Get(const EndpointUrl& url, const HttpFields& fields) override;
  Expected<HttpAnswer> Post(const EndpointUrl& url,
                            const HttpFields& fields,
                            const std::string& form) override;

 private:
  const std::chrono::milliseconds timeout_;
  const std::string ca_file_;
};

}  // namespace gateway::identity
