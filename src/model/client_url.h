// Where clients reach a backend without the gateway: for direct mode and links.
//
// Threads: pure functions.
#pragma once

#include <string>

#include "base/error.h"
#include "model/configuration.h"

namespace gateway::model {

// What the URIs of the backend begin with for clients, `https://trino-1.example[/path]`, without a
// slash at the end: its external_url, with the scheme of its url when it names none; its url when
// there is no external_url, or one that is no URL.
std::string ClientUrl(const Backend& backend);

// kInvalidArgument: the external_url is one that ClientUrl() passes over.
[[nodiscard]] Expected<void> CheckExternalUrl(const Backend& backend);

}  // namespace gateway::model
