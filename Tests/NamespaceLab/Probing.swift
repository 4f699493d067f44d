import CNetfilter
import Foundation
import Glibc
import NetworkValues
import Synchronization

extension Lab {
  /// Sends one probe and waits for its outcome, on the calling thread.
  ///
  /// - Throws: `LabError` if it could not be tried: nobody has the destination address, or the sender has no route.
  package func perform(_ probe: Probe) throws(LabError) -> ProbeResult {
    let sender = try ProbeSender(probe, in: self)
    return try sender.result(of: sender.exchange(expecting: probe.expecting))
  }

  /// Sends one probe and waits for its outcome.
  package func probe(_ probe: Probe) async throws -> ProbeResult {
    try await probeAll([probe]).first ?? { throw LabError.unknownHost("\(probe.from)") }()
  }

  /// Sends probes from threads of their own, up to `width` at once; the results are in the order of the probes.
  ///
  /// - Throws: the first error in that order.
  package func probeAll(_ probes: [Probe], width: Int = 32) async throws -> [ProbeResult] {
    let results = await withCheckedContinuation { continuation in
      ProbeQueue(probes, in: self) { continuation.resume(returning: $0) }.start(width: width)
    }
    return try results.map { try $0.get() }
  }

  /// A TCP connection to the port and sixteen bytes on it.
  package func tcp(
    from: LabHost, to: IPAddress, port: UInt16, source: IPAddress? = nil, expecting: ProbeOutcome? = nil
  ) async throws -> ProbeResult {
    try await probe(Probe(from: from, to: to, .tcp(port), source: source, expecting: expecting))
  }

  /// One UDP datagram to the port.
  package func udp(
    from: LabHost, to: IPAddress, port: UInt16, source: IPAddress? = nil, expecting: ProbeOutcome? = nil
  ) async throws -> ProbeResult {
    try await probe(Probe(from: from, to: to, .udp(port), source: source, expecting: expecting))
  }

  /// One echo request.
  package func ping(
    from: LabHost, to: IPAddress, source: IPAddress? = nil, expecting: ProbeOutcome? = nil
  ) async throws -> ProbeResult {
    try await probe(Probe(from: from, to: to, .ping, source: source, expecting: expecting))
  }
}

/// Probes that wait for a thread, and the results of those that are done.
private final class ProbeQueue: Sendable {
  private typealias Outcome = Result<ProbeResult, LabError>
  private struct State {
    var next = 0
    var missing: Int
    var results: [Result<ProbeResult, LabError>?]
  }

  private let probes: [Probe]
  private let lab: Lab
  private let state: Mutex<State>
  private let finish: @Sendable ([Result<ProbeResult, LabError>]) -> Void

  init(_ probes: [Probe], in lab: Lab, finish: @escaping @Sendable ([Result<ProbeResult, LabError>]) -> Void) {
    self.probes = probes
    self.lab = lab
    self.finish = finish
    state = Mutex(State(missing: probes.count, results: Array(repeating: nil, count: probes.count)))
  }

  func start(width: Int) {
    guard !probes.isEmpty else { return finish([]) }
    for _ in 0..<min(max(width, 1), probes.count) {
      let thread = Thread { [self] in work() }
      thread.stackSize = 1 << 20
      thread.name = "probe"
      thread.start()
    }
  }

  private func work() {
    while let index = takeNext() {
      let outcome: Outcome
      do throws(LabError) { outcome = .success(try lab.perform(probes[index])) } catch { outcome = .failure(error) }
      let isLast = state.withLock { state in
        state.results[index] = outcome
        state.missing -= 1
        return state.missing == 0
      }
      if isLast { finish(state.withLock { $0.results.compactMap { $0 } }) }
    }
  }

  private func takeNext() -> Int? {
    state.withLock { state in
      guard state.next < probes.count else { return nil }
      defer { state.next += 1 }
      return state.next
    }
  }
}
