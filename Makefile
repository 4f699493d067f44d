# moat's commands. `make demo` and `make test` install what is missing and work on a machine that has Swift alone.

SHELL := /bin/bash
.DELETE_ON_ERROR:
.PHONY: demo fuzz soak demo-envoy test build bench format lint install clean dependencies

# One configuration for tests, demo and benchmarks, so that everything is built once. Expanded when a recipe runs, so
# after pkg-config is there.
VERSIONS = -Xcc -DMOAT_LIBNFTNL_VERSION=$(shell pkg-config --modversion libnftnl) \
	-Xcc -DMOAT_LIBMNL_VERSION=$(shell pkg-config --modversion libmnl)
BUILD = -c release -Xswiftc -enable-testing -j 2 $(VERSIONS)
IMPORTS := --explicit-target-dependency-import-check error
BIN := .build/release

PREFIX ?= /usr/local
DESTDIR ?=
UNITS ?= /usr/lib/systemd/system

PACKAGES := libnftnl-dev libmnl-dev libc-ares-dev libyaml-dev nftables iproute2 pkg-config jq openssl curl systemd \
	dnsmasq-base python3-scapy

# Debian packages, only those that are not there yet.
dependencies:
	@missing=$$(for p in $(PACKAGES); do dpkg -s $$p >/dev/null 2>&1 || echo $$p; done); \
	if [ -n "$$missing" ]; then \
	  echo "installing" $$missing; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	fi

build: dependencies
	swift build $(BUILD) $(IMPORTS) --product moat
	swift build $(BUILD) $(IMPORTS) --product moat-demo

# The httpbin scenario between network namespaces, without moat and with it.
demo: build
	$(BIN)/moat-demo --moat $(BIN)/moat

# The task page between network namespaces: sidecars and an egress gateway that are real Envoys.
demo-envoy: build
	envoy=$$(Tests/envoy) && $(BIN)/moat-demo --moat $(BIN)/moat --envoy "$$envoy"

# Builds with warnings as errors, lints, and runs every test. As root no test may be skipped.
test: dependencies
	swift build --build-tests $(BUILD) $(IMPORTS)
	$(MAKE) --no-print-directory lint
	Tests/run $(BUILD)
	MOAT_FUZZING_SEED=1 Fuzzing/run 15

# Ten minutes of damaged input for each reader.
fuzz: dependencies
	Fuzzing/run 600

# Half an hour of churn under attack.
soak: dependencies
	swift build --build-tests $(BUILD) $(IMPORTS)
	KUBEBUILDER_ASSETS=$$(Tests/kube-apiserver) MOAT_SOAK_SECONDS=1800 \
	  swift test --skip-build $(BUILD) --no-parallel --filter SoakTests

bench: dependencies
	swift build $(BUILD) $(IMPORTS) --product moat
	swift build $(BUILD) $(IMPORTS) --product moat-bench
	$(BIN)/moat-bench run --moat $(BIN)/moat

format:
	swift format --in-place --recursive --parallel Sources Tests Benchmarks Fuzzing Package.swift

lint:
	swift format lint --strict --recursive --parallel Sources Tests Benchmarks Fuzzing Package.swift
	Tests/lint-imports
	Tests/lint-docs

install: build
	install -D -m 0755 $(BIN)/moat $(DESTDIR)$(PREFIX)/bin/moat
	install -D -m 0644 Sources/moat/moat.8 $(DESTDIR)$(PREFIX)/share/man/man8/moat.8
	install -D -m 0644 systemd/config.example.yaml $(DESTDIR)$(PREFIX)/share/doc/moat/config.example.yaml
	for unit in moat.service moat-lock.service; do \
	  sed 's,@BINDIR@,$(PREFIX)/bin,' systemd/$$unit | install -D -m 0644 /dev/stdin $(DESTDIR)$(UNITS)/$$unit || exit; done
	install -D -m 0644 systemd/moat.sysusers.conf $(DESTDIR)/usr/lib/sysusers.d/moat.conf
	install -D -m 0644 systemd/moat.tmpfiles.conf $(DESTDIR)/usr/lib/tmpfiles.d/moat.conf
	install -D -m 0644 systemd/fdstore.conf $(DESTDIR)$(PREFIX)/share/doc/moat/fdstore.conf
	$(BIN)/moat --generate-completion-script bash | install -D -m 0644 /dev/stdin \
	  $(DESTDIR)$(PREFIX)/share/bash-completion/completions/moat
	$(BIN)/moat --generate-completion-script zsh | install -D -m 0644 /dev/stdin \
	  $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_moat
	$(BIN)/moat --generate-completion-script fish | install -D -m 0644 /dev/stdin \
	  $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/moat.fish

clean:
	swift package clean
