import NamespaceLab
import NetworkValues

/// What a client learned from a request.
struct WebReply {
  /// 0 for none.
  var status: Int
  var text: String

  /// Whether patience ran out.
  var isSilence: Bool

  /// Nobody answered; 503 is a sidecar's own word for that.
  var hasReachedNobody: Bool { status == 0 || status == 503 }
}

extension Mesh {
  /// Makes a request with curl, and takes note of nothing but what the client sees.
  func send(_ request: WebRequest, path: String, from host: LabHost) throws -> WebReply {
    guard case .pod(let pod) = host else { return try curl(request, path, at: host, as: []) }
    switch request.way {
    case .sidecar(.allowAny): return try curl(request, path, at: host, as: Envoy.unprivileged("1000"))
    case .sidecar(let policy): return try redirected(pod, to: policy) { try curl(request, path, at: host, as: $0) }
    case .flushed: return try redirected(pod, to: nil) { try curl(request, path, at: host, as: $0) }
    case .proxyUser, .host: return try curl(request, path, at: host, as: Envoy.unprivileged(Envoy.user))
    }
  }

  /// Lets the application's connections go elsewhere for a while.
  private func redirected(_ pod: String, to policy: OutboundPolicy?, _ body: ([String]) throws -> WebReply) throws
    -> WebReply
  {
    try redirect(pod, to: policy)
    let reply = try body(Envoy.unprivileged("1000"))
    try redirect(pod, to: .allowAny)
    return reply
  }

  private func curl(_ request: WebRequest, _ path: String, at host: LabHost, as user: [String]) throws -> WebReply {
    let place = SocketAddress(request.address, request.port)
    var words = ["curl", "-qsSk", "--noproxy", "*", "-m", "10", "-w", "\n%{http_code}", "--connect-to", "::\(place)"]
    if request.showsKey {
      let own = certificates.files(WorkloadIdentity.productpage.rawValue)
      words += ["--cert", own.certificate, "--key", own.key, "-H", "Host: httpbin.org"]
    }
    let authority = request.host ?? "\(place)"
    let result = try lab.run(in: host, user + words + ["\(request.scheme)://\(authority)\(path)"])
    let lines = result.output.split(separator: "\n")
    return WebReply(status: lines.last.flatMap { Int($0) } ?? 0, text: result.text, isSilence: result.status == 28)
  }
}
