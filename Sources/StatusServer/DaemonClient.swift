import FoundationEssentials
import Glibc
import Telemetry

/// Asks a living daemon over its socket.
package struct DaemonClient: Sendable {
  /// No answer that could be used.
  package enum Failure: Error, Hashable, CustomStringConvertible {
    /// Nobody listens at the path.
    case absent(path: String)

    /// Somebody does, but it may not be asked, or the answer is no answer.
    case unusable(path: String, reason: String)

    package var description: String {
      switch self {
      case .absent(let path): "no daemon listens on \(path)"
      case .unusable(let path, let reason): "\(path): \(reason)"
      }
    }
  }

  private let path: String

  /// - Parameter path: the daemon's socket, `/run/moat/moat.sock`.
  package init(socketPath path: String) { self.path = path }

  /// The daemon's status.
  package func status() throws(Failure) -> StatusDocument { try decoded(ask("GET", "/status")) }

  /// The names that the daemon knows.
  package func names() throws(Failure) -> NamesDocument { try decoded(ask("GET", "/names")) }

  /// The refused packets after a position.
  package func flows(after position: UInt64 = 0) throws(Failure) -> FlowsDocument {
    try decoded(ask("GET", "/flows?after=\(position)"))
  }

  /// What a scrape of the daemon sees.
  package func metrics() throws(Failure) -> String { String(decoding: try ask("GET", "/metrics"), as: UTF8.self) }

  /// Has the daemon remove the tables and end.
  package func unlock() throws(Failure) -> UnlockAnswer { try decoded(ask("POST", "/unlock")) }

  /// Has the daemon give a copy of its netlink socket to `moat hold`.
  package func handOver() throws(Failure) { let _: String = try decoded(ask("POST", "/hand-over")) }

  private func decoded<Answer: Decodable>(_ body: [UInt8]) throws(Failure) -> Answer {
    do { return try JSONDecoder().decode(Answer.self, from: Data(body)) } catch {
      throw .unusable(path: path, reason: "the answer is not moat's: \(error)")
    }
  }

  /// One request on a connection of its own; the body of the answer.
  private func ask(_ method: String, _ target: String) throws(Failure) -> [UInt8] {
    let connection = try connect()
    defer { close(connection) }
    let head = "\(method) \(target) HTTP/1.1\r\nHost: moat\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    let sent = Array(head.utf8).withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    guard sent == head.utf8.count else { throw failure(errno) }
    var answer: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = recv(connection, &part, part.count, 0)
      if count < 0 {
        if errno == EINTR { continue }
        throw failure(errno)
      }
      if count == 0 { break }
      answer += part[..<count]
    }
    let separator = Array("\r\n\r\n".utf8)
    guard let end = answer.indices.first(where: { answer[$0...].starts(with: separator) }) else {
      throw .unusable(path: path, reason: "the daemon hung up")
    }
    return Array(answer[(end + separator.count)...])
  }

  private func connect() throws(Failure) -> Int32 {
    let connection = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard connection >= 0 else { throw failure(errno) }
    var patience = timeval(tv_sec: 30, tv_usec: 0)
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
      close(connection)
      throw failure(ENAMETOOLONG)
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(connection, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard result == 0 else {
      let code = errno
      close(connection)
      throw code == ENOENT || code == ECONNREFUSED ? .absent(path: path) : failure(code)
    }
    return connection
  }

  private func failure(_ code: Int32) -> Failure {
    .unusable(path: path, reason: "\(String(cString: strerror(code))) (errno \(code))")
  }
}
