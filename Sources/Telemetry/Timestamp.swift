import Glibc

/// A moment of the wall clock, for people to read. Nothing is decided by it.
package struct Timestamp: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
  /// Milliseconds since 1970, UTC.
  package var milliseconds: Int64

  package init(milliseconds: Int64) { self.milliseconds = milliseconds }

  /// This moment.
  package static var now: Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }

  /// The moment so much later.
  package func adding(_ duration: Duration) -> Timestamp {
    Timestamp(milliseconds: milliseconds + Int64((duration.seconds * 1000).rounded()))
  }

  /// RFC 3339 in UTC, with milliseconds: `2026-01-02T03:04:05.678Z`.
  package var description: String {
    var seconds = time_t(milliseconds / 1000)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    let date = "\(parts.tm_year + 1900)-\(padded(parts.tm_mon + 1))-\(padded(parts.tm_mday))"
    let time = "\(padded(parts.tm_hour)):\(padded(parts.tm_min)):\(padded(parts.tm_sec))"
    return "\(date)T\(time).\(padded(Int32(milliseconds % 1000), to: 3))Z"
  }

  package static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }

  package init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let moment = Timestamp(parsing: text) else {
      throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "no RFC 3339 moment"))
    }
    self = moment
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }

  /// Reads what `description` writes; `nil` for anything else.
  package init?(parsing text: String) {
    let fields = text.split(whereSeparator: { "-T:.Z".contains($0) }).compactMap { Int32($0) }
    guard fields.count == 7, text.utf8.count == 24 else { return nil }
    var parts = tm()
    (parts.tm_year, parts.tm_mon, parts.tm_mday) = (fields[0] - 1900, fields[1] - 1, fields[2])
    (parts.tm_hour, parts.tm_min, parts.tm_sec) = (fields[3], fields[4], fields[5])
    milliseconds = Int64(timegm(&parts)) * 1000 + Int64(fields[6])
  }
}

extension Duration {
  /// The whole of it in seconds.
  package var seconds: Double { self / .seconds(1) }
}

/// A moment as RFC 3339 in UTC, with microseconds: `2026-01-02T03:04:05.678901Z`.
package func rfc3339(microseconds: Int64) -> String {
  let moment = Timestamp(milliseconds: microseconds / 1000)
  return moment.description.dropLast() + padded(Int32(microseconds % 1000), to: 3) + "Z"
}

/// Seconds for people to read: `3.2 ms`.
package func milliseconds(_ seconds: Double) -> String {
  let tenths = Int64((seconds * 10_000).rounded())
  return "\(tenths / 10).\(tenths % 10) ms"
}

private func padded(_ number: Int32, to width: Int = 2) -> String {
  let digits = String(number)
  return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
