/// A value of a YAML or JSON document, before anybody knows what it means.
package struct ManifestValue: Hashable, Sendable {
  /// What a value is, without its place.
  package enum Content: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int)

    /// A number that is no integer, or too large for one, as it was written.
    case number(String)
    case string(String)
    case array([ManifestValue])

    /// Members in the order of the document, names unique.
    case object([ManifestMember])
  }

  /// What the value is.
  package var content: Content

  /// Where the value begins, counted from 1; 0 where unknown. Equality and hashes leave it out.
  package var line: UInt32

  package init(_ content: Content, line: Int = 0) {
    self.content = content
    self.line = UInt32(clamping: line)
  }

  package static func == (left: ManifestValue, right: ManifestValue) -> Bool { left.content == right.content }

  package func hash(into hasher: inout Hasher) { hasher.combine(content) }

  /// The value of an object's member; `nil` where there is none, or no object.
  package subscript(name: String) -> ManifestValue? {
    guard case .object(let members) = content else { return nil }
    return members.first { $0.name == name }?.value
  }
}

/// One `name: value` of an object.
package struct ManifestMember: Hashable, Sendable {
  /// The key.
  package var name: String

  /// Its value.
  package var value: ManifestValue

  package init(name: String, value: ManifestValue) {
    self.name = name
    self.value = value
  }
}

extension ManifestValue {
  /// What kind of value it is, with an article: `a string`, `an object`.
  var kindName: String {
    switch content {
    case .null: "null"
    case .bool: "a boolean"
    case .integer: "an integer"
    case .number: "a number"
    case .string: "a string"
    case .array: "a list"
    case .object: "an object"
    }
  }

  /// The text of a scalar as it was written, else `nil`. `null` has none.
  package var scalarText: String? {
    switch content {
    case .bool(let value): String(value)
    case .integer(let value): String(value)
    case .number(let text), .string(let text): text
    case .null, .array, .object: nil
    }
  }

  /// The value in a few words for a message: scalars in at most 60 characters, without control characters.
  package var summary: String {
    switch content {
    case .null: "null"
    case .array(let elements): elements.isEmpty ? "[]" : "[\(elements.count) values]"
    case .object(let members): members.isEmpty ? "{}" : "{\(shown(members[0].name, limit: 40)): …}"
    default: shown(scalarText ?? "", limit: 60)
    }
  }
}

/// `text` as one printable line of at most `limit` characters.
///
/// Manifests are written by others: what reaches a terminal, a log or a comment in a ruleset goes through here.
package func shown(_ text: String, limit: Int = 200) -> String {
  var result = ""
  var count = 0
  for scalar in text.unicodeScalars {
    guard count < limit else { return result + "…" }
    count += 1
    if isPrintable(scalar) {
      result.unicodeScalars.append(scalar)
    } else {
      result += "\\u{" + String(scalar.value, radix: 16) + "}"
    }
  }
  return result
}

/// Neither a control, a format (bidirectional overrides are such) nor a line separator.
private func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
  if scalar.isASCII { return scalar.value >= 0x20 && scalar.value != 0x7f }
  switch scalar.properties.generalCategory {
  case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned, .surrogate: return false
  default: return true
  }
}
