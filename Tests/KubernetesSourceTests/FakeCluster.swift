import Foundation
import SeededRandom
import Synchronization

/// An API server in memory that has Nodes only, forgets its past when told to, and tears what it sends by chance.
final class FakeCluster: Sendable {
  private struct Change {
    var version: Int
    var event: String
  }

  private struct State {
    var version = 1
    var nodes: [String: Int] = [:]
    var past: [Change] = []

    /// Versions before this one are forgotten.
    var horizon = 1
    var generator: Seeded
    var isCalm = false
  }

  private let state: Mutex<State>

  init(seed: UInt64) { state = Mutex(State(generator: Seeded(seed))) }

  /// Versions by name, as they are now.
  var nodes: [String: Int] { state.withLock { $0.nodes } }

  /// Nothing is torn or refused any more.
  func calmDown() { state.withLock { $0.isCalm = true } }

  /// Creates, changes or deletes a Node, or forgets the past.
  func change() {
    state.withLock { state in
      let name = "n\(Int.random(in: 0..<6, using: &state.generator))"
      state.version += 1
      switch Int.random(in: 0..<10, using: &state.generator) {
      case 0..<6:
        let type = state.nodes.updateValue(state.version, forKey: name) == nil ? "ADDED" : "MODIFIED"
        state.past.append(Change(version: state.version, event: event(type, node(name, version: state.version))))
      case 6..<9:
        guard state.nodes.removeValue(forKey: name) != nil else { return }
        state.past.append(Change(version: state.version, event: event("DELETED", node(name, version: state.version))))
      default: state.horizon = state.version
      }
    }
  }

  /// What is answered to a request for Nodes.
  func answer(_ request: ScriptedServer.Request) -> [ScriptedServer.Step] {
    request.isWatch ? watch(from: Int(request.query["resourceVersion"] ?? "") ?? 0) : list(request)
  }

  private func list(_ request: ScriptedServer.Request) -> [ScriptedServer.Step] {
    state.withLock { state in
      if !state.isCalm, Int.random(in: 0..<5, using: &state.generator) == 0 {
        return [.answer([410, 429, 500, 503].randomElement(using: &state.generator) ?? 500, "{}")]
      }
      let whole = state.nodes.map { node($0.key, version: $0.value) }
      let body = #"{"items":[\#(whole.joined(separator: ","))],"metadata":{"resourceVersion":"\#(state.version)"}}"#
      return torn(body, &state) + [.end]
    }
  }

  private func watch(from version: Int) -> [ScriptedServer.Step] {
    state.withLock { state in
      if version < state.horizon { return [.begin, .chunk(error(410)), .end] }
      let news = state.past.filter { $0.version > version }.map(\.event).joined()
      let isCut = !state.isCalm && Int.random(in: 0..<3, using: &state.generator) == 0
      // A watch is short, since what happens after it began is told by the next one.
      let end: [ScriptedServer.Step] = isCut ? [] : [.pause(milliseconds: 3), .end]
      guard !news.isEmpty else { return [.begin] + end }
      return torn(isCut ? String(news.dropLast(Int.random(in: 0..<news.count, using: &state.generator))) : news, &state)
        + end
    }
  }

  /// The text in chunks, wherever they fall.
  private func torn(_ text: String, _ state: inout State) -> [ScriptedServer.Step] {
    var steps: [ScriptedServer.Step] = [.begin]
    var rest = text[...]
    while !rest.isEmpty {
      let part = rest.prefix(Int.random(in: 1...max(1, rest.count / 2), using: &state.generator))
      steps.append(.chunk(String(part)))
      rest = rest.dropFirst(part.count)
    }
    return steps
  }
}
