import ClusterModel
import Foundation
import ManifestSource
import SeededRandom
import Testing

/// Manifests damaged at random, by seed: whatever comes of them, nothing crashes, and what is said is printable.
@Suite struct MutationTests {
  #if DEBUG
    let count: UInt64 = 500
  #else
    let count: UInt64 = 5_000
  #endif

  private func bytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: httpbin + "/" + name)))
  }

  @Test(arguments: ["egress.yaml", "config.yaml"]) func damagedText(_ name: String) throws {
    let text = try bytes(name)
    for seed in 0..<count {
      let damaged = mutate(text, seed: seed)
      var collector = ManifestCollector()
      collector.add(damaged, file: "x.yaml")
      checkPrintable(collector.finish(), seed: seed)
      _ = try? readConfiguration(damaged, file: "x.yaml")
    }
  }

  /// One node of one object changed: the other objects are read as before.
  @Test func damagedTrees() throws {
    let objects = try ["cluster.yaml", "egress.yaml"].flatMap { name in
      try String(decoding: bytes(name), as: UTF8.self).components(separatedBy: "\n---\n").map(tree)
    }
    for seed in 0..<count {
      var generator = Seeded(seed)
      let index = Int.random(in: 0..<objects.count, using: &generator)
      let damaged = objects[index].mutated(seed: seed)
      let (values, error) = ManifestValue.documents(ofJSON: Array(damaged.json.utf8))
      #expect(error == nil && values == [damaged], "seed \(seed)")
      var collector = ManifestCollector()
      collector.add(Array(damaged.json.utf8), file: "x.json", isJSON: true)
      checkPrintable(collector.finish(), seed: seed)
    }
  }

  /// An object as a tree, by way of the YAML reader.
  private func tree(_ text: String) throws -> ManifestValue { try #require(manifestValue(ofYAML: text)) }

  private func checkPrintable(_ reading: ManifestReading, seed: UInt64) {
    let texts =
      reading.errors.map(\.description) + reading.notes
      + reading.snapshot.problems.map(\.misunderstanding.description)
    for text in texts {
      #expect(text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x202e }, "seed \(seed): \(text)")
    }
  }
}
