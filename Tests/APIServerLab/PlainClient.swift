import Foundation

/// HTTP/1.1 without encryption over one connection, a request after the other: kubectl's proxy and etcd understand it.
package final class PlainClient {
  private let socket: PlainSocket
  private var rest: [UInt8] = []

  package init(_ socket: PlainSocket) { self.socket = socket }

  /// Sends a request with a JSON body and waits for the answer, a minute at most.
  package func request(_ method: String, _ path: String, _ body: String = "") throws -> PlainResponse {
    let type = method == "PATCH" ? "application/merge-patch+json" : "application/json"
    let head =
      "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: \(type)\r\n"
      + "Content-Length: \(body.utf8.count)\r\n\r\n"
    guard socket.send(Array((head + body).utf8)) else { throw ServerLabError("\(method) \(path): cannot be sent") }
    let lines = try readLine(until: "\r\n\r\n").split(separator: "\r\n")
    let words = (lines.first ?? "").split(separator: " ")
    guard words.count >= 2, let status = Int(words[1]) else { throw ServerLabError("\(method) \(path): \(lines)") }
    let fields = Dictionary(
      lines.dropFirst().compactMap { line -> (String, String)? in
        let parts = line.split(separator: ":", maxSplits: 1)
        return parts.count == 2 ? (parts[0].lowercased(), parts[1].trimmingCharacters(in: .whitespaces)) : nil
      }, uniquingKeysWith: { first, _ in first })
    return PlainResponse(status: status, body: try readBody(fields))
  }

  private func readBody(_ fields: [String: String]) throws -> [UInt8] {
    guard fields["transfer-encoding"] == "chunked" else { return try read(Int(fields["content-length"] ?? "") ?? 0) }
    var body: [UInt8] = []
    while true {
      guard let size = Int(try readLine(until: "\r\n"), radix: 16) else { throw ServerLabError("a broken chunk") }
      body += try read(size)
      _ = try read(2)
      if size == 0 { return body }
    }
  }

  private func read(_ count: Int) throws -> [UInt8] {
    while rest.count < count { try receive() }
    defer { rest.removeFirst(count) }
    return Array(rest.prefix(count))
  }

  private func readLine(until end: String) throws -> String {
    let mark = Array(end.utf8)
    while true {
      if let range = rest.firstRange(of: mark) {
        defer { rest.removeFirst(range.upperBound) }
        return String(decoding: rest[..<range.lowerBound], as: UTF8.self)
      }
      try receive()
    }
  }

  private func receive() throws {
    let bytes = socket.receive(within: .seconds(60))
    guard !bytes.isEmpty else { throw ServerLabError("the connection has ended") }
    rest += bytes
  }
}

/// What a server answered.
package struct PlainResponse: Sendable {
  /// The HTTP status.
  package var status: Int

  /// The body as it came.
  package var body: [UInt8]

  /// The body as text.
  package var text: String { String(decoding: body, as: UTF8.self) }

  /// The body as a JSON object; empty where it is none.
  package var json: [String: Any] {
    (try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]) ?? [:]
  }
}
