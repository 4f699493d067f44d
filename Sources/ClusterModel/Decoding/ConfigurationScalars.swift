import NetworkValues

extension ManifestReader {
  /// A member's own name, which is a host.
  func nameAsHost() throws(ManifestFault) -> String {
    do { return try hostName(parsing: name, allowingWildcard: false) } catch {
      throw ManifestFault(
        Misunderstanding(path: path.description, value: shown(name, limit: 60), reason: error.reason),
        line: value.line == 0 ? nil : Int(value.line))
    }
  }

  /// A duration in hours, minutes and seconds: `1h30m`. Seconds; a week at most.
  func duration() throws(ManifestFault) -> Int {
    guard case .string(let text) = value.content, let seconds = seconds(text) else {
      throw fault("is no duration; write hours, minutes and seconds like 5m, 30s or 1h30m")
    }
    guard seconds <= 7 * 24 * 3600 else { throw fault("is longer than a week (168h)") }
    return seconds
  }

  /// `address:port`, IPv6 in brackets.
  func endpoint() throws(ManifestFault) -> APIServerEndpoint {
    let text = try text()
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]), port > 0 else {
      throw fault("is no address with a port, like 198.51.100.2:443 or [2001:db8::1]:6443")
    }
    var host = text[..<colon]
    let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
    if isBracketed { host = host.dropFirst().dropLast() }
    let address: IPAddress
    do { address = try IPAddress(parsing: host) } catch { throw fault("\(error.reason), like 198.51.100.2:443") }
    guard (address.family == .v6) == isBracketed else {
      throw fault("must have its IPv6 address, and no other, in brackets")
    }
    return APIServerEndpoint(address: address, port: port)
  }

  /// Where to listen, as `endpoint` reads it.
  func listenAddress() throws(ManifestFault) -> String { try endpoint().description }

  /// A network interface's name, with `*` and `?`.
  ///
  /// See: dev_valid_name, net/core/dev.c
  func interfaceGlob() throws(ManifestFault) -> String {
    let text = try text()
    let isValid = text.utf8.allSatisfy { (0x21...0x7e).contains($0) && !#"/:"\"#.utf8.contains($0) }
    guard isValid, text.utf8.count <= 15, text != ".", text != ".." else {
      throw fault("is no interface name of at most 15 characters, with * and ? as wildcards")
    }
    return text
  }

  func addressCount() throws(ManifestFault) -> Int { try integer(in: 1...65536) }

  func recordCount() throws(ManifestFault) -> Int { try integer(in: 1...1_000_000) }

  /// A level of swift-log.
  func logLevel() throws(ManifestFault) -> String {
    let levels = ["trace", "debug", "info", "notice", "warning", "error", "critical"]
    guard case .string(let text) = value.content, levels.contains(text) else {
      throw fault("is none of \(levels.joined(separator: ", "))")
    }
    return text
  }
}

/// Seconds of `1h30m`: each unit once at most, the larger first. `nil` for anything else.
private func seconds(_ text: String) -> Int? {
  var units: [(Character, Int)] = [("h", 3600), ("m", 60), ("s", 1)]
  var total = 0
  var digits = ""
  for character in text {
    if character.isASCII, character.isNumber {
      digits.append(character)
      continue
    }
    guard let place = units.firstIndex(where: { $0.0 == character }), digits.count <= 7, let count = Int(digits) else {
      return nil
    }
    total += count * units[place].1
    units.removeFirst(place + 1)
    digits = ""
  }
  return digits.isEmpty && !text.isEmpty ? total : nil
}
