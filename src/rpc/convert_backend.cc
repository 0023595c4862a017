#include "rpc/convert_backend.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "rpc/convert.h"

namespace gateway::rpc {
namespace {

// What is no number is 0, as what is not known.
double Finite(double value) { return std::isfinite(value) ? value : 0; }

std::int32_t Rounded(double number) {
  constexpr double kMax = std::numeric_limits<std::int32_t>::max();
  const auto value = Finite(number);
  return static_cast<std::int32_t>(std::lround(std::clamp(value, 0.0, kMax)));
}

v1::Backend::Health ToProto(model::Health health) {
  switch (health) {
    case model::Health::kUnknown:
      return v1::Backend::unknown;
    case model::Health::kStarting:
      return v1::Backend::starting;
    case model::Health::kHealthy:
      return v1::Backend::healthy;
    case model::Health::kUnhealthy:
      return v1::Backend::unhealthy;
    case model::Health::kOffSchedule:
      return v1::Backend::off_schedule;
  }
  return v1::Backend::unknown;
}

// `url`, or `scheme` and `hostname`, or both when they agree.
Expected<Url> UrlOf(const v1::Backend& backend) {
  if (backend.url().empty() && backend.hostname().empty()) {
    return InvalidField("url",
                        "set it to http://host[:port] or https://host[:port], or set hostname");
  }
  const auto parts = fmt::format(
      "{}://{}", backend.scheme() == v1::Backend::https ? "https" : "http", backend.hostname());
  const std::string_view name = backend.url().empty() ? "hostname" : "url";
  auto url = ParseUrl(backend.url().empty() ? parts : backend.url());
  if (!url) return InvalidField(name, url.error().message);
  if (!backend.url().empty() && !backend.hostname().empty()) {
    const auto other = ParseUrl(parts);
    if (!other || *other != *url) {
      return InvalidField("url",
                          fmt::format("'{}' is not what scheme and hostname say, '{}'; set one "
                                      "of the two",
                                      backend.url(), parts));
    }
  }
  return url;
}

}  // namespace

v1::Backend ToProto(const model::Backend& backend) {
  v1::Backend out;
  out.set_id(backend.id);
  out.set_is_enabled(backend.enabled);
  out.set_scheme(backend.url.tls ? v1::Backend::https : v1::Backend::http);
  out.set_hostname(backend.url.Authority());
  out.set_external_url(backend.external_url);
  out.set_uptime_schedule(backend.uptime_schedule);
  out.set_threshold_cluster_load(Rounded(backend.load_limit));
  out.set_url(backend.url.ToString());
  out.set_draining(backend.draining);
  out.set_load_limit(backend.load_limit);
  out.set_source(ToProto(backend.source));
  out.set_etag(EtagOf(backend.version));
  return out;
}

v1::Backend ToProto(const admin::BackendView& view) {
  auto out = ToProto(view.backend);
  const auto& status = view.status;
  out.set_is_healthy(status.health == model::Health::kHealthy);
  out.set_cluster_load(Rounded(view.load));
  out.set_stats_updated_at(ToSeconds(status.changed));
  out.set_health(ToProto(status.health));
  out.set_health_reason(ToText(status.reason));
  out.set_trino_version(ToText(status.version));
  out.set_load(Finite(view.load));
  out.set_in_flight(static_cast<std::int32_t>(view.in_flight));
  out.set_process_forwarded(status.process_forwarded);
  out.set_coordinator_suffix(ToText(status.coordinator_suffix));
  out.set_is_marked(status.marked);
  out.set_failure_class(status.failure_class);
  if (status.figures.running) out.set_running_queries(Rounded(*status.figures.running));
  if (status.figures.queued) out.set_queued_queries(Rounded(*status.figures.queued));
  if (status.figures.active_workers)
    out.set_active_workers(Rounded(*status.figures.active_workers));
  out.set_environment(ToText(status.environment));
  out.set_same_as(status.same_as);
  out.set_left_queries(static_cast<std::int32_t>(view.left.queries));
  out.set_left_transactions(static_cast<std::int32_t>(view.left.transactions));
  out.set_left_spooled(view.left.spooled);
  if (status.spooling) out.set_spooling(*status.spooling);
  return out;
}

void TakeWhatChanged(v1::Backend& backend, const model::Backend& stored) {
  const auto old = ToProto(stored);
  const bool new_parts = backend.scheme() != old.scheme() || backend.hostname() != old.hostname();
  if (!backend.url().empty() && !backend.hostname().empty()) {
    if (!new_parts && backend.url() != old.url()) {
      backend.clear_scheme();
      backend.clear_hostname();
    } else if (new_parts && backend.url() == old.url()) {
      backend.clear_url();
    }
  }
  const bool new_threshold = backend.threshold_cluster_load() != old.threshold_cluster_load();
  if (backend.load_limit() != 0 && backend.threshold_cluster_load() != 0) {
    if (!new_threshold && backend.load_limit() != old.load_limit()) {
      backend.clear_threshold_cluster_load();
    } else if (new_threshold && backend.load_limit() == old.load_limit()) {
      backend.clear_load_limit();
    }
  }
}

Expected<model::Backend> FromProto(const v1::Backend& backend, WhenUnset when_unset) {
  auto url = UrlOf(backend);
  if (!url) return std::unexpected(url.error());
  if (!v1::Backend::Scheme_IsValid(backend.scheme())) {
    return InvalidField("scheme", "http or https");
  }
  if (backend.threshold_cluster_load() < 0) {
    return InvalidField("threshold_cluster_load", "0 (none) or more");
  }
  if (backend.load_limit() != 0 && backend.threshold_cluster_load() != 0 &&
      Rounded(backend.load_limit()) != backend.threshold_cluster_load()) {
    return InvalidField("load_limit",
                        fmt::format("{} is not what threshold_cluster_load says, {}; "
                                    "set one of the two",
                                    backend.load_limit(), backend.threshold_cluster_load()));
  }
  model::Backend out;
  out.id = backend.id();
  out.url = *std::move(url);
  out.external_url = backend.external_url();
  out.enabled = backend.has_is_enabled() ? backend.is_enabled() : when_unset == WhenUnset::kEnabled;
  out.draining = backend.draining();
  out.load_limit =
      backend.load_limit() != 0 ? backend.load_limit() : backend.threshold_cluster_load();
  out.uptime_schedule = backend.uptime_schedule();
  return out;
}

}  // namespace gateway::rpc
