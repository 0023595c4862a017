#include "store/probe_json.h"

#include <boost/json.hpp>

#include "store/text.h"

namespace gateway::store {
namespace {

namespace json = boost::json;

void Put(json::object& object, const char* name, const std::string& text) {
  if (!text.empty()) object[name] = json::string(MakeStorable(text));
}

template <typename T>
void Put(json::object& object, const char* name, const std::optional<T>& value) {
  if (value) object[name] = *value;
}

void Take(const json::object& object, const char* name, std::string& to) {
  if (const auto* value = object.if_contains(name)) to = std::string(value->as_string());
}

void Take(const json::object& object, const char* name, std::optional<double>& to) {
  if (const auto* value = object.if_contains(name)) to = value->to_number<double>();
}

void Take(const json::object& object, const char* name, std::optional<bool>& to) {
  if (const auto* value = object.if_contains(name)) to = value->as_bool();
}

// Calls `visit(name, field)` for each figure.
template <typename Figures, typename Visit>
void ForEachFigure(Figures& figures, Visit visit) {
  visit("running", figures.running);
  visit("queued", figures.queued);
  visit("blocked", figures.blocked);
  visit("active_workers", figures.active_workers);
  visit("reserved_bytes", figures.reserved_bytes);
  visit("cpu_seconds", figures.cpu_seconds);
}

// The same for the other fields.
template <typename Result, typename Visit>
void ForEachField(Result& result, Visit visit) {
  visit("url", result.url);
  visit("failure_class", result.failure_class);
  visit("reason", result.reason);
  visit("coordinator_suffix", result.coordinator_suffix);
  visit("coordinator_id", result.coordinator_id);
  visit("spooling", result.spooling);
  visit("load", result.load);
  visit("load_reason", result.load_reason);
}

}  // namespace

std::string WriteProbe(const model::ProbeResult& result) {
  json::object object;
  object["good"] = result.good;
  const auto put = [&](const char* name, const auto& field) { Put(object, name, field); };
  ForEachField(result, put);
  ForEachFigure(result.figures, put);
  return json::serialize(object);
}

Expected<void> ReadProbe(std::string_view text, model::ProbeResult& result) {
  try {
    const auto value = json::parse(json::string_view(text.data(), text.size()));
    const auto& object = value.as_object();
    result.good = object.at("good").as_bool();
    const auto take = [&](const char* name, auto& field) { Take(object, name, field); };
    ForEachField(result, take);
    ForEachFigure(result.figures, take);
    return {};
  } catch (const std::exception&) {
    return Fail(ErrorCode::kInternal, "the column found holds something else than expected",
                Origin::kStore);
  }
}

}  // namespace gateway::store
