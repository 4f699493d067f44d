import ClusterModel
import Glibc

/// The host's cgroups at `paths`, as they are now. What cannot be read is not there; why is in the answer.
///
/// - Parameter mounts: `/proc/self/mountinfo`.
package func readHostCgroups(_ paths: [String], mounts: String = "/proc/self/mountinfo") -> HostCgroups? {
  guard !paths.isEmpty else { return nil }
  return CgroupReading(paths, mounts: mounts).groups
}

/// One reading of cgroups, with the folders whose changes would make it another.
struct CgroupReading {
  private(set) var groups = HostCgroups()
  private(set) var folders: [String] = []

  init(_ paths: [String], mounts: String) {
    guard let root = cgroupRoot(mounts) else {
      groups.problem = "cgroup v2 is not mounted whole (\(mounts))"
      return
    }
    groups.nftPrefix = nftPrefix(of: root)
    for path in Set(paths).sorted() {
      folders += ancestors(of: path, below: root)
      if let group = read(root + "/" + path) { groups.groups[path] = group }
    }
    folders = Set(folders).sorted()
  }

  /// The folders above `path` that may be there.
  private func ancestors(of path: String, below root: String) -> [String] {
    path.split(separator: "/").dropLast().reduce(into: [root]) { $0.append($0[$0.count - 1] + "/" + $1) }
  }

  private mutating func read(_ folder: String) -> HostCgroups.Group? {
    var status = stat()
    guard lstat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return nil }
    var group = HostCgroups.Group(id: UInt64(status.st_ino))
    var pending = [folder]
    var count = 0
    while let next = pending.popLast() {
      count += 1
      guard count <= folderLimit else {
        group.fault = "holds more than \(folderLimit) cgroups, too many to look for pods among them"
        return group
      }
      folders.append(next)
      let below = subfolders(of: next)
      if let pods = below.first(where: { $0.contains("kubepods") }) {
        group.fault = "holds the cgroup \(pods) of pods"
      }
      pending += below.map { next + "/" + $0 }
    }
    return group
  }
}

/// How many cgroups one that is granted something may hold.
private let folderLimit = 4096

/// Names of the folders in a folder of a cgroup file system; none where it is gone.
private func subfolders(of folder: String) -> [String] {
  let entries = (try? entries(of: folder)) ?? []
  return entries.filter { $0.type == UInt8(DT_DIR) }.map(\.name)
}

/// Where the whole of cgroup v2 is mounted, below /sys/fs/cgroup if it is there, too. A part of it does not do: its paths
/// are not the configuration's.
///
/// See: proc(5), /proc/pid/mountinfo
private func cgroupRoot(_ mounts: String) -> String? {
  guard let bytes = try? contents(ofFile: mounts) else { return nil }
  let roots = String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { line -> String? in
    let words = line.split(separator: " ")
    guard let dash = words.firstIndex(of: "-"), dash > 5, dash + 1 < words.count, words[dash + 1] == "cgroup2",
      words[3] == "/", !words[4].contains("\\")
    else { return nil }
    return String(words[4])
  }
  return roots.first { nftPrefix(of: $0) != nil } ?? roots.first
}

/// What nft writes before paths of cgroups below `root`; `nil` where it cannot.
private func nftPrefix(of root: String) -> String? {
  if root == nftRoot { return "" }
  return root.hasPrefix(nftRoot + "/") ? String(root.dropFirst(nftRoot.count + 1)) + "/" : nil
}

/// Where nft looks for cgroups.
private let nftRoot = "/sys/fs/cgroup"
