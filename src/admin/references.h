// Checks that a change leaves every reference between objects whole.
//
// The file and the store change independently, so the database cannot hold these rules. They are
// checked inside of the transaction that writes, against what is declared at that moment.
// Threads: pure functions.
#pragma once

#include <string_view>

#include "admin/declared.h"
#include "base/error.h"
#include "model/configuration.h"

namespace gateway::admin {

// kConflict: `id` is declared in the file, so it cannot be changed here.
template <typename T>
Expected<void> CheckIsOurs(const Declared& declared, std::string_view id);

// kInvalidArgument: names something that does not exist. What `old`, the object before (null: there
// was none), named already is let through: it dangles whatever becomes of this write.
Expected<void> CheckReferences(const model::Backend& backend,
                               const model::Backend* old,
                               const Declared& declared);
Expected<void> CheckReferences(const model::Group& group,
                               const model::Group* old,
                               const Declared& declared);
Expected<void> CheckReferences(const model::Policy& policy,
                               const model::Policy* old,
                               const Declared& declared);
// A rule finds its groups when it runs; here it must be one of not too many.
Expected<void> CheckReferences(const model::Rule& rule,
                               const model::Rule* old,
                               const Declared& declared);

// kConflict: something refers to it; the message names what.
template <typename T>
Expected<void> CheckIsFree(const Declared& declared,
                           std::string_view default_group,
                           std::string_view id);

}  // namespace gateway::admin
