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
      return try lab.inQuietOrder(rows).map { ($0, lab.topology.detour($0) != nil, try lab.observe($0)) }
    }
    for (row, isDetour, observation) in seen {
      #expect(observation.verdict == row.verdict, "\(row): \(observation)")
      #expect(row.verdict == .allowed || !observation.hasArrived, "\(row): \(observation)")
      // The answer to a packet that belongs to no connection belongs to none either, and may be refused. The last packets
      // of another row's connection may come late: in audit mode they are counted, and after a change of the outside's
      // routes they meet a node that does not know them.
      let isExact = !row.isRaw && !isDetour && scenario.configuration.mode == .enforce
      let refusals = observation.counted.filter { $0.hasPrefix("refused") && isExact }
      let isCounted = row.reason.map(observation.counted.contains) ?? true
      #expect(isCounted && refusals.isSubset(of: [row.reason ?? ""]), "\(row): \(observation)")
    }
  }

  /// So that the table proves something.
  @Test(arguments: Scenario.names)
  func `Without moat, what it refuses gets through`(name: String) async throws {
    let scenario = try Scenario(name)
    let rows = try scenario.packets().filter { $0.verdict != .allowed }
    let seen = try await onThread {
      let lab = try ScenarioLab(scenario, rows, isEnforced: false)
      return try rows.map { ($0, try lab.observe($0.expecting(.allowed))) }
    }
    for (row, observation) in seen { #expect(observation.hasArrived, "\(row): \(observation)") }
  }
}

extension ScenarioLab {
  /// Rows that nothing may count first, then those that something counts, then those for which routes are changed: what
  /// is left of a row's connection is counted while later rows run.
  fileprivate func inQuietOrder(_ rows: [PacketRow]) -> [PacketRow] {
    let usual = rows.filter { topology.detour($0) == nil }
    return usual.filter { $0.reason == nil } + usual.filter { $0.reason != nil }
      + rows.filter { topology.detour($0) != nil }
  }
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
