import ClusterModel
import EgressAgent
import Foundation
import ManifestSource
import SeededRandom
import Testing

@Suite struct WatchedManifestsTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.write(pod("a"), to: "a.yaml")
  }

  @Test func `A file that is written, replaced or removed is noticed`() throws {
    let manifests = WatchedManifests([folder.path])
    #expect(names(manifests) == ["a"])
    try folder.write(pod("b"), to: "b.yml")
    #expect(names(manifests) == ["a", "b"])
    try folder.replace("a.yaml", with: pod("c"))
    #expect(names(manifests) == ["b", "c"])
    try folder.remove("b.yml")
    #expect(names(manifests) == ["c"])
    #expect(manifests.state().faults.isEmpty)
  }

  @Test func `A ConfigMap's links are followed when they are swapped`() throws {
    try folder.makeFolder("map/..1")
    try folder.makeFolder("map/..2")
    try folder.write(pod("one"), to: "map/..1/p.yaml")
    try folder.write(pod("two"), to: "map/..2/p.yaml")
    try folder.link("map/..data", to: "..1")
    try folder.link("map/p.yaml", to: "..data/p.yaml")
    let manifests = WatchedManifests([folder.path + "/map"])
    #expect(names(manifests) == ["one"])
    try folder.link("map/..data_tmp", to: "..2")
    try folder.move("map/..data_tmp", to: "map/..data")
    #expect(names(manifests) == ["two"])
    try folder.remove("map/..1")
    #expect(names(manifests) == ["two"])
    try folder.write(pod("three"), to: "map/..2/p.yaml")
    #expect(names(manifests) == ["three"])
  }

  @Test func `A folder behind a link is followed when the link is swapped`() throws {
    try folder.makeFolder("tree/v1")
    try folder.makeFolder("tree/v2/deep")
    try folder.write(pod("one"), to: "tree/v1/p.yaml")
    try folder.write(pod("two"), to: "tree/v2/deep/p.yaml")
    try folder.link("current", to: "tree/v1")
    let manifests = WatchedManifests([folder.path + "/current"])
    #expect(names(manifests) == ["one"])
    try folder.link("next", to: "tree/v2")
    try folder.move("next", to: "current")
    #expect(names(manifests) == ["two"])
    try folder.write(pod("three"), to: "tree/v2/deep/q.yaml")
    #expect(names(manifests) == ["three", "two"])
  }

  @Test func `What does not parse keeps what was there, and says where`() throws {
    let manifests = WatchedManifests([folder.path])
    try folder.write("kind: Pod\nmetadata: [", to: "a.yaml")
    try folder.write(pod("b"), to: "b.yaml")
    #expect(names(manifests) == ["a", "b"])
    let fault = manifests.state().faults.first ?? ""
    #expect(fault.contains("a.yaml:3 (document 1)") && fault.contains("what was read before stays"), "\(fault)")
    try folder.write(pod("c"), to: "a.yaml")
    #expect(names(manifests) == ["b", "c"])
    #expect(manifests.state().faults.isEmpty)
  }

  @Test func `Nothing is derived before everything could be read once`() throws {
    try folder.write("]", to: "broken.yaml")
    let manifests = WatchedManifests([folder.path])
    #expect(manifests.state().snapshot == nil && manifests.state().faults.count == 1)
    try folder.remove("broken.yaml")
    #expect(names(manifests) == ["a"])
    try folder.write("]", to: "broken.yaml")
    #expect(names(manifests) == ["a"])
  }

  @Test func `An object that is given twice holds everything`() throws {
    let manifests = WatchedManifests([folder.path])
    try folder.write(pod("a"), to: "b.yaml")
    #expect(names(manifests) == nil)
    #expect(manifests.state().faults.first?.contains("is given again") == true)
    try folder.remove("a.yaml")
    #expect(names(manifests) == ["a"])
  }

  @Test(arguments: ["a.yaml", "new.yaml"])
  func `A file counts when its writer closes it`(name: String) throws {
    let manifests = WatchedManifests([folder.path])
    let file = open("\(folder.path)/\(name)", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    for byte in pod("b").utf8 {
      #expect(write(file, [byte], 1) == 1)
      #expect(names(manifests) == ["a"])
    }
    close(file)
    #expect(names(manifests) == (name == "a.yaml" ? ["b"] : ["a", "b"]))
  }

  @Test func `An editor may put the file aside before it writes it anew`() throws {
    let manifests = WatchedManifests([folder.path])
    try folder.move("a.yaml", to: "a.yaml~")
    _ = manifests.update()
    #expect(manifests.state().snapshot?.pods.map(\.metadata.name) == ["a"])
    try folder.write(pod("b"), to: "a.yaml")
    #expect(names(manifests) == ["b"])
    try folder.move("a.yaml", to: "a.yaml~")
    _ = manifests.update()
    #expect(manifests.deadline != nil)
    #expect(names(manifests) == [])
  }

  @Test func `Hidden and foreign files are no manifests`() throws {
    try folder.write("]", to: ".a.yaml.swp")
    try folder.write("]", to: "4913")
    let manifests = WatchedManifests([folder.path])
    try folder.write("]", to: ".b.yaml")
    try folder.write("]", to: "notes.txt")
    _ = manifests.update()
    #expect(names(manifests) == ["a"])
    #expect(manifests.state().faults.isEmpty)
  }

  @Test func `Folders come with what is in them, and go`() throws {
    let manifests = WatchedManifests([folder.path])
    try folder.makeFolder("x/y")
    try folder.write(pod("deep"), to: "x/y/p.yaml")
    #expect(names(manifests) == ["a", "deep"])
    try folder.write(pod("deeper"), to: "x/y/p.yaml")
    #expect(names(manifests) == ["a", "deeper"])
    try folder.move("x", to: ".hidden")
    #expect(names(manifests) == ["a"])
  }

  @Test func `A folder that was given and goes keeps what was read, until it is there again`() throws {
    try folder.makeFolder("root")
    try folder.write(pod("r"), to: "root/p.yaml")
    let manifests = WatchedManifests([folder.path + "/root"])
    #expect(names(manifests) == ["r"])
    try folder.move("root", to: "gone")
    #expect(names(manifests) == ["r"])
    #expect(manifests.state().faults.first?.contains("does not exist") == true)
    try folder.makeFolder("root")
    try folder.write(pod("s"), to: "root/p.yaml")
    #expect(names(manifests) == ["s"])
    #expect(manifests.state().faults.isEmpty)
  }

  @Test func `What could not be read is tried again without an event`() throws {
    try folder.write(pod("a"), to: "a.yaml")
    try folder.makeFolder("elsewhere")
    let manifests = WatchedManifests([folder.path + "/missing.yaml", folder.path + "/a.yaml"])
    #expect(manifests.state().snapshot == nil)
    let first = try #require(manifests.deadline)
    #expect(first > .now && first <= .now + .seconds(2))
    try folder.write(pod("b"), to: "missing.yaml")
    #expect(manifests.update(at: first) && names(manifests) == ["a", "b"] && manifests.deadline == nil)
  }

  @Test func `A pipe is no manifest and holds nobody up`() throws {
    #expect(mkfifo(folder.path + "/p.yaml", 0o600) == 0)
    let manifests = WatchedManifests([folder.path])
    #expect(manifests.state().faults.first?.contains("is no regular file") == true)
  }

  @Test(arguments: 0..<20)
  func `Any sequence of changes ends where a fresh start ends`(seed: Int) throws {
    var random = Seeded(UInt64(seed))
    let manifests = WatchedManifests([folder.path])
    for step in 0..<40 {
      let name = random.pick(["a.yaml", "b.yaml", "c.json", "d/e.yaml", "d/f.yml"])
      try folder.makeFolder("d")
      switch Int.random(in: 0..<6, using: &random) {
      case 0: try folder.write(pod("p\(step)"), to: name)
      case 1: try folder.write(pod("q\(step)"), to: name)
      case 2: try? folder.remove(name)
      case 3: try? folder.move("d", to: ".d\(step)")
      case 4: try? folder.replace("a.yaml", with: pod("r\(step)"))
      default: try? folder.move(name, to: "g.yaml")
      }
      if random.oneIn(3) { _ = manifests.update() }
    }
    try settle(manifests)
    #expect(Set(names(manifests) ?? []) == Set(names(WatchedManifests([folder.path])) ?? []))
  }
}

/// A Pod without anything but its name.
private func pod(_ name: String) -> String {
  #"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"\#(name)","namespace":"test"},"spec":{"containers":[]}}"# + "\n"
}

/// Takes in what the kernel has told, grace included. What cannot be read is tried again later, without end.
private func settle(_ manifests: WatchedManifests) throws {
  _ = manifests.update()
  while let deadline = manifests.deadline, deadline < .now + .milliseconds(500) {
    _ = awaitInput(on: [], until: deadline)
    _ = manifests.update()
  }
}

/// The pods of what was read, sorted; `nil` where there is no snapshot.
private func names(_ manifests: WatchedManifests) -> [String]? {
  do { try settle(manifests) } catch { return nil }
  return manifests.state().snapshot?.pods.map(\.metadata.name).sorted()
}
