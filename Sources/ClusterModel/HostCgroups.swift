/// The host's cgroups that the configuration names, as the kernel numbers them at one moment (S6).
///
/// Only cgroup v2 counts. A cgroup that is removed and made again, as a unit's is when it restarts, has another number;
/// numbers do not come back before the machine boots again.
package struct HostCgroups: Hashable, Sendable {
  /// One cgroup that is there.
  package struct Group: Hashable, Sendable {
    /// The kernel's number, which is the inode number of its folder.
    package var id: UInt64

    /// Why its processes must not be granted anything, as a sentence part; absent where nothing is wrong.
    package var fault: String?

    package init(id: UInt64, fault: String? = nil) {
      self.id = id
      self.fault = fault
    }
  }

  /// By path below the root, as the configuration writes it. What is not there is not in it.
  package var groups: [String: Group]

  /// Where cgroup v2 lies below /sys/fs/cgroup, with a final slash, or empty: what nft writes before a path. Absent where
  /// it lies elsewhere, so that nft cannot name a cgroup.
  package var nftPrefix: String?

  /// Why nothing could be read, as a sentence part; `groups` is then empty.
  package var problem: String?

  package init(groups: [String: Group] = [:], nftPrefix: String? = "", problem: String? = nil) {
    self.groups = groups
    self.nftPrefix = nftPrefix
    self.problem = problem
  }
}

extension Configuration {
  /// The cgroups that decide something, sorted: those of `host.allow`, and with `host.mode: unrestricted` also
  /// `host.cgroups`.
  package var cgroupPaths: [String] {
    Set(host.allow.compactMap(\.cgroup) + (host.mode == .unrestricted ? host.cgroups : [])).sorted()
  }
}
