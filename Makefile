# One verb for each job; each installs what it needs. `make help` lists them.

BUILD := build/release
GATEWAY := $(BUILD)/trino-gateway
CACHE := $(if $(TRINO_GATEWAY_CACHE),$(TRINO_GATEWAY_CACHE),.cache)
PYTEST := $(CACHE)/venv/bin/python -m pytest
# scripts/install.sh puts a Go there when the machine has none that is new enough.
export PATH := $(abspath $(CACHE)/venv/bin):$(PATH)
# The file that `make run` serves.
CONFIG ?= deploy/config.example.yaml

.DEFAULT_GOAL := build
.PHONY: build run test unit asan tsan databases identity control faults e2e fuzz bench lint demo clean help

build:  ## the gateway, optimised: build/release/trino-gateway
	scripts/install.sh build
	cmake --preset release
	cmake --build --preset release

run: build  ## the gateway alone: make run CONFIG=FILE
	$(GATEWAY) serve --config $(CONFIG)

test:  ## every test, unit to end to end
	scripts/test.sh

unit: build  ## the unit tests of all rooms
	ctest --preset release

asan tsan:  ## the unit tests under address and undefined, or thread sanitizer
	scripts/install.sh build test
	cmake --preset $@
	cmake --build --preset $@
	ctest --preset $@

identity: build  ## logins through a real LDAP server and a real OIDC provider
	scripts/install.sh test
	$(PYTEST) tests/identity

control: build  ## the admin API on all databases and transports, many instances, killed databases
	scripts/install.sh test bench
	$(PYTEST) tests/control

databases: build  ## the store on real PostgreSQL and MariaDB servers, and without them
	scripts/install.sh test
	$(PYTEST) tests/databases

faults: build  ## broken backends and clients, with a fake Trino
	scripts/install.sh test
	$(PYTEST) tests/faults

e2e: build  ## real clients through the gateway to real Trino servers; make e2e TESTS=FILE
	scripts/install.sh test
	$(PYTEST) $(if $(TESTS),$(TESTS),tests/e2e)

fuzz:  ## each parser's fuzz target for FUZZ_SECONDS (60)
	scripts/install.sh build test
	scripts/fuzz.sh

bench: build  ## CPU, latency and memory beside HAProxy's
	scripts/install.sh bench
	scripts/bench.sh

lint:  ## formatter and linter on what changed; LINT_ALL=1: on everything
	scripts/install.sh build lint
	scripts/lint.sh

demo:  ## two real Trino servers, the gateway, a query; stays up until Ctrl-C
	scripts/demo.sh

clean:  ## what was built, but not what was fetched (.cache)
	rm -rf build bench/bin

help:  ## this list
	@sed -n 's/^\([a-z][a-z ]*\):.*##  *\(.*\)/\1\t\2/p' Makefile | expand -t 14
