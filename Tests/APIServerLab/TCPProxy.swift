import Foundation
import Glibc
import Synchronization

/// Stands between clients and a server, on the server's host, and does to their bytes what networks do.
package final class TCPProxy: Sendable {
  /// What becomes of bytes.
  package enum Weather: Sendable {
    case fair

    /// Two kilobytes at a time, with a pause before each.
    case slow(milliseconds: UInt32)

    /// Connections are accepted, and nothing comes through. Those that are caught in it stay dead.
    case blackHole
  }

  private struct State {
    var weather = Weather.fair
    var pairs: [Pair] = []
    var isClosed = false
    var delivered = 0
  }

  /// Both ends of a client's connection.
  private final class Pair: Sendable {
    let client: PlainSocket
    let server: PlainSocket
    let isDead = Mutex(false)

    init(client: PlainSocket, server: PlainSocket) {
      self.client = client
      self.server = server
    }

    func end() {
      client.shutDown()
      server.shutDown()
    }
  }

  /// Where it listens.
  package let port: UInt16

  private let place: ServerPlace
  private let target: UInt16
  private let listener: PlainSocket
  private let state = Mutex(State())

  /// Listens on a free port of all addresses of `place`, and connects to `target` there.
  package init(at place: ServerPlace, to target: UInt16) throws {
    self.place = place
    self.target = target
    listener = try place.inside { try PlainSocket(listeningOn: "0.0.0.0", port: 0) }
    port = listener.port
    Thread { [self] in serve() }.start()
  }

  /// Ends everything. Without this it lives as long as the process.
  package func close() {
    state.withLock { $0.isClosed = true }
    listener.shutDown()
    cut()
  }

  /// Changes the weather, also for connections that are there.
  package func set(_ weather: Weather) {
    state.withLock { state in
      state.weather = weather
      if case .blackHole = weather { for pair in state.pairs { pair.isDead.withLock { $0 = true } } }
    }
  }

  /// Ends all connections that are there.
  package func cut() {
    let pairs = state.withLock { state in
      defer { state.pairs = [] }
      return state.pairs
    }
    pairs.forEach { $0.end() }
  }

  /// How many bytes the server has sent through it.
  package var delivered: Int { state.withLock { $0.delivered } }

  /// How many connections there are.
  package var connectionCount: Int { state.withLock { $0.pairs.count } }

  private func serve() {
    while let client = listener.accept() {
      guard let server = try? place.inside({ try PlainSocket(to: "127.0.0.1", port: target) }) else {
        client.shutDown()
        continue
      }
      let pair = Pair(client: client, server: server)
      let isKept = state.withLock { state in
        if state.isClosed { return false }
        if case .blackHole = state.weather { pair.isDead.withLock { $0 = true } }
        state.pairs.append(pair)
        return true
      }
      guard isKept else { return pair.end() }
      Thread { [self] in pump(pair, from: client, to: server) }.start()
      Thread { [self] in pump(pair, from: server, to: client) }.start()
    }
  }

  private func pump(_ pair: Pair, from source: PlainSocket, to sink: PlainSocket) {
    while true {
      let bytes = source.receive()
      guard !bytes.isEmpty else { break }
      if pair.isDead.withLock({ $0 }) { continue }
      if source === pair.server { state.withLock { $0.delivered += bytes.count } }
      guard forward(bytes, to: sink) else { break }
    }
    pair.end()
    state.withLock { $0.pairs.removeAll { $0 === pair } }
  }

  private func forward(_ bytes: [UInt8], to sink: PlainSocket) -> Bool {
    guard case .slow(let pause) = state.withLock({ $0.weather }) else { return sink.send(bytes) }
    var rest = bytes[...]
    while !rest.isEmpty {
      usleep(pause * 1000)
      guard sink.send(Array(rest.prefix(2048))) else { return false }
      rest = rest.dropFirst(2048)
    }
    return true
  }
}
