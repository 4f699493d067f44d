import ClusterModel
import EgressPolicy
import EgressRuleset
import ManifestSource

/// From a file to the ruleset: reads it as manifests and as configuration, and derives what it comes to.
///
/// A first byte of `J` says that the rest is JSON, `Y` that it is YAML. Deriving takes far longer than reading, so only
/// every sixteenth input goes the whole way.
func readManifests(_ bytes: UnsafeRawBufferPointer) {
  guard let first = bytes.first else { return }
  let text = Array(bytes.dropFirst())
  var collector = ManifestCollector()
  collector.add(text, file: "input", isJSON: first == UInt8(ascii: "J"))
  let reading = collector.finish()
  let configuration = (try? readConfiguration(text, file: "input")) ?? Configuration()
  guard text.reduce(0, &+) & 15 == 0 else { return }
  let model = EgressModel(reading.snapshot, under: configuration)
  for node in Set(reading.snapshot.nodes.map { NodeName(rawValue: $0.metadata.name) } + [NodeName(rawValue: "n")]) {
    let ruleset = lower(model.flows(on: node))
    precondition(!ruleset.nftSyntax().isEmpty, "no ruleset at all")
  }
}
