/// What was measured several times; at least once.
struct Samples {
  /// Sorted.
  private let sorted: [Double]

  /// - Precondition: `values` has at least one.
  init(_ values: [Double]) {
    precondition(!values.isEmpty, "a measurement needs a sample")
    sorted = values.sorted()
  }

  var count: Int { sorted.count }
  var fastest: Double { sorted[0] }
  var median: Double { percentile(50) }

  /// The smallest sample that is not below `percent` of them (nearest rank).
  func percentile(_ percent: Double) -> Double {
    let rank = Int((percent / 100 * Double(count)).rounded(.up))
    return sorted[min(max(rank, 1), count) - 1]
  }
}

/// Seconds that `body` takes.
func seconds(_ body: () throws -> Void) rethrows -> Double {
  let time = try ContinuousClock().measure(body).components
  return Double(time.seconds) + Double(time.attoseconds) * 1e-18
}

/// Measures several things in turn, `rounds` times each, so that whatever else the machine does hits all of them.
///
/// - Returns: the samples of each body, in the order of `bodies`; each body gives the seconds it took.
func interleaved(rounds: Int, _ bodies: [() throws -> Double]) throws -> [Samples] {
  var values: [[Double]] = Array(repeating: [], count: bodies.count)
  for _ in 0..<rounds {
    for (index, body) in bodies.enumerated() { values[index].append(try body()) }
  }
  return values.map(Samples.init)
}
