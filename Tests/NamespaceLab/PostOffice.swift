import CNetfilter
import Foundation
import Glibc
import NetworkValues
import Synchronization

/// Sixteen bytes that one probe sends and nobody else does.
struct Token: Hashable, Sendable {
  static let length = 16
  let bytes: [UInt8]

  private static let mark: [UInt8] = Array("moat:lab".utf8)

  init(number: UInt64) { bytes = Self.mark + (0..<8).reversed().map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) } }

  init(bytes: some Collection<UInt8>) { self.bytes = Array(bytes) }
}

/// All listening sockets of a lab: says which tokens have arrived, and sends every token back to where it came from.
final class PostOffice: Sendable {
  /// Where a listener stands.
  struct Address: Hashable {
    let place: Place
    let kind: SocketKind
    let local: SocketAddress
  }

  /// The way back to the sender of a token.
  private enum Correspondent {
    case stream(Descriptor)
    case datagram(Descriptor, SocketAddress)
  }

  private struct Stream {
    let socket: Descriptor
    var unread: [UInt8] = []
  }

  private struct State {
    var listeners: [Address: Descriptor] = [:]
    var streams: [Stream] = []
    var arrivals: [Token: Correspondent] = [:]
    var isClosed = false
  }

  private let state = Mutex(State())
  private let alarm: (heard: Descriptor, rung: Descriptor)

  init() throws(LabError) {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw .system(call: "pipe", host: "post office", code: errno) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    alarm = (Descriptor(ends[0]), Descriptor(ends[1]))
    let thread = Thread { [self] in while deliver() {} }
    thread.name = "post office"
    thread.start()
  }

  /// Stops the thread and closes every socket.
  func close() {
    state.withLock { $0.isClosed = true }
    ring()
  }

  /// Makes sure that somebody listens at the address.
  func listen(at address: Address, in namespace: NetworkNamespace) throws(LabError) {
    if state.withLock({ $0.listeners[address] != nil }) { return }
    let outcome = state.withLock { state -> Result<Void, LabError> in
      guard state.listeners[address] == nil else { return .success(()) }
      do throws(LabError) {
        state.listeners[address] = try openListener(address, in: namespace)
        return .success(())
      } catch { return .failure(error) }
    }
    try outcome.get()
    ring()
  }

  /// Whether the token has arrived.
  func has(_ token: Token) -> Bool { state.withLock { $0.arrivals[token] != nil } }

  /// Sends `reply` from the receiving side on the connection, or to the sender, that brought `token`.
  func send(_ reply: Token, answering token: Token) {
    state.withLock { $0.arrivals[token].map { post(reply.bytes, to: $0) } }
  }

  private func ring() { _ = Glibc.write(alarm.rung.number, [0], 1) }

  /// One round: waits for sockets, then serves them. False when the office is closed.
  private func deliver() -> Bool {
    let sockets = state.withLock { $0.isClosed ? [] : $0.listeners.values + $0.streams.map(\.socket) }
    var entries = ([alarm.heard] + sockets).map { pollfd(fd: $0.number, events: Int16(POLLIN), revents: 0) }
    poll(&entries, nfds_t(entries.count), -1)
    if entries[0].revents != 0 {
      var bytes = [UInt8](repeating: 0, count: 64)
      _ = Glibc.read(alarm.heard.number, &bytes, bytes.count)
    }
    let ready = Set(entries.dropFirst().filter { $0.revents != 0 }.map(\.fd))
    return state.withLock { state in
      guard !state.isClosed else {
        state = State(isClosed: true)
        return false
      }
      for (address, listener) in state.listeners where ready.contains(listener.number) {
        if address.kind == .tcp { accept(listener, &state) } else { receive(listener, &state) }
      }
      state.streams = state.streams.compactMap { stream in
        ready.contains(stream.socket.number) ? read(stream, &state.arrivals) : stream
      }
      return true
    }
  }

  private func accept(_ listener: Descriptor, _ state: inout State) {
    while case let number = moat_socket_accept(listener.number), number >= 0 {
      state.streams.append(Stream(socket: Descriptor(number)))
    }
  }

  private func receive(_ listener: Descriptor, _ state: inout State) {
    while let (bytes, sender) = listener.receiveFrom() {
      let correspondent = Correspondent.datagram(listener, sender)
      state.arrivals[Token(bytes: bytes)] = correspondent
      post(bytes, to: correspondent)
    }
  }

  /// The stream with its tokens taken out; nil at its end.
  private func read(_ stream: Stream, _ arrivals: inout [Token: Correspondent]) -> Stream? {
    guard let bytes = stream.socket.receive(), !bytes.isEmpty else { return nil }
    var stream = stream
    stream.unread += bytes
    while stream.unread.count >= Token.length {
      let token = Token(bytes: stream.unread.prefix(Token.length))
      stream.unread.removeFirst(Token.length)
      arrivals[token] = .stream(stream.socket)
      post(token.bytes, to: .stream(stream.socket))
    }
    return stream
  }

  private func post(_ bytes: [UInt8], to correspondent: Correspondent) {
    switch correspondent {
    case .stream(let socket): _ = socket.send(bytes)
    case .datagram(let socket, let sender): _ = socket.send(bytes, to: sender)
    }
  }
}

private func openListener(_ address: PostOffice.Address, in namespace: NetworkNamespace) throws(LabError) -> Descriptor
{
  let host = "\(address.place)"
  return try namespace.inside { () throws(LabError) in
    let socket = try address.kind.open(address.local.address.family, at: host)
    _ = try checked(socket.bind(address.local), "bind \(address.local)", at: host)
    if address.kind == .tcp { _ = try checked(listen(socket.number, 128), "listen \(address.local)", at: host) }
    return socket
  }.get()
}
