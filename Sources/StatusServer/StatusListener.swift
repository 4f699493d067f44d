import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import Telemetry

/// Serves a daemon's status over HTTP/1.1, on a TCP address or a socket in the file system.
///
/// Hummingbird's core without its application, whose clock for the Date header would wake the process every second.
package struct StatusListener: Sendable {
  /// Where to listen.
  package enum Address: Hashable, Sendable, CustomStringConvertible {
    /// `address:port`, IPv6 in brackets.
    case tcp(String)

    /// The path of a socket; one that is there already is replaced.
    case unix(String)

    package var description: String {
      switch self {
      case .tcp(let address): address
      case .unix(let path): path
      }
    }
  }

  /// An address that cannot be listened on.
  package struct Misaddress: Error, CustomStringConvertible {
    package var description: String
  }

  /// Where it listens.
  package let address: Address
  private let answers: StatusAnswers
  private let logger: Logger

  package init(_ address: Address, answers: StatusAnswers, logger: Logger) {
    self.address = address
    self.answers = answers
    self.logger = logger
  }

  /// Answers until graceful shutdown or cancellation; at most 32 at a time, so that nobody takes the daemon's descriptors
  /// away.
  ///
  /// - Parameter hasBegun: is called once it listens.
  /// - Throws: where it cannot listen.
  package func run(hasBegun: @escaping @Sendable () -> Void = {}) async throws {
    let configuration = ServerConfiguration(
      address: try address.bindAddress, backlog: 32, availableConnectionsDelegate: MaximumAvailableConnections(32))
    let channel = HTTP1Channel(
      responder: { request, writer, _ in
        var question = StatusQuestion(
          method: request.method, path: request.uri.path, isNear: address.isNear(askedAs: request.head.authority))
        question.position = request.uri.queryParameters["after"].flatMap { UInt64($0) } ?? 0
        question.newest = request.uri.queryParameters["newest"].flatMap { Int($0) } ?? .max
        try await writer.write(answers.answer(question), to: request.method)
      }, configuration: HTTP1Channel.Configuration(idleTimeout: .seconds(30)))
    // Whether it ended is the caller's to tell; the server would call being moved an error.
    var quiet = logger
    quiet.logLevel = .critical
    let server = Server(
      childChannelSetup: channel, configuration: configuration, onServerRunning: { _ in hasBegun() },
      eventLoopGroup: eventLoops, logger: quiet)
    try await server.run()
  }
}

extension ResponseWriter {
  fileprivate consuming func write(_ answer: StatusAnswers.Answer, to method: HTTPRequest.Method) async throws {
    let head = HTTPResponse(
      status: answer.status,
      headerFields: [
        .contentType: answer.type, .contentLength: "\(answer.body.count)", .cacheControl: "no-store",
        .contentSecurityPolicy: answer.policy, .xContentTypeOptions: "nosniff",
      ])
    guard method != .head else { return try await writeResponse(head) }
    try await write(response: head, body: ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body)))
  }
}

extension StatusListener.Address {
  /// Whether who asks is on this node, and did not come by a name that somebody else gave this address: a page of
  /// theirs could read the answer then.
  ///
  /// - Parameter authority: `Host` of the request.
  func isNear(askedAs authority: String?) -> Bool {
    guard case .tcp(let own) = self else { return true }
    return isLoopback(own) && isLoopback(authority ?? "")
  }

  fileprivate var bindAddress: BindAddress {
    get throws {
      switch self {
      case .unix(let path): return .unixDomainSocket(path: path)
      case .tcp(let text):
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
          throw StatusListener.Misaddress(description: "\(text) is no address and port")
        }
        let host = text[..<colon].drop { $0 == "[" }
        return .hostname(String(host.last == "]" ? host.dropLast() : host), port: Int(port))
      }
    }
  }
}

/// Whether a host with or without a port is `localhost`, `[::1]` or of 127.0.0.0/8.
private func isLoopback(_ text: String) -> Bool {
  if text == "[::1]" || text.hasPrefix("[::1]:") { return true }
  let host = text.prefix { $0 != ":" }
  let parts = host.split(separator: ".", omittingEmptySubsequences: false)
  return host == "localhost" || parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
}
