import ClusterModel
import EgressPolicy
import EgressRuleset
import ManifestSource
import Nftables
import ReferenceCluster

/// What all measurements share.
final class Bench {
  let files: ClusterFiles
  let isQuick: Bool

  /// How often each daemon of the part `flood` is flooded.
  let floods: Int

  /// The moat executable, and the folder of the main scenario.
  let moat: String
  let scenario: String

  private var inputs: (snapshot: ClusterSnapshot, configuration: Configuration)?
  private var ruleset: Ruleset?

  init(files: ClusterFiles, isQuick: Bool, floods: Int, moat: String, scenario: String) {
    self.files = files
    self.isQuick = isQuick
    self.floods = floods
    self.moat = moat
    self.scenario = scenario
  }

  func measure(_ part: Part) throws -> [Row] {
    switch part {
    case .derive: try derivation()
    case .rederive: try rederivation()
    case .memory: try memory()
    case .commit: try commits()
    case .change: try singleChanges()
    case .plan: try plans()
    case .load: try loading()
    case .render: try rendering()
    case .follow: try following()
    case .repair: try repairs()
    case .start: try starts()
    case .idle: try idling()
    case .cluster: try clusterLoad()
    case .api: try serving()
    case .names: try naming()
    case .flood: try flood()
    }
  }

  /// How often something is measured.
  func rounds(quick: Int, full: Int) -> Int { isQuick ? quick : full }

  /// The reference cluster, read once.
  func cluster() throws -> (snapshot: ClusterSnapshot, configuration: Configuration) {
    if let inputs { return inputs }
    let loaded = try loadCluster(files)
    inputs = loaded
    return loaded
  }

  /// The gateway node's ruleset: the one with 100,000 allowances.
  func gatewayRuleset() throws -> Ruleset {
    if let ruleset { return ruleset }
    let (snapshot, configuration) = try cluster()
    let flows = EgressModel(snapshot, under: configuration).flows(on: NodeName(rawValue: ReferenceCluster.gatewayNode))
    let made = lower(flows)
    ruleset = made
    return made
  }
}

/// Something that a measurement relies on did not happen.
struct BenchError: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}

/// Reads the cluster's JSON and the configuration.
func loadCluster(_ files: ClusterFiles) throws -> (snapshot: ClusterSnapshot, configuration: Configuration) {
  let reading = loadManifests(paths: [files.json])
  if let error = reading.errors.first { throw BenchError("\(error)") }
  return (reading.snapshot, try loadConfiguration(path: files.configuration))
}
