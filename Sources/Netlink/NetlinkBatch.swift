import CNetfilter
import Glibc

/// A netfilter batch: messages that take effect together, between BATCH_BEGIN and BATCH_END, with one acknowledgement.
///
/// Every message carries the number of the step it belongs to as its sequence number (relative to `firstSequence`), so
/// that an error names its step. See: linux/netfilter/nfnetlink.h
package struct NetlinkBatch: ~Copyable {
  /// The messages.
  package var buffer: MessageBuffer

  /// The sequence number of BATCH_BEGIN; step `n` has `firstSequence + 1 + n`.
  package private(set) var firstSequence: UInt32 = 0

  /// The sequence number of the message that is acknowledged.
  package private(set) var acknowledgedSequence: UInt32 = 0

  private var subsystem: UInt16 = 0
  private var lastMessage: Int?

  /// An empty batch; `begin` comes next.
  package init() { buffer = MessageBuffer() }

  /// Starts over with BATCH_BEGIN.
  ///
  /// - Parameter generation: the kernel refuses the batch with ERESTART when this is not the current one.
  package mutating func begin(subsystem: UInt16, generation: UInt32?, sequence: UInt32) {
    buffer.removeAll()
    lastMessage = nil
    self.subsystem = subsystem
    firstSequence = sequence
    acknowledgedSequence = sequence
    let start = buffer.beginMessage(
      netfilter: UInt16(NFNL_MSG_BATCH_BEGIN), flags: NLM_F_REQUEST, sequence: sequence, family: UInt8(AF_UNSPEC),
      resource: subsystem)
    if let generation { buffer.putAttribute(UInt16(NFNL_BATCH_GENID.rawValue), bigEndian: generation) }
    buffer.endMessage(start)
  }

  /// Begins a message of `step` and returns its offset, for `endMessage`.
  package mutating func beginMessage(_ message: UInt16, flags: Int32, family: UInt8, step: Int) -> Int {
    let sequence = firstSequence &+ 1 &+ UInt32(truncatingIfNeeded: step)
    let start = buffer.beginMessage(
      netfilter: subsystem << 8 | message, flags: NLM_F_REQUEST | flags, sequence: sequence, family: family)
    lastMessage = start
    acknowledgedSequence = sequence
    return start
  }

  /// Fills in the length of the message that began at `start`.
  package mutating func endMessage(_ start: Int) { buffer.endMessage(start) }

  /// Whether there is a message besides BATCH_BEGIN and BATCH_END.
  package var hasMessages: Bool { lastMessage != nil }

  /// Appends a message whose attributes `fill` writes behind the header and counts in nlmsg_len, as libmnl does.
  ///
  /// - Parameter room: the most bytes that `fill` may write.
  package mutating func appendMessage(
    _ message: UInt16, flags: Int32, family: UInt8, step: Int, room: Int = 1 << 16,
    fill: (UnsafeMutablePointer<nlmsghdr>) -> Void
  ) {
    let start = beginMessage(message, flags: flags, family: family, step: step)
    buffer.endMessage(start)
    buffer.reserve(room)
    let header = (buffer.base + start).assumingMemoryBound(to: nlmsghdr.self)
    fill(header)
    buffer.advance(Int(header.pointee.nlmsg_len) - 20)
  }

  /// Ends with BATCH_END and asks for the acknowledgement: on BATCH_END where the kernel gives it (Linux 6.10 and
  /// later), else on the last message before it.
  package mutating func end(acknowledgesEnd: Bool = kernelAcknowledgesBatchEnd) {
    var flags = NLM_F_REQUEST
    if acknowledgesEnd {
      flags |= NLM_F_ACK
      acknowledgedSequence &+= 1
    } else if let lastMessage {
      buffer.addFlags(NLM_F_ACK, toMessage: lastMessage)
    }
    let start = buffer.beginMessage(
      netfilter: UInt16(NFNL_MSG_BATCH_END), flags: flags, sequence: acknowledgedSequence,
      family: UInt8(AF_UNSPEC), resource: subsystem)
    buffer.endMessage(start)
  }

  /// The step that an error's sequence number belongs to; `nil` for the batch itself.
  package func step(of sequence: UInt32) -> Int? {
    let distance = sequence &- firstSequence
    return distance == 0 || distance > acknowledgedSequence &- firstSequence ? nil : Int(distance) - 1
  }
}

/// Whether this kernel acknowledges BATCH_END: Linux 6.10 and later. Decided once, by uname(2).
package let kernelAcknowledgesBatchEnd: Bool = {
  var name = utsname()
  guard uname(&name) == 0 else { return false }
  let release = withUnsafeBytes(of: &name.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  let numbers = release.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
  return numbers.count == 2 && (numbers[0], numbers[1]) >= (6, 10)
}()
