import ClusterModel
import Telemetry
import Testing

@testable import EgressAgent

/// A pod may try as much as it wants; the API server is told of a little.
@Suite struct PodRefusalTests {
  private let start = ContinuousClock.now
  private var refusals = PodRefusals()

  private func record(_ pod: String, port: UInt16, from source: UInt16 = 40_000) -> FlowRecord {
    FlowRecord(
      time: rfc3339(microseconds: 0), node: "n", verdict: .refused, reason: "refused_external", rule: "S1",
      protocol: "tcp", source: .init(ip: "10.1.1.10", port: source, namespace: "a", pod: pod),
      destination: .init(ip: "203.0.113.10", port: port), count: 1, hint: "Do this.")
  }

  private mutating func note(_ records: [FlowRecord], at second: Int) -> Bool {
    refusals.note(records, at: start + .seconds(second))
  }

  private mutating func told() -> [String] {
    refusals.take().events(in: ClusterSnapshot(), on: NodeName(rawValue: "n"), at: "").map {
      "\($0.object.name) \($0.message)"
    }
  }

  @Test mutating func `The same attempt is told once a minute`() {
    #expect(note([record("p", port: 1), record("p", port: 1, from: 2)], at: 0))
    #expect(told() == ["p S1: 203.0.113.10 tcp 1. Do this."])
    #expect(!note([record("p", port: 1)], at: 59))
    #expect(told().isEmpty)
    #expect(note([record("p", port: 1)], at: 60))
    #expect(told().count == 1)
  }

  @Test mutating func `A pod that tries everything is told of a little, and leaves room for others`() {
    for second in 0..<60 {
      for port in 0..<1000 { _ = note([record("scanner", port: UInt16(second * 1000 + port))], at: second) }
    }
    #expect(note([record("other", port: 1)], at: 59))
    #expect(told().count == PodRefusals.limitPerPod + 1)
    #expect(note((0..<1000).map { record("p\($0)", port: 1) }, at: 120))
    #expect(told().count == PodRefusals.limit)
  }

  @Test mutating func `Senders that are no pods are nobody's Event`() {
    var host = record("p", port: 1)
    host.source = .init(ip: "172.18.0.11")
    #expect(!note([host], at: 0))
    #expect(told().isEmpty)
  }
}
