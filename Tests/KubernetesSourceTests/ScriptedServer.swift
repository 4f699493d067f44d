import APIServerLab
import ClusterModel
import Foundation
import Glibc
import KubernetesSource
import Synchronization

/// An HTTP server on loopback that answers as a test says, byte by byte.
final class ScriptedServer: Sendable {
  /// A request without its body.
  struct Request: Sendable {
    /// `/api/v1/nodes`.
    var path: String
    var query: [String: String]

    /// Names in lower case.
    var headers: [String: String]

    var isWatch: Bool { query["watch"] == "1" }
  }

  /// What is done for an answer, in order.
  enum Step: Sendable {
    /// A whole answer.
    case answer(Int, String, headers: String = "")

    /// The head of an answer whose body comes in chunks.
    case begin

    /// One chunk.
    case chunk(String)

    /// Bytes as they are.
    case bytes([UInt8])
    case pause(milliseconds: UInt32)

    /// The last chunk: the answer is whole.
    case end

    /// The connection stays as it is until the server is closed.
    case hold
  }

  let port: UInt16
  private let listener: PlainSocket
  private let respond: @Sendable (Request) -> [Step]
  private let connections = Mutex<[PlainSocket]>([])
  private let log = Mutex<[Request]>([])

  init(_ respond: @escaping @Sendable (Request) -> [Step]) throws {
    self.respond = respond
    listener = try PlainSocket(listeningOn: "127.0.0.1", port: 0)
    port = listener.port
    Thread { [self] in serve() }.start()
  }

  /// Every request so far.
  var requests: [Request] { log.withLock { $0 } }

  /// Settings of a mirror of this server, with patience for tests.
  func settings(node: String = "n") throws -> MirrorSettings {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("moat-\(UUID().uuidString).kubeconfig")
    let text = """
      current-context: c
      contexts: [{ name: c, context: { cluster: c, user: u } }]
      clusters: [{ name: c, cluster: { server: "http://127.0.0.1:\(port)" } }]
      users: [{ name: u, user: { token: secret } }]
      """
    try text.write(to: file, atomically: true, encoding: .utf8)
    var settings = MirrorSettings(
      access: .kubeconfig([file.path], context: nil), node: NodeName(rawValue: node))
    settings.backOff = BackOff(first: .milliseconds(5), longest: .milliseconds(50))
    settings.patience.backOff = settings.backOff
    return settings
  }

  /// Ends every connection, and takes no more.
  func close() {
    listener.shutDown()
    cut()
  }

  /// Ends every connection.
  func cut() {
    let all = connections.withLock { connections in
      defer { connections = [] }
      return connections
    }
    all.forEach { $0.shutDown() }
  }

  /// How many connections there are that nobody has ended.
  var openCount: Int { connections.withLock { $0.count } }

  private func serve() {
    while let socket = listener.accept() {
      connections.withLock { $0.append(socket) }
      Thread { [self] in
        talk(on: socket)
        socket.shutDown()
        connections.withLock { $0.removeAll { $0 === socket } }
      }.start()
    }
  }

  private func talk(on socket: PlainSocket) {
    guard let request = readRequest(socket) else { return }
    log.withLock { $0.append(request) }
    for step in respond(request) {
      guard perform(step, on: socket) else { return }
    }
  }

  private func perform(_ step: Step, on socket: PlainSocket) -> Bool {
    switch step {
    case .answer(let status, let body, let headers):
      let head = "HTTP/1.1 \(status) X\r\nContent-Length: \(body.utf8.count)\r\n\(headers)\r\n"
      return socket.send(Array((head + body).utf8))
    case .begin:
      return socket.send(Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".utf8))
    case .chunk(let text):
      return socket.send(Array("\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n".utf8))
    case .bytes(let bytes): return socket.send(bytes)
    case .pause(let milliseconds):
      usleep(milliseconds * 1000)
      return true
    case .end: return socket.send(Array("0\r\n\r\n".utf8))
    case .hold:
      while !socket.receive().isEmpty {}
      return false
    }
  }

  private func readRequest(_ socket: PlainSocket) -> Request? {
    var bytes: [UInt8] = []
    while bytes.firstRange(of: Array("\r\n\r\n".utf8)) == nil {
      let part = socket.receive()
      guard !part.isEmpty else { return nil }
      bytes += part
    }
    let lines = String(decoding: bytes, as: UTF8.self).components(separatedBy: "\r\n")
    let words = lines[0].split(separator: " ")
    guard words.count == 3, let parts = URLComponents(string: String(words[1])) else { return nil }
    let query = (parts.queryItems ?? []).map { ($0.name, $0.value ?? "") }
    let headers = lines.dropFirst().compactMap { line -> (String, String)? in
      let parts = line.split(separator: ":", maxSplits: 1)
      return parts.count == 2 ? (parts[0].lowercased(), parts[1].trimmingCharacters(in: .whitespaces)) : nil
    }
    return Request(
      path: parts.path, query: Dictionary(query, uniquingKeysWith: { $1 }),
      headers: Dictionary(headers, uniquingKeysWith: { $1 }))
  }
}

/// An answer to a list.
func list(_ objects: [String] = [], version: Int = 1, next: String = "") -> ScriptedServer.Step {
  let metadata = #"{"resourceVersion":"\#(version)","continue":"\#(next)"}"#
  return .answer(200, #"{"kind":"L","metadata":\#(metadata),"items":[\#(objects.joined(separator: ","))]}"#)
}

/// A Node whose label `v` tells its version.
func node(_ name: String, version: Int, extra: String = "") -> String {
  let metadata = #"{"name":"\#(name)","resourceVersion":"\#(version)","labels":{"v":"\#(version)"}}"#
  return #"{"kind":"Node","apiVersion":"v1","metadata":\#(metadata),"spec":{\#(extra)}}"#
}

/// An event of a watch, with its line's end.
func event(_ type: String, _ object: String) -> String { #"{"type":"\#(type)","object":\#(object)}"# + "\n" }

/// An ERROR event.
func error(_ code: Int, _ message: String = "no") -> String {
  event("ERROR", #"{"kind":"Status","code":\#(code),"message":"\#(message)"}"#)
}

/// What a server with nothing in it answers; Gloo's kinds are not defined.
func empty(_ request: ScriptedServer.Request) -> [ScriptedServer.Step] {
  if request.path.hasPrefix("/apis/discovery.k8s.io") || request.path.hasPrefix("/apis/networking.k8s.io") {
    return [.answer(404, "{}")]
  }
  return request.isWatch ? [.begin, .hold] : [list()]
}
