/// A document under construction: what JSON and YAML can both say, members in the order in which they are written.
package enum Tree: Sendable {
  case text(String)
  case number(Int)
  case flag(Bool)
  case list([Tree])
  case object([(name: String, value: Tree)])
}

extension Tree: ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  package init(stringLiteral value: String) { self = .text(value) }
  package init(integerLiteral value: Int) { self = .number(value) }
  package init(booleanLiteral value: Bool) { self = .flag(value) }
  package init(arrayLiteral elements: Tree...) { self = .list(elements) }
  package init(dictionaryLiteral elements: (String, Tree)...) {
    self = .object(elements.map { (name: $0.0, value: $0.1) })
  }
}

extension Tree {
  /// The value of the first member with this name; `nil` where there is none, or no members at all.
  package subscript(name: String) -> Tree? {
    if case .object(let members) = self { members.first { $0.name == name }?.value } else { nil }
  }

  /// The text, where it is one.
  package var text: String? { if case .text(let value) = self { value } else { nil } }
}

// MARK: - JSON

extension Tree {
  /// Compact JSON.
  package var json: String {
    var text = ""
    appendJSON(to: &text)
    return text
  }

  private func appendJSON(to text: inout String) {
    switch self {
    case .text(let value): text += quoted(value)
    case .number(let value): text += "\(value)"
    case .flag(let value): text += value ? "true" : "false"
    case .list(let elements):
      text += "["
      for (index, element) in elements.enumerated() {
        if index > 0 { text += "," }
        element.appendJSON(to: &text)
      }
      text += "]"
    case .object(let members):
      text += "{"
      for (index, member) in members.enumerated() {
        text += (index > 0 ? "," : "") + quoted(member.name) + ":"
        member.value.appendJSON(to: &text)
      }
      text += "}"
    }
  }
}

/// In double quotes, for JSON and YAML alike.
private func quoted(_ text: String) -> String {
  "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
}

// MARK: - YAML

extension Tree {
  /// Block style, as kubectl writes it.
  package var yaml: String {
    var text = ""
    appendYAML(to: &text, indentation: "", afterDash: true)
    return text
  }

  /// Appends the value behind a name or a dash; nested values take lines of their own.
  private func appendYAML(to text: inout String, indentation: String, afterDash: Bool = false) {
    switch self {
    case .text(let value): text += plainOrQuoted(value) + "\n"
    case .number(let value): text += "\(value)\n"
    case .flag(let value): text += value ? "true\n" : "false\n"
    case .list(let elements) where elements.isEmpty: text += "[]\n"
    case .object(let members) where members.isEmpty: text += "{}\n"
    case .list(let elements):
      for (index, element) in elements.enumerated() {
        text += (index == 0 && afterDash ? "" : indentation) + "- "
        element.appendYAML(to: &text, indentation: indentation + "  ", afterDash: true)
      }
    case .object(let members):
      for (index, member) in members.enumerated() {
        text += (index == 0 && afterDash ? "" : indentation) + plainOrQuoted(member.name) + ":"
        text += member.value.isNested ? "\n" : " "
        let isList = if case .list = member.value { true } else { false }
        member.value.appendYAML(to: &text, indentation: isList ? indentation : indentation + "  ")
      }
    }
  }

  private var isNested: Bool {
    switch self {
    case .list(let elements): !elements.isEmpty
    case .object(let members): !members.isEmpty
    case .text, .number, .flag: false
    }
  }
}

/// Without quotes where that is plainly a string.
private func plainOrQuoted(_ text: String) -> String {
  let isPlain =
    text.utf8.first.map { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20) } ?? false
    && text.utf8.allSatisfy { isWordByte($0) }
    && !["true", "false", "null", "yes", "no", "on", "off"].contains(text.lowercased())
  return isPlain ? text : quoted(text)
}

private func isWordByte(_ byte: UInt8) -> Bool {
  switch byte {
  case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "/"),
    UInt8(ascii: "_"):
    true
  default: false
  }
}
