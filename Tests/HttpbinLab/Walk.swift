import NamespaceLab
import NetworkValues

/// The task page from its first to its last line: every case without moat and in both of its admissions, with what the
/// outside wrote down as the judge.
package final class Walk {
  package let mesh: Mesh
  private let guards: Guards
  private var count = 0

  /// - Parameters:
  ///   - moat: the executable.
  ///   - envoy: the binary, where uid 1337 can reach it.
  ///   - scenario: the main scenario's folder.
  package init(moat: String, envoy: String, scenario: String) throws {
    mesh = try Mesh(envoy: envoy)
    guards = try Guards(moat: moat, scenario: scenario, folder: mesh.folder + "/guards", lab: mesh.lab)
  }

  /// Tries every attempt of every case once: for each case what became of its attempts.
  package func run(_ cases: [Case], under protection: Protection) throws -> [[Trial]] {
    let standing = try StandingConversations(in: mesh, path: nextPath())
    try guards.start(protection)
    let tried = try cases.map { try $0.attempts.map { try attempt($0, standing) } }
    let last = nextPath()
    _ = try mesh.send(.throughSidecar, path: last, from: .pod(productpage))
    let logs = try Logs(of: mesh, upTo: last)
    try guards.stop()
    return tried.map { $0.map { Trial($0, logs) } }
  }

  private func nextPath() -> String {
    count += 1
    return "/anything/\(count)"
  }

  private func attempt(_ attempt: Attempt, _ standing: StandingConversations) throws -> Tried {
    let path = nextPath()
    return Tried(attempt: attempt, path: path, result: try result(of: attempt, path, standing))
  }

  private func result(of attempt: Attempt, _ path: String, _ standing: StandingConversations) throws -> Tried.Result {
    switch attempt.means {
    case .web(let request):
      try watching({ $0.destination == request.address && $0.tcpFlags?.contains(.syn) == true }) {
        try mesh.send(request, path: path, from: attempt.from)
      }
    case .packet(let address, let message):
      .probe(try mesh.lab.perform(Probe(from: attempt.from, to: address, message)))
    case .forged(let source, let target):
      .outcome(try forge(source, target, from: attempt.from))
    case .standing(.session):
      try watching({ $0.destination == StandingConversations.place.address && $0.transport == .tcp }) {
        try standing.session.ask(path)
      }
    case .standing(.datagrams):
      .probe(try standing.datagrams.send())
    case .standing(.answers):
      .outcome(standing.datagrams.receive().outcome == .delivered ? .arrived : .dropped)
    }
  }

  /// Makes a request, and says whether meanwhile a packet of it came outside, or to the gateway although nobody answered.
  private func watching(_ isOfIt: (WirePacket) -> Bool, _ request: () throws -> WebReply) rethrows -> Tried.Result {
    let before = (mesh.outsideCapture.packets().count, mesh.gatewayCapture.packets().count)
    let reply = try request()
    let isOutside = mesh.outsideCapture.packets().dropFirst(before.0).contains(where: isOfIt)
    let isAtGateway = mesh.gatewayCapture.packets().dropFirst(before.1).contains { $0.tcpFlags == .syn }
    return .reply(reply, hasLeaked: isOutside || isAtGateway && reply.hasReachedNobody)
  }

  /// Sends a SYN with somebody's source address to the gateway's listener, and looks for it there.
  private func forge(_ source: IPAddress, _ target: IPAddress, from host: LabHost) throws -> Outcome {
    count += 1
    let port = UInt16(20_000 + count)
    let packet = WirePacket.tcp(from: SocketAddress(source, port), to: SocketAddress(target, 8443), flags: .syn)
    let header: [UInt8] = [238, 238, 238, 238, 238, 238, 2, 0, 0, 0, 0, 1]
    try mesh.lab.sendFrame(from: host, header + (target.family == .v4 ? [0x08, 0] : [0x86, 0xdd]) + packet.bytes)
    return mesh.gatewayCapture.waitFor(.seconds(1)) { $0.sourcePort == port } == nil ? .dropped : .arrived
  }
}

/// An attempt before the logs are read.
struct Tried {
  enum Result {
    case reply(WebReply, hasLeaked: Bool)
    case probe(ProbeResult)
    case outcome(Outcome)
  }

  var attempt: Attempt
  var path: String
  var result: Result
}

/// What has been written down, outside and at the gateway.
struct Logs {
  /// For each path who came with it to the outside.
  let outside: [String: String]

  /// The paths that the gateway was asked for.
  let gateway: Set<String>

  /// Waits until both have the last request; what came before it is then there, too.
  init(of mesh: Mesh, upTo last: String) throws {
    var (outside, gateway): ([String: String], Set<String>) = ([:], [])
    let isWhole = try within(.seconds(10)) {
      outside = Dictionary(try mesh.visits().map { ($0.path, $0.from) }, uniquingKeysWith: { first, _ in first })
      gateway = Set(try mesh.gatewayRequests().map(\.path))
      return outside[last] != nil && gateway.contains(last)
    }
    guard isWhole else { throw LabError.timeout(host: "outside", command: "the request that is always allowed") }
    (self.outside, self.gateway) = (outside, gateway)
  }
}

/// An attempt and what became of it.
package struct Trial {
  package let attempt: Attempt
  package let outcome: Outcome

  /// What it asked for, as logs have it.
  package let path: String

  /// What the one who tried was told.
  package let told: String

  /// The address that the outside saw, where a request came there.
  package let visitor: String?

  init(_ tried: Tried, _ logs: Logs) {
    (attempt, path, visitor) = (tried.attempt, tried.path, logs.outside[tried.path])
    switch tried.result {
    case .outcome(let outcome):
      self.outcome = outcome
      told = ""
    case .probe(let result):
      outcome = Outcome(result)
      told = result.detail
    case .reply(let reply, let hasLeaked):
      told = reply.text
      outcome =
        if visitor != nil {
          logs.gateway.contains(path) ? .throughGateway : .open
        } else if hasLeaked {
          .leaked
        } else if reply.status != 0 {
          .answered(reply.status)
        } else {
          reply.isSilence ? .dropped : .refused
        }
    }
  }
}

extension Trial: CustomStringConvertible {
  package var description: String {
    "\(attempt): \(outcome) (\(told.split(separator: "\n").joined(separator: ", ")))"
  }
}
