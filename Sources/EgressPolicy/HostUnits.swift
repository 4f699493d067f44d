import ClusterModel
import NetworkValues

/// A cgroup of the host, by which its processes are told apart (S6).
package struct HostCgroup: Hashable, Sendable {
  /// Below the root of cgroup v2: `system.slice/containerd.service`.
  package var path: String

  /// Absent while nothing may be granted to it.
  package var id: UInt64?

  /// What nft calls it; absent where nft cannot name it.
  package var nftName: String?

  /// How far below the root: the number of folders in its path.
  package var level: UInt8 { UInt8(clamping: path.split(separator: "/").count) }
}

/// What the processes of one cgroup may reach outside (`host.allow[].cgroup`).
package struct HostUnit: Hashable, Sendable {
  /// Whose packets they are.
  package var cgroup: HostCgroup

  /// What it may open.
  package var flows: [Flow]
}

extension EgressFlows {
  /// What nft calls the cgroups in the ruleset.
  package var cgroupNames: [UInt64: String] {
    let pairs = (hostUnits.map(\.cgroup) + hostCgroups).compactMap { group in
      group.id.flatMap { id in group.nftName.map { (id, $0) } }
    }
    return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
  }
}

extension EgressFlows {
  /// Whether some cgroup's processes may open this connection; which process has it is not known.
  package func mayPassByCgroup(_ connection: CutConnection) -> Bool {
    guard connection.isHosts else { return false }
    if hostCgroups.contains(where: { $0.id != nil }) { return true }
    return hostUnits.filter { $0.cgroup.id != nil }.flatMap(\.flows).contains { flow in
      flow.transport == connection.transport && flow.destination.contains(connection.destination)
        && flow.ports.contains(connection.port ?? 0)
    }
  }
}

extension EgressModel {
  /// The cgroups whose processes S6 leaves alone; none while `host.mode` is restricted.
  func unrestrictedCgroups() -> [HostCgroup] {
    guard configuration.host.mode == .unrestricted else { return [] }
    return Set(configuration.host.cgroups).sorted().map(cgroup)
  }

  /// The cgroup at `path`; without a number unless its processes may be granted something.
  func cgroup(_ path: String) -> HostCgroup {
    let id = cgroupFault(path) == nil ? snapshot.hostCgroups?.groups[path]?.id : nil
    let prefix = snapshot.hostCgroups.flatMap(\.nftPrefix)
    return HostCgroup(path: path, id: id, nftName: prefix.map { $0 + path })
  }

  /// Why nothing is granted to the processes of the cgroup at `path`, as a sentence part; `nil` where they may be.
  ///
  /// Pods' cgroups are called `kubepods`, `kubepods.slice`, `kubelet-kubepods.slice` and the like; a hostNetwork pod must
  /// not pass for a unit because its cgroup was made, by mistake, within the unit's.
  private func cgroupFault(_ path: String) -> String? {
    if path.contains("kubepods") { return "is one of pods" }
    guard let groups = snapshot.hostCgroups else { return "was not looked for" }
    if let problem = groups.problem { return "cannot be judged: \(problem)" }
    guard let group = groups.groups[path] else { return "is not there" }
    return group.fault
  }

  /// What is to be said of the cgroups that decide something.
  func cgroupFindings() -> [Finding] {
    let entries =
      configuration.host.allow.enumerated().compactMap { index, allowance in
        allowance.cgroup.map { (path: "host.allow[\(index)].cgroup", cgroup: $0) }
      }
      + (configuration.host.mode == .unrestricted
        ? configuration.host.cgroups.enumerated().map { (path: "host.cgroups[\($0)]", cgroup: $1) } : [])
    return entries.compactMap { entry in
      cgroupFault(entry.cgroup).map { grantsNothing(entry.path, entry.cgroup, $0) }
    }
  }
}

private func grantsNothing(_ path: String, _ cgroup: String, _ fault: String) -> Finding {
  Finding(
    .cgroupUnavailable, path: path, "cgroup \(cgroup) \(fault); its processes are judged like any other of the host",
    advice: "name a cgroup v2 of this node that holds no pods, or allow the destinations in host.allow without cgroup")
}
