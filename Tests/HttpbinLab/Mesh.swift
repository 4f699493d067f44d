import Foundation
import NamespaceLab
import NetworkValues

/// The main scenario with a real mesh: Envoys beside productpage and reviews, an Envoy as egress gateway, and one that is
/// everything outside and writes down who came.
///
/// What it made and started is gone with this value.
package final class Mesh {
  package let lab: Lab

  /// Where everything lies that is written; sidecars may write there.
  let folder: String

  private let place: TemporaryPlace
  let certificates: Certificates
  let outsideCapture: Capture
  let gatewayCapture: Capture
  private var envoys: [Envoy] = []

  /// - Parameter envoy: the binary, where uid 1337 can reach it.
  package init(envoy: String) throws {
    lab = try Lab(httpbinTopology())
    place = try TemporaryPlace()
    folder = place.path
    certificates = try Certificates(in: folder)
    outsideCapture = try lab.capture(at: .outside("httpbin.org"))
    gatewayCapture = try lab.capture(at: .pod(gateway))
    try run(["chown", "-R", Envoy.user, folder])
    // From a cold disk the first start takes long: its pages come one by one.
    try run(["dd", "if=\(envoy)", "of=/dev/null", "bs=1M", "status=none"])
    try start(envoy)
    for envoy in envoys { try envoy.awaitReadiness() }
    for pod in [productpage, reviews] { try redirect(pod, to: .allowAny) }
  }

  private func start(_ binary: String) throws {
    for (pod, identity) in [(productpage, WorkloadIdentity.productpage), (reviews, .reviews)] {
      let sidecar = Sidecar(identity: identity, certificates: certificates)
      envoys.append(
        try Envoy(
          binary, identity.rawValue, in: folder, listeners: sidecar.listeners, clusters: sidecar.clusters,
          at: .pod(pod), of: lab))
    }
    let egress = EgressGateway(certificates: certificates, log: gatewayLog)
    envoys.append(
      try Envoy(
        binary, "gateway", in: folder, listeners: egress.listeners, clusters: egress.clusters, at: .pod(gateway),
        of: lab))
    let outside = OutsideWeb(certificates: certificates, log: outsideLog)
    envoys.append(
      try Envoy(
        binary, "outside", in: folder, listeners: outside.listeners, through: [], at: .outside("httpbin.org"), of: lab))
  }

  /// Lets a pod's own TCP go to its sidecar, as Istio's init container does; nil flushes the pod's rules, as a container
  /// with NET_ADMIN can.
  func redirect(_ pod: String, to policy: OutboundPolicy?) throws {
    let rules =
      policy.map {
        """
        flush ruleset
        table inet istio {
          chain output {
            type nat hook output priority -100; policy accept;
            meta skuid \(Envoy.user) return
            meta skgid \(Envoy.user) return
            oifname "lo" return
            ip daddr 127.0.0.0/8 return
            ip6 daddr ::1 return
            meta l4proto tcp redirect to :\($0.rawValue)
          }
        }
        """
      } ?? "flush ruleset"
    let loaded = try lab.run(in: .pod(pod), ["nft", "-f", "-"], input: rules)
    guard loaded.status == 0 else {
      throw LabError.program(host: pod, command: "nft", status: loaded.status, output: loaded.text)
    }
  }

  private func run(_ words: [String]) throws {
    let result = try startProgram(words).wait()
    guard result.status == 0 else {
      throw LabError.program(host: "here", command: words[0], status: result.status, output: result.text)
    }
  }
}

/// A folder that is removed with this value.
private final class TemporaryPlace {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("moat-mesh-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

extension Mesh {
  fileprivate var gatewayLog: String { folder + "/gateway.log" }
  fileprivate var outsideLog: String { folder + "/outside.log" }

  /// What the outside wrote down of a request.
  struct Visit: Decodable {
    var path: String

    /// The address that the request came from, after every translation.
    var from: String
  }

  /// The requests that came outside.
  func visits() throws -> [Visit] {
    try lines(outsideLog).map { try JSONDecoder().decode(Visit.self, from: $0) }
  }

  /// The gateway's access log.
  package func gatewayRequests() throws -> [GatewayRequest] {
    try lines(gatewayLog).map { line in
      let fields = try JSONSerialization.jsonObject(with: line) as? [String: Any]
      return GatewayRequest(fields: fields ?? [:])
    }
  }

  /// Whole lines only: the last one may not be written to its end.
  private func lines(_ path: String) throws -> [Data] {
    guard FileManager.default.fileExists(atPath: path) else { return [] }
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    let end = bytes.lastIndex(of: UInt8(ascii: "\n")) ?? bytes.startIndex
    return bytes[..<end].split(separator: UInt8(ascii: "\n")).map { Data($0) }
  }
}

/// A line of the gateway's access log.
package struct GatewayRequest {
  /// As Envoy wrote them.
  package var fields: [String: Any]

  /// What was asked for.
  package var path: String { self["path"] ?? "" }

  /// A field that is text.
  package subscript(_ name: String) -> String? { fields[name] as? String }
}
