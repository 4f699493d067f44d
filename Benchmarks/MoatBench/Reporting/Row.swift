/// A number with its unit.
struct Figure: Codable {
  enum Unit: String, Codable {
    case seconds
    case mebibytes = "MiB"
    case perSecond = "1/s"
    case bytes = "B"
    case count = ""
    case percent = "%"
  }

  var value: Double
  var unit: Unit

  static func seconds(_ value: Double) -> Figure { Figure(value: value, unit: .seconds) }
  static func mebibytes(_ value: Double) -> Figure { Figure(value: value, unit: .mebibytes) }
  static func percent(_ value: Double) -> Figure { Figure(value: value, unit: .percent) }
  static func perSecond(_ value: Double) -> Figure { Figure(value: value, unit: .perSecond) }

  /// For people: `12.3 ms`, `205 MiB`.
  var text: String {
    switch unit {
    case .mebibytes: "\(threeDigits(value)) MiB"
    case .perSecond: "\(threeDigits(value))/s"
    case .count: "\(Int(value))"
    case .bytes where value < 1e3: "\(Int(value)) B"
    case .bytes where value < 1e6: "\(threeDigits(value / 1e3)) kB"
    case .bytes: "\(threeDigits(value / 1e6)) MB"
    case .percent: "\(fixed(value, decimals: 2)) %"
    case .seconds where value < 1e-3: "\(threeDigits(value * 1e6)) µs"
    case .seconds where value < 1: "\(threeDigits(value * 1e3)) ms"
    case .seconds: "\(threeDigits(value)) s"
    }
  }
}

/// What else was measured in the same run.
struct Peer: Codable {
  var name: String
  var median: Figure
}

/// What a row has to reach.
enum Target {
  /// The figure itself.
  case atMost(Figure)

  /// The figure itself, where more is better.
  case atLeast(Figure)

  /// The figure as a part or a multiple of the peer's.
  case ratioAtMost(Double)

  var text: String {
    switch self {
    case .atMost(let figure): "≤ \(figure.text)"
    case .atLeast(let figure): "≥ \(figure.text)"
    case .ratioAtMost(let ratio) where ratio < 0.01: "≤ 1/\(threeDigits(1 / ratio)) of the peer"
    case .ratioAtMost(let ratio): "≤ \(threeDigits(ratio)) × the peer"
    }
  }
}

/// One measured thing, beside its peer and its target.
struct Row: Codable {
  var name: String

  /// The median, or the percentile that the name says.
  var figure: Figure

  /// The best sample.
  var fastest: Figure
  var samples: Int
  var peer: Peer?
  var target: String?

  /// `nil` without a target.
  var isMet: Bool?

  /// `figure` over the peer's median.
  var ratio: Double? { peer.map { figure.value / $0.median.value } }

  init(
    _ name: String, _ samples: Samples, percentile: Double = 50, unit: Figure.Unit = .seconds, peer: Peer? = nil,
    target: Target? = nil
  ) {
    self.name = name
    figure = Figure(value: samples.percentile(percentile), unit: unit)
    fastest = Figure(value: samples.fastest, unit: unit)
    self.samples = samples.count
    self.peer = peer
    self.target = target?.text
    switch target {
    case .atMost(let limit): isMet = figure.value <= limit.value
    case .atLeast(let limit): isMet = figure.value >= limit.value
    case .ratioAtMost(let limit): isMet = ratio.map { $0 <= limit }
    case nil: isMet = nil
    }
  }
}

extension Peer {
  /// Named, with the median of its samples.
  init(_ name: String, _ samples: Samples) { self.init(name: name, median: .seconds(samples.median)) }
}

/// Three significant digits, without an exponent: `0.0823`, `12.3`, `1203`.
func threeDigits(_ value: Double) -> String {
  guard value != 0, value.isFinite else { return "0" }
  var decimals = 2
  var limit = 10.0
  while value >= limit, decimals > 0 {
    decimals -= 1
    limit *= 10
  }
  limit = 1
  while value < limit, decimals < 6 {
    decimals += 1
    limit /= 10
  }
  return fixed(value, decimals: decimals)
}

private func fixed(_ value: Double, decimals: Int) -> String {
  let scale = (0..<decimals).reduce(1) { scale, _ in scale * 10 }
  let scaled = Int((value * Double(scale)).rounded())
  guard decimals > 0 else { return "\(scaled)" }
  let fraction = String(scaled % scale)
  return "\(scaled / scale)." + String(repeating: "0", count: decimals - fraction.count) + fraction
}
