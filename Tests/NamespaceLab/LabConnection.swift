import CNetfilter
import Glibc
import NetworkValues

/// A TCP connection, or a pair of UDP ports, that stays open: for rules that change while it lives.
package final class LabConnection: Sendable {
  /// How the first sixteen bytes fared.
  package let opening: ProbeResult

  private let sender: ProbeSender
  private let first: Token

  init(_ probe: Probe, in lab: Lab) throws(LabError) {
    sender = try ProbeSender(probe, in: lab)
    let sent = sender.exchange(expecting: probe.expecting)
    first = sent.token
    opening = try sender.result(of: sent)
  }

  /// Sends sixteen bytes more from the side that opened the connection.
  ///
  /// `hasArrived` tells of the payload only: a segment without one goes unnoticed.
  package func send(expecting: ProbeOutcome? = nil) throws(LabError) -> ProbeResult {
    let result = try sender.result(of: sender.exchange(expecting: expecting))
    return ProbeResult(
      outcome: result.outcome, hasArrived: result.outcome == .delivered, isAnswered: result.isAnswered,
      detail: result.detail)
  }

  /// Lets the far side send sixteen bytes on the connection, and says whether they came.
  ///
  /// `refused` means that the connection is reset; a far side that never got anything cannot send: `dropped`.
  package func receive(expecting: ProbeOutcome? = nil) -> ProbeResult {
    let lab = sender.lab
    let token = lab.identities.withLock { $0.nextToken() }
    lab.postOffice.send(token, answering: first)
    let deadline = ContinuousClock.now + ProbeOutcome.patience(expecting: expecting)
    while ContinuousClock.now < deadline {
      let events = isReady(sender.socket.number, POLLIN, within: deadline - .now)
      if events & POLLIN != 0, let bytes = sender.socket.receive(),
        bytes.suffix(Token.length).elementsEqual(token.bytes)
      {
        return ProbeResult(outcome: .delivered, hasArrived: true, isAnswered: false, detail: "arrived")
      }
      let error = events & (POLLERR | POLLHUP) == 0 ? 0 : sender.socket.takeError()
      if error != 0 {
        return ProbeResult(
          outcome: .refused, hasArrived: false, isAnswered: false, detail: String(cString: strerror(error)))
      }
    }
    return ProbeResult(outcome: .dropped, hasArrived: false, isAnswered: false, detail: "no answer")
  }
}

extension Lab {
  /// Opens a connection and sends the first bytes on it. Look at `opening` to see whether they arrived.
  package func connect(
    from: LabHost, to: IPAddress, _ message: Probe.Message, expecting: ProbeOutcome? = .delivered
  ) throws(LabError) -> LabConnection {
    try LabConnection(Probe(from: from, to: to, message, expecting: expecting), in: self)
  }

  /// Starts to record what comes in at a host. Open it before sending.
  package func capture(at host: LabHost) throws(LabError) -> Capture { try Capture(in: namespace(of: host.place)) }

  /// Sends a frame as it is, from its destination address on, by a pod's only interface.
  package func sendFrame(from host: LabHost, _ bytes: [UInt8]) throws(LabError) {
    let name = "\(host)"
    try namespace(of: host.place).inside { () throws(LabError) in
      _ = try checked(moat_frame_send("eth0", bytes, bytes.count), "sendto a frame", at: name)
    }.get()
  }

  /// Sends a packet as it is from a host, past its socket layer, by its routes and through its output hooks.
  ///
  /// - Throws: `LabError` with EPERM if the host's own output hook drops it.
  package func sendRaw(from host: LabHost, _ packet: WirePacket) throws(LabError) {
    let name = "\(host)"
    let version = Int32(packet.source.family.rawValue)
    let raw = Int32(SOCK_RAW.rawValue)
    let socket = try namespace(of: host.place).inside { () throws(LabError) in
      Descriptor(try checked(moat_socket_open(version, raw, Int32(IPPROTO_RAW)), "socket raw", at: name))
    }.get()
    _ = try checked(socket.send(packet.bytes, to: SocketAddress(packet.destination, 0)), "sendto raw", at: name)
  }
}
