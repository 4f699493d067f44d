import FoundationEssentials
import HTTPTypes
import Telemetry

/// What `POST /unlock` answers.
package struct UnlockAnswer: Hashable, Sendable, Codable {
  /// `inet moat`; empty where there was none.
  package var removed: [String]

  /// Why nothing was removed; absent where all went well.
  package var error: String?

  package init(removed: [String], error: String? = nil) {
    self.removed = removed
    self.error = error
  }
}

/// A page for people, and what a browser may do with it.
package struct StatusDisplay: Hashable, Sendable {
  /// The document.
  package var html: String

  /// The header Content-Security-Policy.
  package var policy: String

  package init(html: String, policy: String) {
    self.html = html
    self.policy = policy
  }
}

/// A question about a daemon.
struct StatusQuestion: Hashable, Sendable {
  var method: HTTPRequest.Method
  var path: String

  /// `after` and `newest` of the query, for `/flows`.
  var position: UInt64 = 0
  var newest = Int.max

  /// Whether it may be told who attempted what: it came by the socket, or by a loopback address and not by way of
  /// somebody's name for it.
  var isNear: Bool
}

/// The answers to questions about a daemon, by path.
package struct StatusAnswers: Sendable {
  /// A status and a body.
  struct Answer: Hashable, Sendable {
    var status: HTTPResponse.Status
    var type = "text/plain; charset=utf-8"
    var body: [UInt8]

    /// What a browser may do with it.
    var policy = "default-src 'none'; frame-ancestors 'none'"

    init(_ status: HTTPResponse.Status, _ text: String) {
      self.status = status
      body = Array("\(text)\n".utf8)
    }

    init(metrics text: String) {
      status = .ok
      type = "text/plain; version=0.0.4; charset=utf-8"
      body = Array(text.utf8)
    }

    init(page: StatusDisplay) {
      status = .ok
      type = "text/html; charset=utf-8"
      body = Array(page.html.utf8)
      policy = page.policy
    }

    init(_ status: HTTPResponse.Status, json value: some Encodable) {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      do {
        body = [UInt8](try encoder.encode(value)) + [UInt8(ascii: "\n")]
        self.status = status
        type = "application/json"
      } catch {
        body = Array("the answer cannot be written: \(error)\n".utf8)
        self.status = .internalServerError
      }
    }
  }

  private let board: StatusBoard
  private let keepers: @Sendable () -> [String]?
  private let names: (@Sendable () async -> NamesDocument)?
  private let flows: (@Sendable (_ position: UInt64, _ newest: Int) -> FlowsDocument)?
  private let page: (@Sendable () async -> StatusDisplay)?
  private let metrics: (@Sendable () async -> String)?
  private let handOver: (@Sendable () -> Void)?
  private let unlock: (@Sendable () async -> UnlockAnswer)?

  /// - Parameters:
  ///   - keepers: is asked who keeps the netlink socket, for `StatusDocument.keepers`.
  ///   - names: is asked for the names that are known; `nil` where that cannot be asked.
  ///   - flows: is asked for the refused packets after a position; `nil` where that cannot be asked.
  ///   - page: makes the page for people.
  ///   - metrics: is asked for the text of a scrape.
  ///   - handOver: gives a copy of the netlink socket to `moat hold`; `nil` where that cannot be asked for.
  ///   - unlock: removes the tables; `nil` where that cannot be asked for.
  package init(
    board: StatusBoard, keepers: @escaping @Sendable () -> [String]?,
    names: (@Sendable () async -> NamesDocument)? = nil,
    flows: (@Sendable (_ position: UInt64, _ newest: Int) -> FlowsDocument)? = nil,
    page: (@Sendable () async -> StatusDisplay)? = nil, metrics: (@Sendable () async -> String)? = nil,
    handOver: (@Sendable () -> Void)? = nil, unlock: (@Sendable () async -> UnlockAnswer)? = nil
  ) {
    self.board = board
    self.keepers = keepers
    self.names = names
    self.flows = flows
    self.page = page
    self.metrics = metrics
    self.handOver = handOver
    self.unlock = unlock
  }

  func answer(_ question: StatusQuestion) async -> Answer {
    let (method, path) = (question.method, question.path)
    if method == .post, path == "/unlock", let unlock {
      let done = await unlock()
      return Answer(done.error == nil ? .ok : .internalServerError, json: done)
    }
    if method == .post, path == "/hand-over", let handOver {
      handOver()
      return Answer(.ok, json: "handed over")
    }
    guard method == .get || method == .head else { return Answer(.methodNotAllowed, "only GET") }
    if path == "/" || path == "/flows", !question.isNear {
      return Answer(
        .forbidden, "the page and /flows are answered on a loopback address alone, asked by it or localhost")
    }
    if path == "/", let page { return Answer(page: await page()) }
    if path == "/names", let names { return Answer(.ok, json: await names()) }
    if path == "/flows", let flows { return Answer(.ok, json: flows(question.position, question.newest)) }
    if path == "/metrics", let metrics { return Answer(metrics: await metrics()) }
    return answerAboutStatus(path)
  }

  private func answerAboutStatus(_ path: String) -> Answer {
    var document = board.current
    switch path {
    case "/healthz": return Answer(.ok, "alive")
    case "/readyz": return Answer(document.isReady ? .ok : .serviceUnavailable, readiness(document))
    case "/status":
      document.keepers = keepers()
      return Answer(.ok, json: document)
    default:
      return Answer(
        .notFound, "there are /, /flows, /healthz, /readyz, /status, /metrics, and on the socket also /names")
    }
  }

  private func readiness(_ document: StatusDocument) -> String {
    ([document.isReady ? "ready" : "not ready"] + document.faults.map { "\($0.source): \($0.message)" })
      .joined(separator: "\n")
  }
}
