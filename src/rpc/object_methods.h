// What the methods of backends, groups and policies have in common.
//
// Threads: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "rpc/convert.h"
#include "rpc/convert_backend.h"
#include "rpc/listing.h"
#include "rpc/patch.h"

namespace gateway::rpc {

using admin::Caller;
using identity::Role;
using Existence = admin::Precondition::Existence;

inline Expected<void> Done(const Expected<void>& result) { return result; }

// For methods that answer nothing but that it is done.
template <typename T>
Expected<void> Done(const Expected<T>& result) {
  if (!result) return std::unexpected(result.error());
  return {};
}

// Answers with the object.
template <typename T, typename Message>
Expected<void> Show(const Expected<T>& result, Message& response) {
  if (!result) return std::unexpected(result.error());
  response = ToProto(*result);
  return {};
}

// Puts what a message says; `put(object, precondition)` is the service's call.
template <typename Message, typename Put>
auto PutFrom(const Message& message, WhenUnset when_unset, Existence existence, Put put)
    -> decltype(put(*FromProto(message, when_unset), admin::Precondition())) {
  auto object = FromProto(message, when_unset);
  if (!object) return std::unexpected(object.error());
  const auto precondition = PreconditionOf(message.etag(), existence);
  if (!precondition) return std::unexpected(precondition.error());
  return put(*std::move(object), *precondition);
}

// Makes `object` what it is with the patch. `prepare(paths, message)` takes out of the object's
// message what says the same in other words as a path.
template <typename T, typename Message, typename Prepare>
Expected<void> PatchObject(T& object,
                           const Message& patch,
                           const std::vector<std::string>& paths,
                           Prepare prepare) {
  auto message = ToProto(object);
  prepare(paths, message);
  if (auto applied = ApplyPatch(patch, paths, message); !applied) return applied;
  auto changed = FromProto(message, WhenUnset::kEnabled);
  if (!changed) return std::unexpected(changed.error());
  changed->source = object.source;
  changed->version = object.version;
  object = *std::move(changed);
  return {};
}

// Fills one page of `objects`, which are ordered by id. `id_of(object)`; `values(object, name)`:
// see MatchesAll(); `add(object)` appends it to the response.
template <typename Request,
          typename Response,
          typename T,
          typename IdOf,
          typename Values,
          typename Add>
Expected<void> ListPage(const Request& request,
                        Response& response,
                        const std::vector<T>& objects,
                        const std::vector<FilterName>& filter_names,
                        IdOf id_of,
                        Values values,
                        Add add) {
  const auto size = PageSize(request.page_size());
  if (!size) return std::unexpected(size.error());
  const auto start = PageStart(request.page_token());
  if (!start) return std::unexpected(start.error());
  const auto terms = ParseFilter(request.filter(), filter_names);
  if (!terms) return std::unexpected(terms.error());
  std::int32_t total = 0;
  std::size_t added = 0;
  const T* last = nullptr;
  for (const auto& object : objects) {
    if (!MatchesAll(*terms, [&](const std::string& name) { return values(object, name); }))
      continue;
    ++total;
    if (!start->empty() && id_of(object) <= *start) continue;
    if (added == *size) {
      if (response.next_page_token().empty()) response.set_next_page_token(id_of(*last));
      continue;
    }
    add(object);
    last = &object;
    ++added;
  }
  response.set_total_size(total);
  return {};
}

// "true" or "false", for filters.
inline std::string_view FlagText(bool flag) { return flag ? "true" : "false"; }
inline FilterName FlagFilter(std::string_view name) { return {name, {"true", "false"}}; }
inline FilterName SourceFilter() {
  return {"source", {NameOf(model::Source::kFile), NameOf(model::Source::kStore)}};
}

}  // namespace gateway::rpc
