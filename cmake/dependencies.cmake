# Where each library comes from and why is in docs/dependencies.md.
find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json system)
find_package(fmt REQUIRED)
find_package(mimalloc 2 REQUIRED)
find_package(absl REQUIRED)
find_package(spdlog REQUIRED)
find_package(prometheus-cpp REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)
add_library(re2::re2 ALIAS PkgConfig::RE2)
pkg_check_modules(LUA REQUIRED IMPORTED_TARGET lua5.4)
add_library(lua::lua ALIAS PkgConfig::LUA)
find_package(GTest REQUIRED)
find_package(gRPC 1.51 CONFIG REQUIRED)
find_library(SOCI_CORE_LIBRARY soci_core REQUIRED)
find_library(SOCI_SQLITE3_LIBRARY soci_sqlite3 REQUIRED)
find_library(SOCI_POSTGRESQL_LIBRARY soci_postgresql REQUIRED)
find_library(SOCI_MYSQL_LIBRARY soci_mysql REQUIRED)
find_library(SQLITE3_LIBRARY sqlite3 REQUIRED)
find_library(PQ_LIBRARY pq REQUIRED)
find_library(MARIADB_LIBRARY mariadb REQUIRED)
find_library(UNISTRING_LIBRARY unistring REQUIRED)
find_library(ZSTD_LIBRARY zstd REQUIRED)

# Boost.Asio is header-only. One io_context belongs to one thread, so no executor is erased: that
# saves an allocation and two virtual calls for each operation.
add_library(boost_asio INTERFACE)
target_link_libraries(boost_asio INTERFACE Boost::headers Boost::system Threads::Threads)
target_compile_definitions(boost_asio INTERFACE BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_DISABLE_BOOST_DATE_TIME)
add_library(Boost::asio ALIAS boost_asio)

add_library(soci INTERFACE)
target_link_libraries(soci INTERFACE
  ${SOCI_SQLITE3_LIBRARY} ${SOCI_POSTGRESQL_LIBRARY} ${SOCI_MYSQL_LIBRARY} ${SOCI_CORE_LIBRARY}
  ${SQLITE3_LIBRARY} ${PQ_LIBRARY} ${MARIADB_LIBRARY})
# The headers of SOCI's backends include those of the client libraries by their bare names.
target_include_directories(soci SYSTEM INTERFACE
  /usr/include/soci /usr/include/postgresql /usr/include/mariadb)

# The password hash; Debian's package brings a pkg-config file only.
find_library(ARGON2_LIBRARY argon2 REQUIRED)
add_library(argon2 INTERFACE)
target_link_libraries(argon2 INTERFACE ${ARGON2_LIBRARY})

# lber: the encoding beneath; libldap does not bring its symbols.
find_library(LDAP_LIBRARY ldap REQUIRED)
find_library(LBER_LIBRARY lber REQUIRED)
add_library(openldap INTERFACE)
target_link_libraries(openldap INTERFACE ${LDAP_LIBRARY} ${LBER_LIBRARY})

add_library(unistring INTERFACE)
target_link_libraries(unistring INTERFACE ${UNISTRING_LIBRARY})

add_library(zstd INTERFACE)
target_link_libraries(zstd INTERFACE ${ZSTD_LIBRARY})
