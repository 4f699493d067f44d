// swift-tools-version: 6.2
import PackageDescription

/// What every target of ours is compiled with: warnings are errors.
let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

/// The pure targets between a snapshot and a transaction: no C, no unsafe code, no effects.
let pure: [SwiftSetting] = strict + [.strictMemorySafety()]

let package = Package(
  name: "moat",
  products: [.executable(name: "moat", targets: ["moat"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0", traits: []),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    .target(name: "NetworkValues", swiftSettings: pure),
    .target(name: "ClusterModel", dependencies: ["NetworkValues"], swiftSettings: pure),
    .target(name: "EgressPolicy", dependencies: ["ClusterModel", "NetworkValues"], swiftSettings: pure),
    .target(name: "Nftables", dependencies: ["NetworkValues"], swiftSettings: pure),
    .target(
      name: "EgressRuleset", dependencies: ["EgressPolicy", "ClusterModel", "Nftables", "NetworkValues"],
      swiftSettings: pure),

    .systemLibrary(name: "CLibmnl", pkgConfig: "libmnl", providers: [.apt(["libmnl-dev"])]),
    .systemLibrary(name: "CLibnftnl", pkgConfig: "libnftnl", providers: [.apt(["libnftnl-dev"])]),
    .target(name: "CNetfilter"),
    .target(name: "Threads", swiftSettings: strict),
    .target(
      name: "Netlink", dependencies: ["ClusterModel", "NetworkValues", "CLibmnl", "CNetfilter"], swiftSettings: strict),
    .target(
      name: "NftablesKernel",
      dependencies: ["Nftables", "NetworkValues", "Netlink", "CLibnftnl", "CNetfilter"],
      swiftSettings: strict),

    .target(
      name: "Conntrack", dependencies: ["Nftables", "NetworkValues", "Netlink", "CNetfilter"], swiftSettings: strict),

    .target(
      name: "NodeInspection",
      dependencies: [
        "ClusterModel", "Conntrack", "Netlink", "NetworkValues", "Nftables", "NftablesKernel", "CNetfilter",
      ],
      swiftSettings: strict),

    .systemLibrary(name: "CLibyaml", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
    .target(
      name: "ManifestSource", dependencies: ["ClusterModel", "NetworkValues", "CLibyaml"], swiftSettings: strict),
    .systemLibrary(name: "CCares", pkgConfig: "libcares", providers: [.apt(["libc-ares-dev"])]),
    .target(
      name: "NameResolution",
      dependencies: ["NetworkValues", "CCares", .product(name: "HeapModule", package: "swift-collections")],
      swiftSettings: strict),

    .target(
      name: "KubernetesSource",
      dependencies: [
        "ClusterModel", "ManifestSource", "NetworkValues", "Threads", .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "NIOHTTP2", package: "swift-nio-http2"),
        .product(name: "NIOPosix", package: "swift-nio"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "NIOTLS", package: "swift-nio"),
      ],
      swiftSettings: strict),
    .target(name: "FlowLog", dependencies: ["EgressPolicy", "Netlink", "NetworkValues"], swiftSettings: strict),
    .target(name: "Telemetry", swiftSettings: strict),
    .target(
      name: "StatusServer",
      dependencies: [
        "Telemetry", .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "HummingbirdCore", package: "hummingbird"), .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
      ],
      swiftSettings: strict),
    .target(name: "StatusPage", dependencies: ["EgressPolicy", "Telemetry"], swiftSettings: pure),
    .target(
      name: "EgressAgent",
      dependencies: [
        "CNetfilter", "ClusterModel", "Conntrack", "EgressPolicy", "EgressRuleset", "FlowLog", "KubernetesSource",
        "ManifestSource", "NameResolution", "Netlink", "NetworkValues", "Nftables", "StatusPage", "StatusServer",
        "Telemetry", "Threads",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "moat",
      dependencies: [
        "EgressAgent", "KubernetesSource", "StatusServer", "Telemetry", "ManifestSource", "NftablesKernel", "Netlink",
        "NetworkValues", "ClusterModel", "EgressPolicy", "NodeInspection", "Nftables",
        "EgressRuleset", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      exclude: ["moat.8"], swiftSettings: strict),

    // Test hosts in network namespaces, and the demo that is made of them.
    .target(
      name: "NamespaceLab", dependencies: ["NetworkValues", "CNetfilter"], path: "Tests/NamespaceLab",
      swiftSettings: strict),

    // The main scenario in namespaces: its hosts, its daemons, and a mesh of real Envoys.
    .target(
      name: "HttpbinLab", dependencies: ["NamespaceLab", "NetworkValues"], path: "Tests/HttpbinLab",
      swiftSettings: strict),

    // A real kube-apiserver, and what stands between it and the daemon.
    .target(
      name: "APIServerLab", dependencies: ["NamespaceLab", "NetworkValues"], path: "Tests/APIServerLab",
      exclude: ["gloo-crds.yaml"], swiftSettings: strict),

    .executableTarget(
      name: "moat-demo",
      dependencies: [
        "HttpbinLab", "NamespaceLab", "NetworkValues",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Tests/Demo", swiftSettings: strict),

    // What a daemon is to the kernel: owns the table until it is killed. The tests start it.
    .executableTarget(
      name: "table-owner", dependencies: ["NftablesKernel", "Nftables", "Netlink"], path: "Tests/TableOwner",
      swiftSettings: strict),

    // Random numbers that a seed repeats, for tests and the reference cluster.
    .target(name: "SeededRandom", path: "Tests/SeededRandom", swiftSettings: pure),

    // The reference cluster, and what is measured with it.
    .target(
      name: "ReferenceCluster", dependencies: ["SeededRandom"], path: "Benchmarks/ReferenceCluster",
      swiftSettings: strict),
    .executableTarget(
      name: "moat-bench",
      dependencies: [
        "APIServerLab", "KubernetesSource", "ReferenceCluster", "NamespaceLab", "ManifestSource", "NftablesKernel",
        "NetworkValues", "ClusterModel",
        "EgressPolicy", "Nftables", "EgressRuleset", "SeededRandom", "StatusServer", "Telemetry",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Benchmarks/MoatBench", swiftSettings: strict),

    .testTarget(name: "NetworkValuesTests", dependencies: ["NetworkValues", "SeededRandom"], swiftSettings: strict),
    .testTarget(
      name: "ManifestSourceTests", dependencies: ["ManifestSource", "ClusterModel", "NetworkValues", "SeededRandom"],
      swiftSettings: strict),
    .testTarget(
      name: "NameResolutionTests", dependencies: ["NameResolution", "NetworkValues", "NamespaceLab", "SeededRandom"],
      swiftSettings: strict),
    .testTarget(
      name: "KubernetesSourceTests",
      dependencies: [
        "APIServerLab", "KubernetesSource", "EgressPolicy", "ClusterModel", "NetworkValues", "StatusServer",
        "SeededRandom",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "NftablesTests", dependencies: ["Nftables", "NetworkValues", "SeededRandom"], swiftSettings: strict),
    .testTarget(
      name: "NftablesKernelTests",
      dependencies: [
        "NftablesKernel", "Conntrack", "Nftables", "NetworkValues", "Netlink", "NamespaceLab", "table-owner",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "NetlinkTests",
      dependencies: ["Netlink", "EgressPolicy", "ClusterModel", "NetworkValues", "CNetfilter", "NamespaceLab"],
      swiftSettings: strict),
    .testTarget(name: "TelemetryTests", dependencies: ["NamespaceLab", "Telemetry"], swiftSettings: strict),
    .testTarget(
      name: "StatusPageTests", dependencies: ["StatusPage", "EgressPolicy", "Telemetry"], swiftSettings: strict),
    .testTarget(
      name: "FlowLogTests",
      dependencies: [
        "FlowLog", "EgressPolicy", "NetworkValues", "CNetfilter", "NamespaceLab", "Netlink", "SeededRandom",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "EgressPolicyTests",
      dependencies: [
        "EgressPolicy", "EgressRuleset", "ManifestSource", "ClusterModel", "Nftables", "NetworkValues", "SeededRandom",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "ScenarioTests",
      dependencies: [
        "EgressPolicy", "EgressRuleset", "ManifestSource", "ClusterModel", "Nftables", "NftablesKernel",
        "NetworkValues", "Conntrack", "Netlink", "NamespaceLab",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "EnvoyTests", dependencies: ["HttpbinLab", "NamespaceLab", "NetworkValues", "moat"], swiftSettings: strict),
    .testTarget(
      name: "Attacks",
      dependencies: [
        "NamespaceLab", "NetworkValues", "CNetfilter", "EgressPolicy", "Nftables", "NftablesKernel", "moat",
      ],
      exclude: ["attacker.py", "cluster.yaml"],
      swiftSettings: strict),
    .testTarget(
      name: "EgressAgentTests",
      dependencies: [
        "APIServerLab", "EgressAgent", "StatusServer", "Telemetry", "ManifestSource", "EgressRuleset", "EgressPolicy",
        "Nftables",
        "ClusterModel", "CNetfilter", "Conntrack", "NameResolution", "Netlink", "NetworkValues", "NamespaceLab",
        "NftablesKernel", "SeededRandom", "moat",
        .product(name: "Logging", package: "swift-log"),
      ],
      exclude: ["control-1.yaml"],
      swiftSettings: strict),
  ]
)

// Only with libFuzzer's runtime, which `Fuzzing/run` links.
if Context.environment["MOAT_FUZZING"] != nil {
  package.targets.append(
    .executableTarget(
      name: "MoatFuzz",
      dependencies: [
        "ClusterModel", "Conntrack", "EgressPolicy", "EgressRuleset", "FlowLog", "ManifestSource", "NameResolution",
        "Netlink", "Nftables", "NftablesKernel",
      ],
      path: "Fuzzing/MoatFuzz", swiftSettings: strict))
}
