// The four kinds of declared objects, for code that treats them alike.
#pragma once

#include <string_view>

#include "model/configuration.h"
#include "store/store.h"

namespace gateway::admin {

template <typename T>
inline constexpr std::string_view kKindName = "";
template <>
inline constexpr std::string_view kKindName<model::Backend> = "backend";
template <>
inline constexpr std::string_view kKindName<model::Group> = "group";
template <>
inline constexpr std::string_view kKindName<model::Policy> = "policy";
template <>
inline constexpr std::string_view kKindName<model::Rule> = "rule";

template <typename T>
inline constexpr store::Kind kStoreKind = store::Kind::kBackend;
template <>
inline constexpr store::Kind kStoreKind<model::Group> = store::Kind::kGroup;
template <>
inline constexpr store::Kind kStoreKind<model::Policy> = store::Kind::kPolicy;
template <>
inline constexpr store::Kind kStoreKind<model::Rule> = store::Kind::kRule;

}  // namespace gateway::admin
