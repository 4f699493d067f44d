import CNetfilter
import Glibc
import NetworkValues

/// The sending side of a probe: a socket with a source port of its own, and a listener at the other end.
struct ProbeSender {
  let lab: Lab
  let probe: Probe
  let receiver: Receiver
  let socket: Descriptor
  private let key: Witness.Key
  private let connectError: Int32

  /// Opens the listener and the socket, and starts to connect.
  init(_ probe: Probe, in lab: Lab) throws(LabError) {
    self.lab = lab
    self.probe = probe
    let transport = probe.message.transport(probe.to.family)
    guard let receiver = lab.topology.receiver(from: probe.from, to: probe.to, transport, probe.message.port) else {
      throw .noReceiver(probe.to, from: probe.from)
    }
    self.receiver = receiver
    if transport.hasPorts {
      let address = PostOffice.Address(place: receiver.place, kind: probe.message.kind, local: receiver.local)
      try lab.postOffice.listen(at: address, in: try lab.namespace(of: receiver.place))
    }
    let (socket, port) = try openSocket(probe, in: lab)
    self.socket = socket
    key = Witness.Key(transport: transport, identity: port)
    try lab.witness(at: receiver.place).forget(key)
    try lab.witness(at: probe.from.place).forget(key)
    connectError = -socket.connect(SocketAddress(probe.to, probe.message.port))
    // Refusals come later or as ECONNREFUSED; without a route the question cannot even be asked.
    guard [0, EINPROGRESS, ECONNREFUSED].contains(connectError) else {
      throw .system(call: "connect \(probe)", host: "\(probe.from)", code: connectError)
    }
  }

  /// Sends a new token and waits for what becomes of it.
  func exchange(expecting: ProbeOutcome?) -> (token: Token, progress: Exchange.Progress) {
    let token = lab.identities.withLock { $0.nextToken() }
    guard connectError != ECONNREFUSED else { return (token, Exchange.Progress(error: ECONNREFUSED)) }
    let exchange = Exchange(
      socket: socket, kind: probe.message.kind, token: token,
      message: probe.message.header(probe.to.family) + token.bytes,
      patience: ProbeOutcome.patience(expecting: expecting), postOffice: lab.postOffice)
    return (token, exchange.run())
  }

  /// The outcome of an exchange, with what was seen on the wire at both ends.
  func result(of sent: (token: Token, progress: Exchange.Progress)) throws(LabError) -> ProbeResult {
    let hasToken = lab.postOffice.has(sent.token)
    let isDelivered = probe.message == .ping ? sent.progress.isAnswered : hasToken
    let refusal = try isDelivered ? nil : refusal(sent.progress.error)
    let isSeen = try hasBeenSeen()
    return ProbeResult(
      outcome: isDelivered ? .delivered : refusal == nil ? .dropped : .refused,
      hasArrived: isDelivered || hasToken || isSeen, isAnswered: sent.progress.isAnswered,
      detail: refusal ?? (isDelivered ? "arrived" : "no answer"))
  }

  private func hasBeenSeen() throws(LabError) -> Bool {
    if case .node = receiver.place { return false }
    return try lab.witness(at: receiver.place).sighting(of: key).hasArrived
  }

  /// What refused the probe: the socket's error, or an ICMP error that the socket did not take note of.
  private func refusal(_ error: Int32) throws(LabError) -> String? {
    let icmp = try lab.witness(at: probe.from.place).sighting(of: key).error.map { "ICMP \($0.type)/\($0.code)" }
    guard error != 0, error != ETIMEDOUT else { return icmp }
    return [String(cString: strerror(error)), icmp].compactMap { $0 }.joined(separator: ", ")
  }
}

extension Probe.Message {
  var kind: SocketKind {
    switch self {
    case .tcp: .tcp
    case .udp: .udp
    case .ping: .ping
    }
  }

  /// The destination port; 0 of an echo request.
  var port: UInt16 {
    switch self {
    case .tcp(let port), .udp(let port): port
    case .ping: 0
    }
  }

  func transport(_ family: IPFamily) -> TransportProtocol {
    switch self {
    case .tcp: .tcp
    case .udp: .udp
    case .ping: .icmp(of: family)
    }
  }

  /// What stands before the token; the kernel fills in checksum and identifier.
  func header(_ family: IPFamily) -> [UInt8] {
    self == .ping ? [family == .v4 ? 8 : 128, 0, 0, 0, 0, 0, 0, 1] : []
  }
}

/// A socket of the sender, bound to the next free source port.
private func openSocket(_ probe: Probe, in lab: Lab) throws(LabError) -> (Descriptor, UInt16) {
  let family = probe.to.family
  let host = "\(probe.from)"
  let kind = probe.message.kind
  let socket = try lab.namespace(of: probe.from.place).inside { () throws(LabError) in
    try kind.open(family, at: host)
  }.get()
  let source = probe.source ?? lab.topology.defaultSource(of: probe.from, family)
  if let source, !lab.topology.owns(probe.from, source) {
    _ = try checked(
      moat_socket_allow_any_source(socket.number, Int32(family.rawValue)), "setsockopt IP_TRANSPARENT", at: host)
  }
  if kind != .tcp {
    _ = try checked(
      moat_socket_report_errors(socket.number, Int32(family.rawValue)), "setsockopt IP_RECVERR", at: host)
  }
  for _ in 0..<100 {
    let port = lab.identities.withLock { $0.nextPort() }
    let answer = socket.bind(SocketAddress(source ?? IPAddress(family, 0), port))
    if answer == 0 { return (socket, port) }
    guard answer == -EADDRINUSE else {
      throw .system(call: "bind \(source.map { "\($0)" } ?? "any")", host: host, code: -answer)
    }
  }
  throw .system(call: "bind", host: host, code: EADDRINUSE)
}
