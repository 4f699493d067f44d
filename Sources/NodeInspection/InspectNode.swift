import ClusterModel
import Conntrack
import Netlink
import NetworkValues
import Nftables

/// Looks at the node in the calling thread's network namespace. What cannot be read is said in its place.
///
/// - Parameter root: a folder that stands for the node's root, for files alone; empty for the node itself.
package func inspectNode(root: String = "") -> NodeFacts {
  let files = NodeFiles(root: root)
  var facts = NodeFacts()
  facts.missing = missingFeatures()
  facts.sysctls = files.sysctls()
  facts.nftablesFlushes = files.nftablesFlushes()
  facts.firewalldFlushes = files.firewalldFlushes()
  facts.virtualFunctions = files.virtualFunctions()
  facts.interfaces = hostInterfaces()
  facts.programs = facts.interfaces.known.map(packetPrograms) ?? .value([:])
  facts.masquerading = masqueradingTables()
  return facts
}

private func hostInterfaces() -> NodeReading<HostInterfaces> {
  do { return .value(try InterfaceObserver().interfaces) } catch {
    return .unreadable("interfaces cannot be read: \(error)")
  }
}

/// The connections that are open now and that `ruleset` refuses, without their own ports, each once. Those of processes
/// that a cgroup allows are among them: connection tracking does not know whose they are.
package func connectionsCut(by ruleset: Ruleset) -> NodeReading<[CutConnection]> {
  do {
    let addresses = try NodeAddresses.current()
    var judge = ConnectionJudge(ruleset, at: addresses)
    let refused = try ConntrackTable().entries { judge.refuses($0) }
    let cut = refused.map { entry in
      let connection = entry.connection
      return CutConnection(
        source: connection.source, destination: connection.destination, transport: connection.transport,
        port: connection.destinationPort, isHosts: addresses.own.contains(connection.source))
    }
    return .value(Array(Set(cut)))
  } catch {
    return .unreadable("tracked connections cannot be read: \(error)")
  }
}
