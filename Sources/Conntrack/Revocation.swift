import CNetfilter
import Netlink
import Nftables

/// The connections that were cut because the rules refuse them now.
package struct Revocation: Hashable, Sendable, CustomStringConvertible {
  /// In the kernel's order.
  package var connections: [Connection]

  package init(connections: [Connection]) { self.connections = connections }

  /// How many.
  package var count: Int { connections.count }

  /// `revoked 2 connections: tcp 10.1.1.10:40312 → 10.1.2.10:8443, udp …`; at most ten are named.
  package var description: String {
    let named = connections.prefix(10).map(\.description).joined(separator: ", ")
    let rest = count > 10 ? ", and \(count - 10) more" : ""
    return "revoked \(count) connection\(count == 1 ? "" : "s")" + (count == 0 ? "" : ": \(named)\(rest)")
  }
}

extension ConntrackTable {
  /// Deletes the entries of concerned connections that `ruleset` refuses, so that not even their answers pass (S8).
  ///
  /// To be called when the kernel holds `ruleset`: first the rules, then this. Otherwise the connection's next packet
  /// would make a new entry. It waits for packets that were judged by the old rules and are still on their way.
  ///
  /// - Parameter concern: what the change of rules concerns, `concern(from:to:)`.
  /// - Throws: `NetlinkError`; entries may then be left, and the call must be repeated with the same concern.
  package func revoke(refusedBy ruleset: Ruleset, _ concern: Concern) throws(NetlinkError) -> Revocation {
    if case .nothing = concern { return Revocation(connections: []) }
    moat_await_packets()
    var judge = ConnectionJudge(ruleset, at: try .current())
    let refused = try entries { concern.includes($0) && judge.refuses($0) }
    return Revocation(connections: try delete(refused))
  }
}
