import ClusterModel
import EgressPolicy
import Foundation
import ManifestSource
import NetworkValues

/// What one object has lost, and what changed in it.
struct Damage: CustomStringConvertible {
  /// `AccessPolicy istio-egress egress-access-policy`.
  var title: String

  /// As `lostPaths` gives them; the empty path is the whole object.
  var lost: [String]

  init(of object: ManifestValue, lost: [String]) {
    let metadata = object["metadata"]
    title = [object["kind"]?.scalarText, metadata?["namespace"]?.scalarText, metadata?["name"]?.scalarText]
      .compactMap { $0 }.joined(separator: " ")
    self.lost = lost
  }

  var description: String { "\(title) without \(lost)" }
}

/// The manifests of 01-httpbin as texts and as trees, and what they allow when whole.
struct MainManifests {
  typealias Allowances = (flows: Set<Allowance>, inside: PrefixSet)

  let texts: [String]
  let objects: [ManifestValue]
  private let whole: [Manifest]
  private let configuration: Configuration
  private let nodes = ["worker-1", "egress-1"].map(NodeName.init(rawValue:))
  private var expected: Allowances = ([], PrefixSet())

  init() throws {
    let folder = scenarios.appendingPathComponent("01-httpbin")
    texts = try ["cluster.yaml", "egress.yaml"].map {
      try String(contentsOf: folder.appendingPathComponent($0), encoding: .utf8)
    }
    configuration = try loadConfiguration(path: folder.appendingPathComponent("config.yaml").path)
    objects = texts.flatMap { $0.components(separatedBy: "\n---\n") }.compactMap { manifestValue(ofYAML: $0) }
    whole = try objects.map { try Manifest(reading: $0) }
    expected = allowances(of: texts.map { Array($0.utf8) })
    guard whole.count == 25, expected.flows.count > 10 else { throw MissingManifests() }
  }

  private struct MissingManifests: Error {}

  /// With one object replaced; one that cannot even be named is left out, as `--keep-going` does.
  func allowances(replacing index: Int, with object: ManifestValue) -> Allowances {
    var snapshot = ClusterSnapshot()
    for (number, manifest) in whole.enumerated() where number != index { snapshot.add(manifest) }
    if let manifest = try? Manifest(reading: object) { snapshot.add(manifest) }
    return EgressPolicyTests.allowances(of: snapshot, under: configuration, on: nodes)
  }

  /// Of whole texts, with what can be read of them.
  func allowances(of texts: [[UInt8]]) -> Allowances {
    var collector = ManifestCollector()
    for (number, text) in texts.enumerated() { collector.add(text, file: "\(number).yaml") }
    return EgressPolicyTests.allowances(of: collector.finish().snapshot, under: configuration, on: nodes)
  }

  /// What is allowed now, and is neither allowed by the whole manifests nor explained by the damage.
  func news(in found: Allowances, after damage: Damage?) -> Set<Allowance> {
    var news = found.flows.subtracting(expected.flows)
    for widening in widenings where damage.map(widening.covers) ?? false {
      news = news.filter { !widening.explains($0, expected.flows) }
    }
    for range in found.inside.subtracting(expected.inside).ranges {
      news.insert(Allowance(node: nodes[0], kind: .inside, destination: range))
    }
    return news
  }
}

/// A part whose absence says something by the model's own rules, and what more may be allowed then.
private struct Widening: Sendable {
  var title: String

  /// The part, or everything of which parts are meant; the empty path is any damage of the object.
  var path: String
  var explains: @Sendable (Allowance, Set<Allowance>) -> Bool

  func covers(_ damage: Damage) -> Bool {
    guard damage.title == title else { return false }
    return path.isEmpty
      || damage.lost.contains { $0 == path || $0.hasPrefix(path + ".") || $0.hasPrefix(path + "[") }
  }
}

/// All of them, for the manifests of 01-httpbin. What is not listed here must not widen anything.
private let widenings: [Widening] = [
  // A3: an omitted field of a client selector means any, the whole selector every identity.
  Widening(
    title: "AccessPolicy istio-egress egress-access-policy",
    path: "spec.config.authz.allowedClients[0].serviceAccountSelector"
  ) { news, expected in
    news.kind == .hopA && expected.contains { $0.kind == .hopA && $0.destination == news.destination }
  },
  // G1: without a Service that selects the pod, or its targetPort, a listener stands on its own port. A selector with
  // a label that is no string selects nothing.
  Widening(title: "Service istio-egress istio-egressgateway", path: "") { news, expected in
    guard news.kind == .hopA, news.ports == PortRange(443) else { return false }
    return expected.contains {
      $0.kind == .hopA && $0.node == news.node && $0.source == news.source && $0.destination == news.destination
    }
  },
  // S9: a pod without a phase has not finished, and owns its address.
  Widening(title: "Pod bookinfo report-28461-job-zz9xp", path: "status.phase") { news, _ in
    news.kind == .hopA && news.source == IPAddress(v4: 0x0a01_010d)
  },
]
