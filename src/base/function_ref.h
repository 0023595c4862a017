// A reference to something callable, for parameters: no allocation, unlike std::function.
//
// It does not own: what it refers to must outlive it, so it is a parameter or a member of one,
// never something that is kept. (std::function_ref of C++26, without its rarer constructors.)
// Threads: as what it refers to.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace gateway {

template <typename Signature>
class FunctionRef;

template <typename Result, typename... Arguments>
class FunctionRef<Result(Arguments...)> {
 public:
  // Refers to nothing; must not be called.
  FunctionRef() = default;

  template <typename Callable>
    requires(!std::is_same_v<std::remove_cvref_t<Callable>, FunctionRef> &&
             std::is_invocable_r_v<Result, Callable&, Arguments...>)
  // NOLINTNEXTLINE(google-explicit-constructor): a parameter takes any callable.
  FunctionRef(Callable&& callable)
      : object_(const_cast<void*>(static_cast<const void*>(std::addressof(callable)))),
        call_([](void* object, Arguments... arguments) -> Result {
          return (*static_cast<std::remove_reference_t<Callable>*>(object))(
              std::forward<Arguments>(arguments)...);
        }) {}

  explicit operator bool() const { return call_ != nullptr; }

  Result operator()(Arguments... arguments) const {
    return call_(object_, std::forward<Arguments>(arguments)...);
  }

 private:
  void* object_ = nullptr;
  Result (*call_)(void*, Arguments...) = nullptr;
};

}  // namespace gateway
