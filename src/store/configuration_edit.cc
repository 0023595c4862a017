#include "store/configuration_edit.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "store/audit_rows.h"
#include "store/edit_state.h"
#include "store/mark_rows.h"
#include "store/rows.h"
#include "store/settings.h"
#include "store/text.h"

namespace gateway::store {
namespace {

std::vector<model::Backend>& ListOf(model::Configuration& all, const model::Backend&) {
  return all.backends;
}
std::vector<model::Group>& ListOf(model::Configuration& all, const model::Group&) {
  return all.groups;
}
std::vector<model::Policy>& ListOf(model::Configuration& all, const model::Policy&) {
  return all.policies;
}
std::vector<model::Rule>& ListOf(model::Configuration& all, const model::Rule&) {
  return all.rules;
}

Kind KindOf(const model::Backend&) { return Kind::kBackend; }
Kind KindOf(const model::Group&) { return Kind::kGroup; }
Kind KindOf(const model::Policy&) { return Kind::kPolicy; }
Kind KindOf(const model::Rule&) { return Kind::kRule; }

// All text of an object that has a column of its own.
std::string ColumnsOf(const model::Backend& backend) { return backend.id; }
std::string ColumnsOf(const model::Group& group) {
  std::string text = group.id;
  for (const auto& id : group.backends) text += id;
  return text;
}
std::string ColumnsOf(const model::Policy& policy) {
  return policy.id + policy.rule_value + policy.group + policy.fallback_group;
}
std::string ColumnsOf(const model::Rule& rule) { return rule.id + rule.script; }

template <typename Object>
auto Find(std::vector<Object>& objects, std::string_view id) {
  const auto place = std::ranges::lower_bound(objects, id, {}, &Object::id);
  return std::pair(place, place != objects.end() && place->id == id);
}

template <typename Object>
bool Erase(std::vector<Object>& objects, std::string_view id) {
  const auto [place, exists] = Find(objects, id);
  if (exists) objects.erase(place);
  return exists;
}

bool Erase(model::Configuration& all, Kind kind, std::string_view id) {
  switch (kind) {
    case Kind::kBackend:
      return Erase(all.backends, id);
    case Kind::kGroup:
      return Erase(all.groups, id);
    case Kind::kPolicy:
      return Erase(all.policies, id);
    case Kind::kRule:
      return Erase(all.rules, id);
  }
  return false;
}

}  // namespace

std::string_view NameOf(Kind kind) {
  switch (kind) {
    case Kind::kBackend:
      return "backend";
    case Kind::kGroup:
      return "group";
    case Kind::kPolicy:
      return "policy";
    case Kind::kRule:
      return "rule";
  }
  return "?";
}

const model::Configuration& ConfigurationEdit::current() const {
  return state_.changed ? *state_.changed : *state_.base.configuration;
}

std::uint64_t ConfigurationEdit::version() const { return state_.next; }

bool ConfigurationEdit::IsDamaged(Kind kind, std::string_view id) const {
  return std::ranges::any_of(state_.base.damaged, [&](const Damage& row) {
    return row.kind == kind && row.id == id && !row.disabled;
  });
}

template <typename Object>
Expected<void> ConfigurationEdit::PutObject(Object object) {
  const auto kind = KindOf(object);
  if (!IsStorable(ColumnsOf(object)) || !IsStorable(WriteSettings(object))) {
    return Fail(
        ErrorCode::kInvalidArgument,
        fmt::format("{} '{}' has text that is not UTF-8", NameOf(kind), MakeStorable(object.id)),
        Origin::kClient);
  }
  auto& objects = ListOf(state_.Changed(), object);
  const auto [place, exists] = Find(objects, object.id);
  object.version = state_.next;
  object.source = model::Source::kStore;
  const auto what = fmt::format("cannot save {} '{}'", NameOf(kind), object.id);
  auto written = state_.Guarded(what, [&] {
    if (IsDamaged(kind, object.id)) DeleteRow(state_.sql, kind, object.id);
    WriteRow(state_.sql, object, exists, state_.clock.WallNow());
  });
  if (!written) return written;
  state_.Mend(kind, object.id);
  if (exists) {
    *place = std::move(object);
  } else {
    objects.insert(place, std::move(object));
  }
  return {};
}

Expected<void> ConfigurationEdit::Put(model::Backend backend) {
  return PutObject(std::move(backend));
}
Expected<void> ConfigurationEdit::Put(model::Group group) { return PutObject(std::move(group)); }
Expected<void> ConfigurationEdit::Put(model::Policy policy) { return PutObject(std::move(policy)); }

Expected<void> ConfigurationEdit::Put(model::Rule rule) { return PutObject(std::move(rule)); }

Expected<void> ConfigurationEdit::Delete(Kind kind, std::string_view id) {
  const std::string key(id);  // `id` may be a view into what is erased
  if (!Erase(state_.Changed(), kind, key) && !IsDamaged(kind, key)) {
    return Fail(ErrorCode::kNotFound,
                fmt::format("{} '{}' does not exist", NameOf(kind), MakeStorable(key)),
                Origin::kStore);
  }
  state_.Mend(kind, key);
  const auto what = fmt::format("cannot delete {} '{}'", NameOf(kind), key);
  return state_.Guarded(what, [&] { DeleteRow(state_.sql, kind, key); });
}

Expected<BackendMark> ConfigurationEdit::Mark(std::string_view backend_id) {
  BackendMark mark{.backend_id = std::string(backend_id)};
  auto read = state_.Guarded("cannot read the mark of a backend", [&] {
    for (auto& found : ReadMarks(state_.sql)) {
      if (found.backend_id == backend_id) mark = std::move(found);
    }
  });
  if (!read) return std::unexpected(std::move(read).error());
  return mark;
}

Expected<void> ConfigurationEdit::PutMark(BackendMark mark) {
  mark.at = state_.clock.WallNow();
  state_.marked = true;
  return state_.Guarded("cannot save the mark of a backend",
                        [&] { WriteMark(state_.sql, state_.database.engine(), mark); });
}

Expected<void> ConfigurationEdit::Audit(const AuditEntry& entry) {
  return state_.Guarded("cannot write the audit log",
                        [&] { InsertAudit(state_.sql, entry, state_.clock.WallNow()); });
}

}  // namespace gateway::store
