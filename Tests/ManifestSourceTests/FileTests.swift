import ClusterModel
import Foundation
import Glibc
import ManifestSource
import Testing

/// Files, folders, links and standard input, in a folder that is gone afterwards.
@Suite final class FileTests {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("moat-\(UUID().uuidString)").path
  private let files = FileManager.default

  init() throws { try files.createDirectory(atPath: folder, withIntermediateDirectories: true) }

  deinit { try? files.removeItem(atPath: folder) }

  private func write(_ name: String, pod: String) throws {
    let path = "\(folder)/\(name)"
    try files.createDirectory(
      atPath: URL(fileURLWithPath: path).deletingLastPathComponent().path, withIntermediateDirectories: true)
    try "{apiVersion: v1, kind: Pod, metadata: {name: \(pod)}}".write(toFile: path, atomically: true, encoding: .utf8)
  }

  @Test func folderIsReadInOrder() throws {
    try write("b.yaml", pod: "b")
    try write("a.YML", pod: "a")
    try write("sub/c.json", pod: "c")
    try write("notes.txt", pod: "no")
    try write(".hidden.yaml", pod: "no")
    try write(".git/x.yaml", pod: "no")
    let reading = loadManifests(paths: [folder])
    #expect(reading.snapshot.pods.map(\.metadata.name) == ["a", "b"])
    #expect(
      reading.errors.map(\.description) == [
        "\(folder)/sub/c.json:1 (document 1): is no JSON: has something else than a name in quotes in an object"
      ])
  }

  @Test func linksAreFollowedOnce() throws {
    try write("..2024/a.yaml", pod: "a")
    try files.createSymbolicLink(atPath: "\(folder)/..data", withDestinationPath: "..2024")
    try files.createSymbolicLink(atPath: "\(folder)/a.yaml", withDestinationPath: "..data/a.yaml")
    try files.createSymbolicLink(atPath: "\(folder)/again", withDestinationPath: ".")
    try files.createSymbolicLink(atPath: "\(folder)/self.yaml", withDestinationPath: "self.yaml")
    let reading = loadManifests(paths: [folder, folder + "/", "\(folder)/a.yaml"])
    #expect(reading.snapshot.pods.map(\.metadata.name) == ["a"])
    #expect(reading.errors.map(\.description) == ["\(folder)/self.yaml: is a link to something that does not exist"])
  }

  /// A pipe in a folder would be waited for without end; one that is named is meant.
  @Test func pipesInFolders() throws {
    #expect(mkfifo("\(folder)/pipe.yaml", 0o600) == 0)
    let reading = loadManifests(paths: [folder])
    #expect(
      reading.errors.map(\.description) == ["\(folder)/pipe.yaml: is no regular file"])
    #expect(reading.notes.isEmpty)
  }

  @Test func folderWithoutManifests() throws {
    try files.createDirectory(atPath: "\(folder)/sub", withIntermediateDirectories: true)
    let reading = loadManifests(paths: [folder, folder + "/"])
    #expect(reading.errors.isEmpty)
    #expect(reading.notes == ["\(folder): holds no .yaml, .yml or .json file"])
  }

  @Test func configurationThatCannotBeRead() throws {
    #expect(throws: ConfigurationError.self) { try loadConfiguration(path: folder) }
    do { _ = try loadConfiguration(path: folder) } catch {
      #expect(error.description == "\(folder): cannot be read: Is a directory")
    }
    do { _ = try loadConfiguration(path: folder + "/none.yaml") } catch {
      #expect(error.description == "\(folder)/none.yaml: cannot be opened: No such file or directory")
    }
  }

  @Test func sameObjectInTwoFiles() throws {
    try write("a.yaml", pod: "a")
    try write("b.yaml", pod: "a")
    let reading = loadManifests(paths: [folder])
    #expect(reading.snapshot.pods.isEmpty)
    #expect(
      reading.errors.map(\.description) == [
        "\(folder)/a.yaml:1 (document 1): Pod default/a is given again at \(folder)/b.yaml:1 (document 1); none is used"
      ])
  }

  @Test func fileThatIsTooLarge() throws {
    #expect(files.createFile(atPath: "\(folder)/big.yaml", contents: nil))
    let handle = try #require(FileHandle(forWritingAtPath: "\(folder)/big.yaml"))
    try handle.truncate(atOffset: 300 << 20)
    try handle.close()
    #expect(
      loadManifests(paths: [folder]).errors.map(\.message) == ["is larger than 256 MiB, the most that is read"])
  }

  @Test func missingPath() {
    #expect(loadManifests(paths: ["\(folder)/none"]).errors.map(\.message) == ["does not exist"])
  }

  @Test func standardInput() throws {
    let pipe = Pipe()
    try pipe.fileHandleForWriting.write(contentsOf: Data("{apiVersion: v1, kind: Pod, metadata: {name: a}}".utf8))
    try pipe.fileHandleForWriting.close()
    let reading = loadManifests(paths: ["-"], standardInput: pipe.fileHandleForReading.fileDescriptor)
    #expect(reading.snapshot.pods.map(\.metadata.name) == ["a"])
  }

  @Test func hostResolvers() throws {
    let text = "# c\nnameserver 9.9.9.9\nnameserver\tfe80::1%eth0\nnameserver x\nnameserver 9.9.9.9\noptions a\n"
    try text.write(toFile: "\(folder)/resolv.conf", atomically: true, encoding: .utf8)
    #expect(try readHostResolvers(path: "\(folder)/resolv.conf").map(\.description) == ["9.9.9.9", "fe80::1"])
    #expect(throws: ManifestError.self) { try readHostResolvers(path: "\(folder)/none") }
  }
}
