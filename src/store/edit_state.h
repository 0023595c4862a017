// What a ConfigurationEdit works on. Private to this room.
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include <soci/soci.h>

#include "base/clock.h"
#include "store/configuration_edit.h"
#include "store/database.h"

namespace gateway::store {

struct ConfigurationEdit::State {
  soci::session& sql;
  const Database& database;
  const Clock& clock;
  StoredConfiguration base;                     // its list of damaged rows is kept up to date
  std::uint64_t next = 0;                       // that the counter moves to, if anything changes
  std::optional<model::Configuration> changed;  // a copy, made for the first change
  bool marked = false;                          // marks were changed
  // What the database raised. The transaction is lost then, so Edit() raises it again in case that
  // the caller goes on as if nothing had happened.
  std::exception_ptr failure;

  model::Configuration& Changed() {
    if (!changed) changed = *base.configuration;
    return *changed;
  }

  // The row was written anew, or is gone.
  void Mend(Kind kind, std::string_view id) {
    std::erase_if(base.damaged,
                  [&](const Damage& row) { return row.kind == kind && row.id == id; });
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
