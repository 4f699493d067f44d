import CNetfilter
import Glibc
import Netlink
import NetworkValues

/// Makes entries of connection tracking without packets. See: linux/netfilter/nfnetlink_conntrack.h
final class EntryMaker {
  private let socket: NetlinkSocket
  private var buffer = MessageBuffer()

  init() throws { socket = try NetlinkSocket(bus: NETLINK_NETFILTER) }

  /// An established TCP connection: its first packet's addresses and ports, and those of the answers.
  func make(
    _ source: IPAddress, _ sourcePort: UInt16, to destination: IPAddress, _ destinationPort: UInt16,
    answeredBy replySource: IPAddress, _ replySourcePort: UInt16, toward replyDestination: IPAddress,
    _ replyDestinationPort: UInt16, zone: UInt16? = nil
  ) throws {
    let sequence = socket.takeSequence()
    buffer.removeAll()
    let start = buffer.beginMessage(
      netfilter: UInt16(NFNL_SUBSYS_CTNETLINK) << 8 | UInt16(IPCTNL_MSG_CT_NEW.rawValue),
      flags: NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, sequence: sequence,
      family: UInt8(source.family == .v4 ? AF_INET : AF_INET6))
    put(CTA_TUPLE_ORIG, source, sourcePort, destination, destinationPort)
    put(CTA_TUPLE_REPLY, replySource, replySourcePort, replyDestination, replyDestinationPort)
    let status = IPS_CONFIRMED.rawValue | IPS_ASSURED.rawValue | IPS_SEEN_REPLY.rawValue
    buffer.putAttribute(UInt16(CTA_STATUS.rawValue), bigEndian: UInt32(status))
    buffer.putAttribute(UInt16(CTA_TIMEOUT.rawValue), bigEndian: 600)
    if let zone { buffer.putAttribute(UInt16(CTA_ZONE.rawValue), bytes: bytes(zone)) }
    let protocolState = buffer.beginNest(UInt16(CTA_PROTOINFO.rawValue))
    let tcp = buffer.beginNest(UInt16(CTA_PROTOINFO_TCP.rawValue))
    buffer.putAttribute(UInt16(CTA_PROTOINFO_TCP_STATE.rawValue), bytes: [3])
    buffer.endNest(tcp)
    buffer.endNest(protocolState)
    buffer.endMessage(start)
    try socket.send(buffer.bytes, for: "make a connection")
    try socket.receiveAcknowledgement(of: sequence...sequence, for: "make a connection")
  }

  private func put(
    _ type: ctattr_type, _ source: IPAddress, _ sourcePort: UInt16, _ destination: IPAddress, _ destinationPort: UInt16
  ) {
    let isV4 = source.family == .v4
    let tuple = buffer.beginNest(UInt16(type.rawValue))
    let addresses = buffer.beginNest(UInt16(CTA_TUPLE_IP.rawValue))
    buffer.putAttribute(UInt16((isV4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC).rawValue), bytes: source.bytes)
    buffer.putAttribute(UInt16((isV4 ? CTA_IP_V4_DST : CTA_IP_V6_DST).rawValue), bytes: destination.bytes)
    buffer.endNest(addresses)
    let ports = buffer.beginNest(UInt16(CTA_TUPLE_PROTO.rawValue))
    buffer.putAttribute(UInt16(CTA_PROTO_NUM.rawValue), bytes: [6])
    buffer.putAttribute(UInt16(CTA_PROTO_SRC_PORT.rawValue), bytes: bytes(sourcePort))
    buffer.putAttribute(UInt16(CTA_PROTO_DST_PORT.rawValue), bytes: bytes(destinationPort))
    buffer.endNest(ports)
    buffer.endNest(tuple)
  }

  private func bytes(_ number: UInt16) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 255)] }
}
