import FlowLog
import NameResolution

/// A packet as a pod made it, read for the log of refusals and for what it asks or answers by DNS.
///
/// The first two bytes are the type that its frame states.
func readPackets(_ bytes: UnsafeRawBufferPointer) {
  guard bytes.count >= 2 else { return }
  let etherType = UInt16(bytes[0]) << 8 | UInt16(bytes[1])
  let packet = UnsafeRawBufferPointer(rebasing: bytes.dropFirst(2))
  _ = RefusedPacket(packet, etherType: etherType)
  guard let segment = TransportSegment(packet: Array(packet)) else { return }
  precondition(segment.payload.count <= packet.count, "more payload than packet")
  var conversations = DNSConversations()
  for isQuestion in [true, false] {
    _ = conversations.take(Array(packet), at: .now) { ($0 == segment.source.address) == isQuestion }
  }
}
