import ClusterModel

extension ManifestValue: ExpressibleByStringLiteral, ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
  package init(stringLiteral value: String) { self.init(.string(value)) }
  package init(integerLiteral value: Int) { self.init(.integer(value)) }
  package init(booleanLiteral value: Bool) { self.init(.bool(value)) }
  package init(arrayLiteral elements: ManifestValue...) { self.init(.array(elements)) }
  package init(nilLiteral: ()) { self.init(.null) }
  package init(dictionaryLiteral elements: (String, ManifestValue)...) {
    self.init(.object(elements.map { ManifestMember(name: $0.0, value: $0.1) }))
  }
}

extension ManifestValue {
  /// The value as JSON in one line.
  var json: String {
    switch content {
    case .null: "null"
    case .bool(let value): String(value)
    case .integer(let value): String(value)
    case .number(let text): text
    case .string(let text): quoted(text)
    case .array(let elements): "[" + elements.map(\.json).joined(separator: ", ") + "]"
    case .object(let members):
      "{" + members.map { "\(quoted($0.name)): \($0.value.json)" }.joined(separator: ", ") + "}"
    }
  }

  /// The value as YAML in block style, strings in quotes where they need them.
  func yaml(indentation: Int = 0) -> String {
    let space = String(repeating: " ", count: indentation)
    switch content {
    case .array(let elements) where !elements.isEmpty:
      return elements.map { element in
        if element.isBlock {
          return "\(space)- " + element.yaml(indentation: indentation + 2).dropFirst(indentation + 2)
        }
        return "\(space)- \(element.yaml())\n"
      }.joined()
    case .object(let members) where !members.isEmpty:
      return members.map { member in
        let text = member.value.yaml(indentation: indentation + 2)
        let name = isPlain(member.name) ? member.name : quoted(member.name)
        return member.value.isBlock ? "\(space)\(name):\n\(text)" : "\(space)\(name): \(text)\n"
      }.joined()
    case .string(let text): return isPlain(text) ? text : quoted(text)
    default: return json
    }
  }

  private var isBlock: Bool {
    switch content {
    case .array(let elements): !elements.isEmpty
    case .object(let members): !members.isEmpty
    default: false
    }
  }
}

private func isPlain(_ text: String) -> Bool {
  guard let first = text.utf8.first, (97...122).contains(first) else { return false }
  return !["true", "false", "null"].contains(text)
    && text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || (65...90).contains($0) || $0 == 45 }
}

private func quoted(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"", "\\": result += "\\\(scalar)"
    case _ where scalar.value < 0x20 || scalar.value == 0x7f:
      let digits = String(scalar.value, radix: 16)
      result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result + "\""
}
