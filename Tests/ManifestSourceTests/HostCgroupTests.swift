import ClusterModel
import Foundation
import Glibc
import Testing

@testable import ManifestSource

/// Cgroups as folders tell of them: any folder will do, under a list of mounts of its own.
@Suite final class HostCgroupTests {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("moat-\(UUID().uuidString)").path
  private let files = FileManager.default

  init() throws {
    try make("fs/system.slice/a.service")
    try write("1 2 0:3 / \(folder)/fs rw - cgroup2 cgroup2 rw\n")
  }

  deinit { try? files.removeItem(atPath: folder) }

  private var mounts: String { folder + "/mountinfo" }

  private func write(_ text: String) throws { try Data(text.utf8).write(to: URL(fileURLWithPath: mounts)) }

  private func make(_ path: String) throws {
    try files.createDirectory(atPath: "\(folder)/\(path)", withIntermediateDirectories: true)
  }

  private func inode(_ path: String) throws -> UInt64 {
    var status = stat()
    guard lstat("\(folder)/fs/\(path)", &status) == 0 else { throw CocoaError(.fileNoSuchFile) }
    return UInt64(status.st_ino)
  }

  @Test func `A cgroup is the inode of its folder; what is not there is left out`() throws {
    let found = try #require(readHostCgroups(["system.slice/a.service", "system.slice/b.service"], mounts: mounts))
    #expect(found.groups == ["system.slice/a.service": HostCgroups.Group(id: try inode("system.slice/a.service"))])
    #expect(found.nftPrefix == nil && found.problem == nil)
    #expect(readHostCgroups([], mounts: mounts) == nil)
  }

  @Test(arguments: [
    "", "1 2 0:3 /pod \("x") rw - cgroup2 cgroup2 rw\n", "1 2 0:3 / /sys/fs/cgroup rw - cgroup cgroup rw\n",
  ])
  func `Without the whole of cgroup v2 nothing is known`(_ text: String) throws {
    try write(text)
    let found = readHostCgroups(["system.slice"], mounts: mounts)
    #expect(found?.groups == [:] && found?.problem != nil)
    #expect(readHostCgroups(["system.slice"], mounts: folder + "/none")?.problem != nil)
  }

  @Test func `nft looks below its own folder`() throws {
    try write("1 2 0:3 / /sys/fs/cgroup/unified rw shared:4 - cgroup2 cgroup2 rw\n")
    #expect(readHostCgroups(["none/such"], mounts: mounts)?.nftPrefix == "unified/")
    try write("1 2 0:3 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n")
    #expect(readHostCgroups(["none/such"], mounts: mounts)?.nftPrefix == "")
  }

  @Test(arguments: ["kubepods", "x/kubelet-kubepods.slice", "kubepods-besteffort-pod1.slice:cri-containerd:2"])
  func `A cgroup with pods' cgroups in it is unfit`(_ nested: String) throws {
    try make("fs/system.slice/a.service/\(nested)")
    let found = readHostCgroups(["system.slice/a.service"], mounts: mounts)
    #expect(found?.groups["system.slice/a.service"]?.fault?.contains("of pods") == true)
  }

  @Test func `Cgroups are followed as they come and go, at every level`() throws {
    let watch = WatchedCgroups(mounts: mounts)
    let path = "system.slice/a.service"
    #expect(watch.descriptor == nil && watch.update(to: []) == nil)
    let first = try inode(path)
    #expect(watch.update(to: [path])?.groups[path]?.id == first)
    #expect(watch.update(to: [path]) == nil)
    // A folder of another file holds the inode, so that the next one has another.
    try files.moveItem(atPath: "\(folder)/fs/\(path)", toPath: "\(folder)/kept")
    #expect(try news(of: watch, [path])?.groups == [:])
    try make("fs/\(path)")
    #expect(try news(of: watch, [path])?.groups[path]?.id == inode(path))
    #expect(try inode(path) != first)
    try make("fs/\(path)/deep/kubepods")
    #expect(try news(of: watch, [path])?.groups[path]?.fault != nil)
    try files.removeItem(atPath: "\(folder)/fs/system.slice")
    #expect(try news(of: watch, [path])?.groups == [:])
    try make("fs/\(path)")
    #expect(try news(of: watch, [path])?.groups[path]?.id == inode(path))
    #expect(watch.update(to: [])?.groups == [:])
  }

  /// What the kernel tells within ten seconds.
  private func news(of watch: WatchedCgroups, _ paths: [String]) throws -> HostCgroups? {
    let deadline = ContinuousClock.now + .seconds(10)
    while ContinuousClock.now < deadline {
      var entry = pollfd(fd: watch.descriptor ?? -1, events: Int16(POLLIN), revents: 0)
      _ = poll(&entry, 1, 100)
      if let found = watch.update(to: paths) { return found }
    }
    return nil
  }
}
