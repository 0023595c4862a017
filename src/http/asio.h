// The types of Boost.Asio that this program uses, bound to one executor.
//
// An io_context belongs to one thread, so sockets and coroutines carry its executor as it is, not
// erased behind virtual calls.
#pragma once

#include <chrono>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace gateway::http {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

using Executor = asio::io_context::executor_type;
using TcpSocket = asio::basic_stream_socket<tcp, Executor>;
using TcpAcceptor = asio::basic_socket_acceptor<tcp, Executor>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>,
                                         Executor>;

template <typename T>
using Awaitable = asio::awaitable<T, Executor>;

// Completion token: the error code comes as the first element of a tuple, never as an exception.
inline constexpr asio::as_tuple_t<asio::use_awaitable_t<Executor>> kTuple{
    asio::use_awaitable_t<Executor>{}};

}  // namespace gateway::http
