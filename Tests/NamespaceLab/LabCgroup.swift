import Glibc
import Synchronization

/// A cgroup of cgroup v2 for tests, with a name that nobody else has. It is removed with this value, with what is in it:
/// processes are killed. Needs root.
package final class LabCgroup: Sendable {
  private static let count = Atomic(0)

  /// Below the root of cgroup v2: `moat-test-4711-1`.
  package let path: String

  /// The folder itself.
  package let folder: String

  /// What nft writes before `path`.
  package let nftPrefix: String

  /// - Throws: `LabError` where this machine has no cgroup v2, or lets nobody make one.
  package init() throws(LabError) {
    guard let root = Self.root else { throw .topology("cgroup v2 is not mounted at /sys/fs/cgroup or below") }
    path = "moat-test-\(getpid())-\(Self.count.add(1, ordering: .relaxed).newValue)"
    folder = root + "/" + path
    let place = root.dropFirst("/sys/fs/cgroup".count)
    nftPrefix = place.isEmpty ? "" : place.dropFirst() + "/"
    guard mkdir(folder, 0o755) == 0 else { throw .system(call: "mkdir \(folder)", host: "cgroup", code: errno) }
  }

  deinit { remove(folder) }

  /// The kernel's number of a cgroup below this one.
  package func make(_ name: String) throws(LabError) -> UInt64 {
    var status = stat()
    guard mkdir("\(folder)/\(name)", 0o755) == 0, lstat("\(folder)/\(name)", &status) == 0 else {
      throw .system(call: "mkdir \(name)", host: "cgroup", code: errno)
    }
    return UInt64(status.st_ino)
  }

  /// Removes a cgroup below this one and what is in it.
  package func remove(below name: String) { remove("\(folder)/\(name)") }

  /// A command that runs what follows it in a cgroup below this one.
  package func entering(_ name: String) -> [String] {
    ["sh", "-c", "echo $$ > \(folder)/\(name)/cgroup.procs && exec \"$@\"", "sh"]
  }

  /// Where cgroup v2 is, at one of the two usual places.
  private static var root: String? {
    ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].first { access("\($0)/cgroup.controllers", F_OK) == 0 }
  }

  /// From the leaves up; a process that was killed may take a moment to be gone.
  private func remove(_ folder: String) {
    if let stream = opendir(folder) {
      while let entry = readdir(stream) {
        guard entry.pointee.d_type == UInt8(DT_DIR) else { continue }
        let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        if name != ".", name != ".." { remove("\(folder)/\(name)") }
      }
      closedir(stream)
    }
    let killer = open("\(folder)/cgroup.kill", O_WRONLY | O_CLOEXEC)
    if killer >= 0 {
      _ = write(killer, "1", 1)
      close(killer)
    }
    for _ in 0..<1000 {
      if rmdir(folder) == 0 || errno != EBUSY { return }
      usleep(2000)
    }
  }
}
