import CNetfilter
import Glibc
import Netlink
import NetworkValues
import Nftables

/// The connections that the kernel tracks in the network namespace of the thread that made the object.
///
/// Not to be used by two threads at once. See: linux/netfilter/nfnetlink_conntrack.h
package final class ConntrackTable {
  private let socket: NetlinkSocket
  private var buffer = MessageBuffer(capacity: 4096)

  /// Opens a socket of its own.
  package init() throws(NetlinkError) { socket = try NetlinkSocket(bus: NETLINK_NETFILTER) }

  /// The entries of both families for which `isWanted` holds. 100,000 entries take some tenths of a second.
  ///
  /// What comes and goes meanwhile may be in the answer or not. Connections whose first packet has not left the node yet
  /// are in no table.
  package func entries(
    where isWanted: (Connection) -> Bool = { _ in true }
  ) throws(NetlinkError) -> [ConntrackEntry] {
    var entries: [ConntrackEntry] = []
    let sequence = socket.takeSequence()
    buffer.removeAll()
    let start = buffer.beginMessage(
      netfilter: messageType(IPCTNL_MSG_CT_GET), flags: NLM_F_REQUEST | NLM_F_DUMP, sequence: sequence,
      family: UInt8(AF_UNSPEC))
    buffer.endMessage(start)
    try socket.request(buffer, sequence: sequence, dump: true, for: "read tracked connections") { message in
      guard let connection = Connection(message), isWanted(connection) else { return }
      if let entry = ConntrackEntry(connection, message) { entries.append(entry) }
    }
    return entries
  }

  /// Deletes entries; those that are gone already are left out of the answer.
  ///
  /// - Returns: the connections whose entries were deleted, in the same order.
  package func delete(_ entries: [ConntrackEntry]) throws(NetlinkError) -> [Connection] {
    var deleted: [Connection] = []
    for start in stride(from: 0, to: entries.count, by: 256) {
      deleted += try delete(chunk: entries[start..<min(start + 256, entries.count)])
    }
    return deleted
  }

  /// Sends all deletions at once. Only the last is acknowledged, but every one may be refused.
  private func delete(chunk: ArraySlice<ConntrackEntry>) throws(NetlinkError) -> [Connection] {
    let operation = "delete tracked connections"
    let first = socket.takeSequence(chunk.count)
    buffer.removeAll()
    for (index, entry) in chunk.enumerated() {
      let flags = NLM_F_REQUEST | (index == chunk.count - 1 ? NLM_F_ACK : 0)
      let start = buffer.beginMessage(
        netfilter: messageType(IPCTNL_MSG_CT_DELETE), flags: flags, sequence: first + UInt32(index),
        family: entry.family)
      entry.putName(into: &buffer)
      buffer.endMessage(start)
    }
    try socket.send(buffer.bytes, for: operation)
    let missing = try receiveMissing(of: first..<first + UInt32(chunk.count), operation)
    return zip(first..., chunk).filter { !missing.contains($0.0) }.map(\.1.connection)
  }

  /// The sequence numbers of the deletions that found nothing. Answers wait already when sending is done.
  private func receiveMissing(
    of sequences: Range<UInt32>, _ operation: String
  ) throws(NetlinkError) -> Set<UInt32> {
    var missing: Set<UInt32> = []
    var isDone = false
    while let messages = try socket.receive(for: operation) {
      for message in messages where sequences.contains(message.sequence) {
        isDone = isDone || message.sequence == sequences.upperBound - 1
        guard case .refused(let error) = NetlinkReply(message, of: operation) else { continue }
        guard error.code == ENOENT else { throw error }
        missing.insert(message.sequence)
      }
    }
    guard isDone else { throw NetlinkError(operation, code: ENODATA, message: "the kernel did not answer") }
    return missing
  }
}

private func messageType(_ message: cntl_msg_types) -> UInt16 {
  UInt16(NFNL_SUBSYS_CTNETLINK) << 8 | UInt16(message.rawValue)
}
