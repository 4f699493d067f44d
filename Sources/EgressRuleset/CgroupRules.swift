import EgressPolicy
import NetworkValues
import Nftables

/// The sets of S6's cgroups: for each unit its cgroup (none while it is absent) and what it may reach, and the cgroups
/// whose processes are left alone. None where the configuration names no cgroup.
func cgroupSets(_ flows: EgressFlows) -> [NamedSet] {
  let units = flows.hostUnits.enumerated().flatMap { index, unit in
    [ids(unitSet(index), [unit.cgroup])]
      + IPFamily.allCases.flatMap { family in
        hostSets(unit.flows, unitSet(index, "hosts", family), unitSet(index, "networks", family), family)
      }
  }
  return units + (flows.hostCgroups.isEmpty ? [] : [ids(unrestrictedCgroups, flows.hostCgroups)])
}

/// S6: `host.allow` of single cgroups, and `host.mode: unrestricted`. A packet without a full socket is of no cgroup, so
/// none of these rules matches it. A number is looked up at its own level: everything below the cgroup counts as of it.
func cgroupRules(_ flows: EgressFlows) -> [Rule] {
  let units = flows.hostUnits.enumerated().flatMap { index, unit in
    IPFamily.allCases.flatMap { family in
      ["hosts", "networks"].map { kind in
        Rule(
          [
            .lookup([.cgroup(level: unit.cgroup.level)], .isIn, set: unitSet(index)),
            .lookup(
              [family.destination, .transportProtocol, .destinationPort], .isIn, set: unitSet(index, kind, family)),
            .counter(Acceptance.host.rawValue), .verdict(.accept),
          ], comment: "S6 host.allow of \(unit.cgroup.path.prefix(100))")
      }
    }
  }
  let levels = Set(flows.hostCgroups.map(\.level)).sorted()
  return units
    + levels.map { level in
      Rule(
        [
          .lookup([.cgroup(level: level)], .isIn, set: unrestrictedCgroups), .counter(Acceptance.host.rawValue),
          .verdict(.accept),
        ], comment: "S6 host.cgroups")
    }
}

/// Cgroups whose processes may reach everything.
private let unrestrictedCgroups = "host_cgroups"

/// `unit1`: the cgroup of the first unit by path.
private func unitSet(_ index: Int) -> String { "unit\(index + 1)" }

/// `unit1_hosts4`, `unit1_networks6`: what it may reach.
private func unitSet(_ index: Int, _ kind: String, _ family: IPFamily) -> String {
  "\(unitSet(index))_\(kind)\(family.rawValue)"
}

private func ids(_ name: String, _ cgroups: [HostCgroup]) -> NamedSet {
  NamedSet(
    hash: name, of: [.cgroup], keys: cgroups.compactMap(\.id).map { ElementKey([.cgroup], [UInt128($0)]) })
}
