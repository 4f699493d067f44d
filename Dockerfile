# moat's image: one binary on Debian, with the four C libraries that it links to.
#
#     docker build -t registry.example.com/moat:0.1.0 .
#
# libnftnl (GPL-2.0-or-later), libmnl (LGPL), c-ares and libyaml stay shared libraries of the base's distribution; NOTICE
# says what that means. Swift's runtime and FoundationEssentials are linked in, so that the base needs nothing of Swift.
# Packed relocations need glibc 2.36, which is bookworm's. `Tests/image` runs these steps where there is no engine.

FROM swift:6.3-bookworm AS build
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends libnftnl-dev libmnl-dev libc-ares-dev libyaml-dev pkg-config \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /moat
COPY . .
RUN swift build -c release --product moat --static-swift-stdlib -Xswiftc -use-ld=lld \
      -Xlinker -z -Xlinker pack-relative-relocs -Xlinker --no-export-dynamic \
      -Xcc -DMOAT_LIBNFTNL_VERSION="$(pkg-config --modversion libnftnl)" \
      -Xcc -DMOAT_LIBMNL_VERSION="$(pkg-config --modversion libmnl)" \
 && install -D -m 0755 "$(swift build -c release --show-bin-path)/moat" /out/usr/local/bin/moat \
 && strip /out/usr/local/bin/moat

FROM debian:bookworm-slim
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends libnftnl11 libmnl0 libc-ares2 libyaml-0-2 \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/*
COPY --from=build /out /
# No USER: moat needs CAP_NET_ADMIN, and Kubernetes gives capabilities to root alone (it sets no ambient ones, and file
# capabilities do not count with allowPrivilegeEscalation: false). deploy/daemonset.yaml drops all of root's others.
ENTRYPOINT ["/usr/local/bin/moat"]
CMD ["run"]
