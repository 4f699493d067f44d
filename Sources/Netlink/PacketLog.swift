import CNetfilter
import Glibc

/// Reads the packets that rules with `log group N` hand over, in the network namespace of the thread that made it.
///
/// A group has one reader. What the kernel could not deliver is counted by the gaps in its numbering; what was lost after
/// the newest packet shows with the next one. Not to be used by two threads at once.
/// See: linux/netfilter/nfnetlink_log.h, net/netfilter/nfnetlink_log.c
package final class PacketLog {
  /// How a group is read.
  package struct Settings: Hashable, Sendable {
    /// The number in `log group N`.
    package var group: UInt16

    /// The most bytes of each packet that are handed over; a rule's `snaplen` can only lower it.
    package var snapLength: UInt32

    /// How many packets are delivered together.
    package var threshold: UInt32

    /// The most bytes that are delivered together; one packet may be larger. `nil` is the kernel's 4 KiB, the most is
    /// 128 KiB.
    package var batchSize: UInt32?

    /// After how many hundredths of a second fewer packets than `threshold` are delivered, too.
    package var patience: UInt32

    /// Bytes that may wait to be received, also beyond the limit of sysctl.
    package var receiveBuffer: Int

    package init(
      group: UInt16, snapLength: UInt32, threshold: UInt32, batchSize: UInt32? = nil, patience: UInt32,
      receiveBuffer: Int
    ) {
      self.group = group
      self.snapLength = snapLength
      self.threshold = threshold
      self.batchSize = batchSize
      self.patience = patience
      self.receiveBuffer = receiveBuffer
    }
  }

  private let socket: NetlinkSocket
  private var expected: UInt32 = 0

  /// Packets that the kernel gave a number and could not deliver.
  package private(set) var lost: UInt64 = 0

  /// How often the receive buffer was full.
  package private(set) var overruns: UInt64 = 0

  /// Becomes the group's reader; what is logged from then on is delivered or counted as lost.
  ///
  /// - Throws: `NetlinkError`, with EPERM where another process reads the group, which is named if it can be seen.
  package init(_ settings: Settings) throws(NetlinkError) {
    socket = try NetlinkSocket(
      bus: NETLINK_NETFILTER, receiveBuffer: settings.receiveBuffer, largestDatagram: Self.largestDatagram)
    let sequence = socket.takeSequence()
    var buffer = MessageBuffer(capacity: 128)
    let start = buffer.beginMessage(
      netfilter: UInt16(NFNL_SUBSYS_ULOG) << 8 | UInt16(NFULNL_MSG_CONFIG.rawValue),
      flags: NLM_F_REQUEST | NLM_F_ACK, sequence: sequence, family: UInt8(AF_UNSPEC), resource: settings.group)
    settings.put(into: &buffer)
    buffer.endMessage(start)
    let operation = "read the packets of log group \(settings.group)"
    do {
      try socket.send(buffer.bytes, for: operation)
      try socket.receiveAcknowledgement(of: sequence...sequence, for: operation)
    } catch {
      throw error.code == EPERM ? error.naming(readersOf: settings.group) : error
    }
  }

  /// The kernel fills the memory that it got for a batch, which is more than it asked for: for 128 KiB and what belongs
  /// to a socket buffer 256 KiB. A single packet has 64 KiB and what is said of it.
  private static let largestDatagram = 1 << 18

  /// Readable when packets wait, or were lost.
  package var descriptor: Int32 { socket.descriptor }

  /// Gives every packet that waits to `body`, in order. Never waits.
  ///
  /// - Parameter limit: after so many datagrams others have a turn.
  /// - Returns: whether more may wait.
  /// - Throws: `NetlinkError`, not for lost packets: they are counted.
  @discardableResult
  package func receive(limit: Int = 64, _ body: (LoggedPacket) -> Void) throws(NetlinkError) -> Bool {
    for _ in 0..<limit {
      do {
        guard let messages = try socket.receive(for: "receive logged packets") else { return false }
        for message in messages {
          guard let packet = LoggedPacket(message) else { continue }
          note(packet.sequence)
          body(packet)
        }
      } catch {
        // What did not fit is lost like what did not fit into the socket: the numbering shows how much it was.
        guard error.code == ENOBUFS || error.code == EMSGSIZE else { throw error }
        overruns += 1
      }
    }
    return true
  }

  /// The kernel numbers from 0 on, and begins again after the last number.
  private func note(_ sequence: UInt32?) {
    guard let sequence else { return }
    lost += UInt64(sequence &- expected)
    expected = sequence &+ 1
  }
}

extension PacketLog.Settings {
  /// What moat refuses: many at once and what decides about them, a single one after 50 ms.
  package static let refusals = Self(
    group: 28015, snapLength: 128, threshold: 1000, batchSize: 1 << 17, patience: 5, receiveBuffer: 8 << 20)

  /// What resolvers answer: whole and at once.
  package static let answers = Self(
    group: 28016, snapLength: .max, threshold: 1, patience: 1, receiveBuffer: 8 << 20)

  /// One message, so that no packet is ever handed over by other settings.
  fileprivate func put(into buffer: inout MessageBuffer) {
    buffer.putAttribute(UInt16(NFULA_CFG_CMD.rawValue), bytes: [UInt8(NFULNL_CFG_CMD_BIND.rawValue)])
    let range = withUnsafeBytes(of: min(snapLength, UInt32(UInt16.max)).bigEndian) { Array($0) }
    buffer.putAttribute(UInt16(NFULA_CFG_MODE.rawValue), bytes: range + [UInt8(NFULNL_COPY_PACKET), 0])
    buffer.putAttribute(UInt16(NFULA_CFG_TIMEOUT.rawValue), bigEndian: patience)
    buffer.putAttribute(UInt16(NFULA_CFG_QTHRESH.rawValue), bigEndian: threshold)
    if let batchSize { buffer.putAttribute(UInt16(NFULA_CFG_NLBUFSIZ.rawValue), bigEndian: batchSize) }
    buffer.putAttribute(UInt16(NFULA_CFG_FLAGS.rawValue), bytes: [0, UInt8(NFULNL_CFG_F_SEQ)])
  }
}

extension NetlinkError {
  /// Says who reads the group already: columns are group, port, …
  fileprivate func naming(readersOf group: UInt16) -> NetlinkError {
    var error = self
    for line in contents(of: "/proc/thread-self/net/netfilter/nfnetlink_log").split(separator: "\n") {
      let columns = line.split(separator: " ")
      guard columns.count >= 2, columns[0] == "\(group)", let port = UInt32(columns[1]) else { continue }
      let readers = holders(ofPort: port, bus: NETLINK_NETFILTER).map(\.description)
      error.message = (readers.isEmpty ? "another process" : readers.joined(separator: ", ")) + " reads it already"
    }
    return error
  }
}
