import Telemetry
import Testing

@Suite struct FlowRingTests {
  private func record(_ number: Int) -> FlowRecord {
    FlowRecord(
      time: rfc3339(microseconds: Int64(number)), node: "n", verdict: .refused, reason: "refused_host", rule: "S6",
      protocol: "tcp", source: .init(), destination: .init(), count: 1, hint: "")
  }

  @Test func `It keeps the newest, in order, and says what was missed`() {
    let ring = FlowRing(capacity: 4)
    #expect(ring.document() == FlowsDocument(records: [], position: 0, missed: 0, counts: FlowCounts()))
    for number in 0..<3 { ring.append([record(number)], counts: FlowCounts()) }
    #expect(ring.document(after: 1).records == [record(1), record(2)])
    ring.append((3..<9).map(record), counts: FlowCounts())
    let all = ring.document()
    #expect(all.records == (5..<9).map(record) && all.position == 9 && all.missed == 0)
    let late = ring.document(after: 3)
    #expect(late.records == all.records && late.missed == 2)
    #expect(ring.document(after: 8).records == [record(8)] && ring.document(after: 9).records.isEmpty)
    let newest = ring.document(after: 6, newest: 2)
    #expect(newest.records == [record(7), record(8)] && newest.missed == 1 && newest.position == 9)
    #expect(ring.document(newest: -1).records.isEmpty)
    // The position of a daemon before this one.
    #expect(ring.document(after: 1000).records == all.records)
  }

  @Test func `Times are RFC 3339 with microseconds`() {
    #expect(rfc3339(microseconds: 1_767_323_045_678_901) == "2026-01-02T03:04:05.678901Z")
    #expect(rfc3339(microseconds: 1_767_323_045_000_007) == "2026-01-02T03:04:05.000007Z")
  }
}
