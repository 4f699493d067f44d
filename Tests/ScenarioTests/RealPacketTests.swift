import Foundation
import Glibc
import NamespaceLab
import Testing

/// The fourth way in which a scenario runs: its cluster in network namespaces, moat's rules in every node's kernel, and
/// real packets.
@Suite(.enabled(if: geteuid() == 0, "needs root: network namespaces and nf_tables"))
struct RealPacketTests {
  @Test(arguments: Scenario.names)
  func `Real packets fare as the table says`(name: String) async throws {
    let scenario = try Scenario(name)
    let rows = try scenario.packets()
    let seen = try await onThread {
      let lab = try ScenarioLab(scenario, rows, isEnforced: true)
      return try rows.inQuietOrder.map { ($0, try lab.observe($0)) }
    }
    for (row, observation) in seen {
      #expect(observation.verdict == row.verdict, "\(row): \(observation)")
      #expect(row.verdict == .allowed || !observation.hasArrived, "\(row): \(observation)")
      let refusals = observation.counted.filter { $0.hasPrefix("refused") }
      #expect(
        row.reason.map(observation.counted.contains) ?? true && refusals.isSubset(of: [row.reason ?? ""]),
        "\(row): \(observation)")
    }
  }

  @Test func `Without moat, what 01-httpbin refuses towards the outside gets through`() async throws {
    let scenario = try Scenario("01-httpbin")
    let rows = try scenario.packets().filter { $0.verdict != .allowed && !scenario.model.isInside($0.to) }
    try #require(rows.count > 10)
    let seen = try await onThread {
      let lab = try ScenarioLab(scenario, rows, isEnforced: false)
      return try rows.map { ($0, try lab.observe($0.expecting(.allowed))) }
    }
    for (row, observation) in seen {
      #expect(observation.verdict == .allowed && observation.hasArrived, "\(row): \(observation)")
    }
  }
}

extension [PacketRow] {
  /// Rows that nothing may count first: a closing connection of another row is counted late.
  fileprivate var inQuietOrder: [PacketRow] { filter { $0.reason == nil } + filter { $0.reason != nil } }
}

/// How many labs may stand at once.
private let places = DispatchSemaphore(value: 4)

/// Runs `body`, which blocks, on a thread of its own; threads of the test's pool are few.
private func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
  try await withCheckedThrowingContinuation { continuation in
    let thread = Thread {
      places.wait()
      defer { places.signal() }
      continuation.resume(with: Swift.Result { try body() })
    }
    thread.stackSize = 1 << 20
    thread.name = "scenario"
    thread.start()
  }
}
