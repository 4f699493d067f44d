import CNetfilter
import ClusterModel
import EgressPolicy
import Glibc
import NamespaceLab
import NetworkValues
import Testing

let asRoot: any SuiteTrait =
  .enabled(if: geteuid() == 0, "needs root: makes network namespaces and interfaces in them")

/// The network namespace of one pod, kept alive by this value.
final class PodNamespace {
  let descriptor: Int32

  init() throws {
    descriptor = try inFreshNetworkNamespace { open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC) }
    try #require(descriptor >= 0)
    try ip("link set lo up")
  }

  deinit { close(descriptor) }

  /// For the `netns` argument of ip(8).
  var path: String { "/proc/\(getpid())/fd/\(descriptor)" }

  /// Runs lines of ip(8) in the pod.
  func ip(_ lines: String...) throws { try batch(["nsenter", "--net=\(path)"], lines) }
}

/// Runs lines of ip(8) in the calling thread's namespace.
func ip(_ lines: String...) throws { try batch([], lines) }

func ip(_ lines: [String]) throws { try batch([], lines) }

private func batch(_ prefix: [String], _ lines: [String]) throws {
  let result = try runProgram(prefix + ["ip", "-batch", "-"], input: lines.joined(separator: "\n") + "\n")
  try #require(result.status == 0, "\(lines): \(result.output)")
}

/// Whether the kernel makes interfaces of `kind`.
func kernelHas(_ kind: String, _ arguments: String = "") throws -> Bool {
  try runProgram(
    ["ip", "link", "add", "name", "tried", "type", kind] + arguments.split(separator: " ").map(String.init)
  )
  .status == 0 && runProgram(["ip", "link", "del", "tried"]).status == 0
}

/// A pod on a veth with a host route to it, as with Calico.
func routedPod(_ name: String, _ v4: String, _ v6: String) throws -> PodNamespace {
  let pod = try PodNamespace()
  try ip("link add name \(name) up type veth peer name eth0 netns \(pod.path)")
  try pod.ip("link set eth0 up", "addr add \(v4)/32 dev eth0", "addr add \(v6)/128 dev eth0 nodad")
  try ip("route add \(v4)/32 dev \(name)", "route add \(v6)/128 dev \(name)")
  return pod
}

/// A pod on a port of bridge `cni0`, as with the reference plugins.
func bridgedPod(_ name: String, _ v4: String) throws -> PodNamespace {
  let pod = try PodNamespace()
  try ip("link add name \(name) up master cni0 type veth peer name eth0 netns \(pod.path)")
  try pod.ip("addr add \(v4)/24 dev eth0", "link set eth0 up")
  return pod
}

func address(_ text: String) throws -> IPAddress { try IPAddress(parsing: text) }

func localPod(_ uid: String, _ addresses: String...) throws -> LocalPod {
  LocalPod(
    uid: uid, reference: ObjectReference(kind: "Pod", namespace: "n", name: uid),
    addresses: try addresses.map { try IPAddress(parsing: $0) })
}

extension HostInterfaces {
  /// The interface called `name`.
  func named(_ name: String) -> HostLink? { links.first { $0.name == name } }

  func classes(_ configuration: Configuration.Interfaces = .init()) -> [String: InterfaceClass] {
    Dictionary(
      classify(self, under: configuration).map { ($0.name, $0.interfaceClass) }, uniquingKeysWith: { first, _ in first }
    )
  }

  /// Without what depends on when it was looked at.
  var timeless: HostInterfaces {
    var copy = self
    for index in copy.links.indices { copy.links[index].appearance = 0 }
    return copy
  }

  func bind(_ pods: [LocalPod], after previous: InterfaceBindings = InterfaceBindings()) -> InterfaceBindings {
    EgressPolicy.bind(pods, to: self, classified: classify(self, under: .init()), after: previous)
  }
}

extension InterfaceBindings {
  /// `veth1: a 10.0.0.1,fd00::1`.
  var text: [String] {
    podInterfaces.map { "\($0.name): \($0.podUID) \($0.addresses.map(\.description).joined(separator: ","))" }
  }

  var codes: Set<FindingCode> { Set(findings.map(\.code)) }
}
