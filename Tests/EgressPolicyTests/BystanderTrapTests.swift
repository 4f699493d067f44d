import ClusterModel
import EgressPolicy
import Foundation
import ManifestSource
import SeededRandom
import Testing

/// Mistakes of published samples in objects that allow nothing here, and what `moat check` says of them; and what it does
/// not say of samples that are right. The shapes are those of istio.io's tasks, Istio's own test data, Google's egress
/// gateway and Solo's workshops.
@Suite struct BystanderTrapTests {
  @Test(arguments: traps)
  func `Each is told by its name, and allows nothing`(trap: Sample) throws {
    let found = try findings(on: trap.manifest, beside: "01-httpbin")
    #expect(found.contains { $0.hasPrefix(trap.beginning) }, "\(found)")
  }

  @Test(arguments: rightSamples)
  func `What is right is let be`(sample: Sample) throws {
    let found = try findings(on: sample.manifest, beside: "01-httpbin").filter { text in
      text.split(separator: " ").dropFirst().first.map { $0 >= "M074" } ?? false
    }
    #expect(found.isEmpty, "\(found)")
  }

  @Test func `Nothing is said of selectors where no pods are given`() throws {
    let manifest = gateway("{ istio: egressgateway }") + kubernetesService("{ asm: egressgateway }")
    let found = try findings(on: manifest, beside: nil)
    #expect(!found.contains { $0.contains(" M076 ") }, "\(found)")
    #expect(found.contains { $0.contains(" M036 networking.istio.io/v1 Gateway: ") }, "\(found)")
  }

  @Test func `Service isolation is no lock where the configuration opens`() throws {
    let manifest = """
      apiVersion: admin.gloo.solo.io/v2
      kind: WorkspaceSettings
      metadata: { name: w, namespace: bookinfo }
      spec: { options: { serviceIsolation: { enabled: true } } }
      """
    let found = try findings(on: manifest, beside: "04-unpoliced-allow")
    let beginning =
      "note M081 WorkspaceSettings bookinfo/w spec.options.serviceIsolation: isolation is the proxies' alone, "
    #expect(found.contains { $0.hasPrefix(beginning + "and gateways.unpoliced: allow opens the gateway") }, "\(found)")
  }

  @Test func `However they are damaged, they allow nothing, and what is said is printable`() throws {
    let text =
      egressRoute("httpbin.net", declared: "httpbin.com") + gateway("{ istio: egressgateway }")
      + deployment("{ app: a }") + networkPolicy(dns("UDP") + "\n  - to: [{ namespaceSelector: {} }]")
      + entry("*.bar.com", "exportTo: []", port: "TCP") + sidecar("ALLOW_ANY")
    let objects = text.components(separatedBy: "---\n").compactMap { manifestValue(ofYAML: $0) }
    #expect(objects.count == 7)
    let whole = try inputs(of: "01-httpbin")
    let expected = allowances(of: whole.snapshot, under: whole.configuration, on: nodes)
    for seed in 0..<UInt64(2_000) {
      var generator = Seeded(seed)
      var snapshot = whole.snapshot
      for object in objects {
        guard let read = try? ClusterObject(reading: object.damaged(using: &generator)) else { continue }
        snapshot.merge(read.contents)
      }
      let found = EgressModel(snapshot, under: whole.configuration).trapFindings
      #expect(!found.map(\.description).contains { $0.contains("\n") }, "seed \(seed)")
      guard seed % 100 == 0 else { continue }
      #expect(allowances(of: snapshot, under: whole.configuration, on: nodes) == expected, "seed \(seed)")
    }
  }
}

private let nodes = ["worker-1", "egress-1"].map(NodeName.init(rawValue:))

/// What `moat check` says of manifests beside those of a scenario; it must allow what the scenario alone does.
private func findings(on manifest: String, beside scenario: String?) throws -> [String] {
  let whole = try scenario.map(inputs)
  let configuration = whole?.configuration ?? Configuration()
  let reading = FileReading(Array(manifest.utf8), file: "trap.yaml")
  #expect(reading.errors.isEmpty, "\(reading.errors)")
  var collector = ManifestCollector()
  collector.add(reading)
  var snapshot = whole?.snapshot ?? ClusterSnapshot()
  snapshot.merge(collector.finish().snapshot)
  let model = EgressModel(snapshot, under: configuration)
  let alone = EgressModel(whole?.snapshot ?? ClusterSnapshot(), under: configuration)
  for node in nodes { #expect(model.flows(on: node).lines == alone.flows(on: node).lines) }
  return (model.flows(on: nodes[0]).findings + model.trapFindings).map(\.description)
}
