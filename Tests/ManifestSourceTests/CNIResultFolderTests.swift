import ClusterModel
import Foundation
import Glibc
import ManifestSource
import Testing

/// The container runtime's cache, with whatever may lie in it.
struct CNIResultFolderTests {
  @Test func `Good files are read, bad ones are named and bind nothing`() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("moat-cni-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let write = { (name: String, text: String) in
      try Data(text.utf8).write(to: folder.appendingPathComponent(name))
    }
    let result = { (pod: String) in
      #"{"cniArgs":[["K8S_POD_NAMESPACE","n"],["K8S_POD_NAME","\#(pod)"]],"result":{"interfaces":[{"name":"v"}]}}"#
    }
    try write("cbr0-b-eth0", result("b"))
    try write("cbr0-a-eth0", result("a"))
    try write("docker", "{}")
    try write(".hidden", "no JSON")
    try write("half", String(result("c").prefix(40)))
    try write("twice", result("d") + result("e"))
    try write("wrong", #"{"cniArgs":{}}"#)
    #expect(symlink("cbr0-a-eth0", folder.path + "/link") == 0)
    #expect(mkfifo(folder.path + "/pipe", 0o600) == 0)
    try FileManager.default.createDirectory(
      at: folder.appendingPathComponent("folder"), withIntermediateDirectories: true)

    let reading = readCNIResults(in: folder.path)
    #expect(reading.results.map(\.podName) == ["a", "b"])
    let named = reading.faults.map { $0.split(separator: "/").last.map { String($0.prefix { $0 != ":" }) } }
    #expect(named == ["folder", "half", "link", "pipe", "twice", "wrong"], "\(reading.faults)")
  }

  @Test func `Without a cache there is nothing to read and nothing wrong`() {
    let reading = readCNIResults(in: "/nowhere/at/all")
    #expect(reading.results.isEmpty && reading.faults.isEmpty)
  }
}
