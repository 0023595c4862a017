# The definition of the API (api/): its C++ messages, and openapi.json for people and tools.
#
# Everything is made at build time, into the build directory. google/api/*.proto come from the Python
# package googleapis-common-protos, protoc-gen-openapiv2 and Swagger UI from scripts/install.sh.
find_package(Protobuf 3.21 REQUIRED)

if(DEFINED ENV{TRINO_GATEWAY_CACHE})
  set(GATEWAY_CACHE $ENV{TRINO_GATEWAY_CACHE})
else()
  set(GATEWAY_CACHE ${CMAKE_SOURCE_DIR}/.cache)
endif()

file(GLOB google_api ${GATEWAY_CACHE}/venv/lib/python3*/site-packages/google/api/annotations.proto)
find_program(PROTOC_GEN_OPENAPIV2 protoc-gen-openapiv2 PATHS ${GATEWAY_CACHE}/bin NO_DEFAULT_PATH)
set(GATEWAY_SWAGGER_UI ${GATEWAY_CACHE}/swagger-ui)
if(NOT google_api OR NOT PROTOC_GEN_OPENAPIV2 OR NOT EXISTS ${GATEWAY_SWAGGER_UI})
  message(FATAL_ERROR "Tools for the API are missing in ${GATEWAY_CACHE}: run scripts/install.sh build")
endif()
list(GET google_api 0 google_api)
cmake_path(GET google_api PARENT_PATH google_api)
cmake_path(GET google_api PARENT_PATH google_api)
cmake_path(GET google_api PARENT_PATH GATEWAY_GOOGLE_PROTOS)

set(GATEWAY_GENERATED ${CMAKE_BINARY_DIR}/generated)
file(MAKE_DIRECTORY ${GATEWAY_GENERATED})
file(GLOB api_protos CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}/api ${CMAKE_SOURCE_DIR}/api/trino/gateway/v1/*.proto)
# First: openapi.json takes its title and the like from the first file.
list(REMOVE_ITEM api_protos trino/gateway/v1/common.proto)
list(PREPEND api_protos trino/gateway/v1/common.proto)
list(TRANSFORM api_protos PREPEND ${CMAKE_SOURCE_DIR}/api/ OUTPUT_VARIABLE api_proto_files)
set(google_protos google/api/annotations.proto google/api/field_behavior.proto google/api/http.proto)
set(protoc_paths -I ${CMAKE_SOURCE_DIR}/api -I ${GATEWAY_GOOGLE_PROTOS})

set(generated_sources)
foreach(proto ${api_protos} ${google_protos})
  string(REGEX REPLACE "\\.proto$" ".pb" stem ${GATEWAY_GENERATED}/${proto})
  list(APPEND generated_sources ${stem}.cc)
  list(APPEND generated_headers ${stem}.h)
endforeach()

# One run for all: protoc takes longer to start than to work.
add_custom_command(
  OUTPUT ${generated_sources} ${generated_headers}
  COMMAND protobuf::protoc ${protoc_paths} --cpp_out=${GATEWAY_GENERATED} ${api_protos} ${google_protos}
  DEPENDS ${api_proto_files}
  COMMENT "Generating the messages of the API")

set(GATEWAY_OPENAPI ${GATEWAY_GENERATED}/openapi.json)
add_custom_command(
  OUTPUT ${GATEWAY_OPENAPI}
  COMMAND protobuf::protoc ${protoc_paths} --plugin=${PROTOC_GEN_OPENAPIV2} --openapiv2_out=${GATEWAY_GENERATED}
          --openapiv2_opt=allow_merge=true,merge_file_name=openapi,json_names_for_fields=false
          --openapiv2_opt=openapi_naming_strategy=simple,disable_default_errors=true
          --openapiv2_opt=openapi_configuration=${CMAKE_SOURCE_DIR}/api/openapi.yaml
          ${api_protos}
  COMMAND ${GATEWAY_CACHE}/venv/bin/python ${CMAKE_SOURCE_DIR}/api/finish_openapi.py
          ${GATEWAY_GENERATED}/openapi.swagger.json ${GATEWAY_OPENAPI}
  DEPENDS ${api_proto_files} ${CMAKE_SOURCE_DIR}/api/openapi.yaml ${CMAKE_SOURCE_DIR}/api/finish_openapi.py
  COMMENT "Generating openapi.json")

# Nobody steps through generated code, and its warnings are not ours to mend.
add_library(gateway_api STATIC ${generated_sources})
target_compile_options(gateway_api PRIVATE -O1 -g0 -w)
target_include_directories(gateway_api SYSTEM PUBLIC ${GATEWAY_GENERATED})
target_link_libraries(gateway_api PUBLIC protobuf::libprotobuf)
