// What a ConfigurationEdit works on. Private to this room.
#pragma once

#include <exception>
#include <memory>
#include <optional>

#include <soci/soci.h>

#include "base/clock.h"
#include "store/configuration_edit.h"
#include "store/database.h"

namespace gateway::store {

struct ConfigurationEdit::State {
  soci::session& sql;
  const Database& database;
  const Clock& clock;
  std::shared_ptr<const model::Configuration> base;
  std::optional<model::Configuration> changed;  // a copy, made for the first change
  // What the database raised. The transaction is lost then, so Edit() raises it again in case that
  // the caller goes on as if nothing had happened.
  std::exception_ptr failure;

  model::Configuration& Changed() {
    if (!changed) changed = *base;
    return *changed;
  }

  // Runs what SOCI may throw at.
  template <typename Body>
  Expected<void> Guarded(std::string_view what, Body body) {
    try {
      body();
      return {};
    } catch (const std::exception& error) {
      failure = std::current_exception();
      return std::unexpected(ToError(what, Explain(database.url(), error)));
    }
  }
};

}  // namespace gateway::store
