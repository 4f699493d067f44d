import CCares
import Glibc
import NetworkValues

/// Asks DNS servers for the addresses of names, many at a time, without blocking. Belongs to one thread.
///
/// Asks for the name as it is given, without search domains, over UDP with EDNS and over TCP where an answer is
/// truncated; the next server where one fails. Transactions are drawn at random by c-ares; the port by the kernel,
/// anew whenever no question is under way.
/// See: ares_init_options(3), ares_query(3)
package final class DNSResolver {
  /// What became of a question.
  package enum Outcome: Hashable, Sendable {
    /// An answer; empty where the name exists and has no address of the type.
    case answered([DNSMessage.Answer])

    /// The name does not exist (NXDOMAIN).
    case missing

    /// No server gave an answer that can be used; why, as a sentence part.
    case failed(String)
  }

  /// How many servers are asked; resolv.conf(5) has three.
  package static let maximumServers = 8

  private let channel: ares_channel

  /// - Parameter servers: in the order in which they are asked, on port 53. The first `maximumServers` count.
  /// - Throws: `DNSResolverError`.
  package init(servers: [IPAddress]) throws(DNSResolverError) {
    try Self.library.check("initialize c-ares")
    var options = ares_options()
    options.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_EDNS | ARES_FLAG_NOALIASES
    options.timeout = 1500
    options.tries = 3
    options.ednspsz = 1232
    var channel: ares_channel?
    var lookups = Array("b".utf8CString)
    var path = Array("/dev/null".utf8CString)
    let status = lookups.withUnsafeMutableBufferPointer { lookups in
      path.withUnsafeMutableBufferPointer { path in
        options.lookups = lookups.baseAddress
        options.resolvconf_path = path.baseAddress
        return ares_init_options(
          &channel, &options,
          ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_EDNSPSZ | ARES_OPT_LOOKUPS
            | ARES_OPT_RESOLVCONF | ARES_OPT_NOROTATE)
      }
    }
    try Status(status).check("make a resolver")
    guard let channel else { throw DNSResolverError("make a resolver", reason: "c-ares gave none") }
    let list = servers.prefix(Self.maximumServers).map(\.description).joined(separator: ",")
    let chosen = Status(ares_set_servers_csv(channel, list))
    if chosen.code != ARES_SUCCESS { ares_destroy(channel) }
    try chosen.check("use the servers \(list)")
    self.channel = channel
  }

  deinit { ares_destroy(channel) }

  /// Asks. `handle` is called once, in this call or in a later `process`, at the latest when the resolver is gone.
  package func ask(_ question: DNSMessage.Question, _ handle: @escaping (Outcome) -> Void) {
    let box = Unmanaged.passRetained(Asked(question, handle))
    ares_query(
      channel, question.name, 1, Int32(question.type.rawValue),
      { context, status, _, bytes, count in
        guard let context else { return }
        let asked = Unmanaged<Asked>.fromOpaque(context).takeRetainedValue()
        asked.handle(asked.outcome(Status(status), UnsafeBufferPointer(start: bytes, count: Int(max(count, 0)))))
      }, box.toOpaque())
  }

  /// What to wait for: readable and writable descriptors.
  package var descriptors: (readable: [Int32], writable: [Int32]) {
    var sockets = [ares_socket_t](repeating: ARES_SOCKET_BAD, count: Int(ARES_GETSOCK_MAXNUM))
    let bits = ares_getsock(channel, &sockets, ARES_GETSOCK_MAXNUM)
    let marked = { (shift: Int) in sockets.indices.filter { bits >> Int32($0 + shift) & 1 == 1 }.map { sockets[$0] } }
    return (marked(0), marked(Int(ARES_GETSOCK_MAXNUM)))
  }

  /// How long to wait at most; `nil` where nothing is asked.
  package var patience: Duration? {
    var time = timeval()
    guard ares_timeout(channel, nil, &time) != nil else { return nil }
    return .seconds(time.tv_sec) + .microseconds(Int64(time.tv_usec))
  }

  /// Takes in what has come, and asks again where nothing came in time.
  package func process() {
    let (readable, writable) = descriptors
    for descriptor in readable { ares_process_fd(channel, descriptor, ARES_SOCKET_BAD) }
    for descriptor in writable { ares_process_fd(channel, ARES_SOCKET_BAD, descriptor) }
    ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD)
  }

  /// c-ares is initialized once, for the life of the process.
  private static let library = Status(ares_library_init(ARES_LIB_INIT_ALL))
}

/// A question under way.
private final class Asked {
  private let question: DNSMessage.Question
  let handle: (DNSResolver.Outcome) -> Void

  init(_ question: DNSMessage.Question, _ handle: @escaping (DNSResolver.Outcome) -> Void) {
    self.question = question
    self.handle = handle
  }

  func outcome(_ status: Status, _ bytes: UnsafeBufferPointer<UInt8>) -> DNSResolver.Outcome {
    switch status.code {
    case ARES_SUCCESS:
      guard let message = DNSMessage(Array(bytes)), message.isAnswer, message.question == question else {
        return .failed("the answer is not to the question")
      }
      guard !message.isTruncated else { return .failed("the answer is truncated, and no server spoke TCP") }
      return .answered(message.answers)
    case ARES_ENODATA: return .answered([])
    case ARES_ENOTFOUND: return .missing
    default: return .failed(status.text)
    }
  }
}

/// A result of c-ares.
private struct Status {
  let code: Int32

  init(_ code: Int32) { self.code = code }

  var text: String { String(cString: ares_strerror(code)) }

  func check(_ operation: String) throws(DNSResolverError) {
    guard code == ARES_SUCCESS else { throw DNSResolverError(operation, reason: text) }
  }
}

/// A resolver cannot be made.
package struct DNSResolverError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was being done, as a verb and its object.
  package var operation: String

  /// Why it failed, as a sentence part.
  package var reason: String

  init(_ operation: String, reason: String) {
    self.operation = operation
    self.reason = reason
  }

  /// `use the servers 10.0.0.1: …`.
  package var description: String { "\(operation): \(reason)" }
}
