import ClusterModel
import SeededRandom
import Testing

@testable import ManifestSource

/// What is kept of objects while some of them change is what a fresh start with the same files has.
@Suite struct KindContentsTests {
  @Test(arguments: 0..<200 as Range<UInt64>)
  func `Any sequence of changed files comes to what is in them at last`(seed: UInt64) {
    var generator = Seeded(seed)
    var files: [String: FileReading] = [:]
    var followed = KindsInFiles()
    for step in 0..<30 {
      let path = generator.pick(["a.json", "b.json", "c.json", "d.json"])
      let next = generator.oneIn(5) ? nil : reading(of: path, &generator)
      followed.replace(files[path]?.objects ?? [], by: next?.objects ?? [])
      files[path] = next
      var fresh = KindsInFiles()
      for (_, file) in files.sorted(by: { $0.key < $1.key }) { fresh.replace([], by: file.objects) }
      let (one, other) = (followed.assemble(), fresh.assemble())
      #expect(one.snapshot.inOneOrder == other.snapshot.inOneOrder, "seed \(seed), step \(step)")
      #expect(one.errors == other.errors && one.objectCount == other.objectCount, "seed \(seed), step \(step)")
    }
  }

  @Test func `An object that changes keeps its place`() {
    let files = (0..<5).map { FileReading(Array(pod("p\($0)", "a").utf8), file: "\($0).json", isJSON: true) }
    var contents = KindContents()
    for file in files { contents.replace([], by: file.objects) }
    let changed = FileReading(Array(pod("p2", "b").utf8), file: "2.json", isJSON: true)
    contents.replace(files[2].objects, by: changed.objects)
    #expect(contents.snapshot.pods.map(\.metadata.name) == ["p0", "p1", "p2", "p3", "p4"])
    #expect(contents.snapshot.pods.map(\.serviceAccount) == ["a", "a", "b", "a", "a"])
    contents.replace(files[1].objects, by: [])
    #expect(contents.snapshot.pods.map(\.metadata.name) == ["p0", "p4", "p2", "p3"])
  }

  /// Up to three objects of few names and several kinds: some of them without effect, damaged, or given elsewhere, too.
  private func reading(of path: String, _ generator: inout Seeded) -> FileReading {
    let objects = (0..<Int.random(in: 0...3, using: &generator)).map { _ in
      let name = generator.pick(["x", "y", "z"])
      return switch Int.random(in: 0..<7, using: &generator) {
      case 0...2: pod(name, generator.pick(["a", "b"]))
      case 3: object("Namespace", "v1", name)
      case 4:
        object("AccessPolicy", generator.pick(["security.policy.gloo.solo.io/v2", "policy.gloo.solo.io/v2"]), name)
      case 5: object("Thing", "example.com/v1", generator.pick([name, ""]))
      default: endpoints(name, generator.pick(["10.0.0.1", "10.0.0.2", "nonsense"]))
      }
    }
    return FileReading(Array(objects.joined(separator: "\n").utf8), file: path, isJSON: true)
  }
}

private func object(_ kind: String, _ version: String, _ name: String, _ rest: String = "") -> String {
  #"{"apiVersion":"\#(version)","kind":"\#(kind)","metadata":{"name":"\#(name)"}\#(rest)}"#
}

private func pod(_ name: String, _ account: String) -> String {
  object("Pod", "v1", name, #","spec":{"serviceAccountName":"\#(account)","containers":[]}"#)
}

private func endpoints(_ name: String, _ address: String) -> String {
  #"{"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","metadata":{"name":"\#(name)","#
    + #""labels":{"kubernetes.io/service-name":"kubernetes"}},"addressType":"IPv4","#
    + #""endpoints":[{"addresses":["\#(address)"]}],"ports":[{"name":"https","port":6443}]}"#
}

extension ClusterSnapshot {
  /// The same objects in an order that says nothing of how they came.
  fileprivate var inOneOrder: ClusterSnapshot {
    var result = self
    result.pods.sort { ($0.name, $0.serviceAccount) < ($1.name, $1.serviceAccount) }
    result.namespaces.sort { $0.metadata.name < $1.metadata.name }
    result.accessPolicies.sort { $0.metadata.name < $1.metadata.name }
    result.problems.sort { "\($0)" < "\($1)" }
    return result
  }
}
