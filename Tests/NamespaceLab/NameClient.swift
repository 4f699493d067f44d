import CNetfilter
import Glibc
import NetworkValues

extension Lab {
  /// Asks a DNS server once, as an application's resolver does, and waits for a message.
  ///
  /// - Parameters:
  ///   - isStream: over TCP.
  ///   - patience: for each of connection and answer.
  /// - Returns: the first message that comes, as it travels over UDP; `nil` if none does.
  package func ask(
    _ question: NameMessage, from: LabHost, at server: IPAddress, overTCP isStream: Bool = false,
    patience: Duration = .seconds(3)
  ) throws(LabError) -> [UInt8]? {
    let host = "\(from)"
    let kind: SocketKind = isStream ? .tcp : .udp
    let socket = try namespace(of: from.place).inside { () throws(LabError) in
      let socket = try kind.open(server.family, at: host)
      let status = socket.connect(SocketAddress(server, 53))
      guard status == 0 || status == -EINPROGRESS else { throw .system(call: "connect", host: host, code: -status) }
      return socket
    }.get()
    guard isReady(socket.number, POLLOUT, within: patience) & POLLOUT != 0 else { return nil }
    socket.sendAll(isStream ? question.framed : question.bytes)
    var bytes: [UInt8] = []
    let deadline = ContinuousClock.now + patience
    while ContinuousClock.now < deadline {
      guard isReady(socket.number, POLLIN, within: deadline - .now) != 0 else { break }
      guard let more = socket.receive() else { return nil }
      if !isStream { return more }
      bytes += more
      if bytes.count >= 2, bytes.count >= 2 + Int(bytes[0]) << 8 + Int(bytes[1]) { return Array(bytes.dropFirst(2)) }
      if more.isEmpty { return nil }
    }
    return nil
  }

  /// Opens a TCP connection, and closes it at once.
  ///
  /// - Returns: how long it took; `nil` if it was refused or not there within `patience`.
  package func timeToConnect(
    from: LabHost, to address: IPAddress, port: UInt16, patience: Duration = .seconds(3)
  ) throws(LabError) -> Duration? {
    let host = "\(from)"
    let began = ContinuousClock.now
    let socket = try namespace(of: from.place).inside { () throws(LabError) -> Descriptor? in
      let socket = try SocketKind.tcp.open(address.family, at: host)
      let status = socket.connect(SocketAddress(address, port))
      return status == 0 || status == -EINPROGRESS ? socket : nil
    }.get()
    guard let socket, isReady(socket.number, POLLOUT, within: patience) & POLLOUT != 0, socket.takeError() == 0 else {
      return nil
    }
    let took = ContinuousClock.now - began
    // Without TIME_WAIT: tests open thousands.
    var option = linger(l_onoff: 1, l_linger: 0)
    setsockopt(socket.number, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    return took
  }

  /// Lets a host have every address of a network besides its own, and accept connections to a port of all of them until
  /// the result is gone.
  package func acceptConnections(
    at host: LabHost, _ networks: [Prefix] = [], port: UInt16
  ) throws(LabError) -> Acceptor {
    for network in networks {
      let result = try run(
        in: host, ["ip", network.family == .v4 ? "-4" : "-6", "route", "add", "local", "\(network)", "dev", "lo"])
      guard result.status == 0 else {
        throw .program(host: "\(host)", command: "ip route", status: result.status, output: result.text)
      }
    }
    let namespace = try namespace(of: host.place)
    let name = "\(host)"
    let families = networks.isEmpty ? Set(IPFamily.allCases) : Set(networks.map(\.family))
    let listeners = try namespace.inside { () throws(LabError) in
      try families.map { family throws(LabError) in
        let listener = try SocketKind.tcp.open(family, at: name)
        let any = SocketAddress(IPAddress(family, 0), port)
        _ = try checked(listener.bind(any), "bind \(any)", at: name)
        guard listen(listener.number, 4096) == 0 else { throw .system(call: "listen", host: name, code: errno) }
        return listener
      }
    }.get()
    return Acceptor(listeners)
  }
}
