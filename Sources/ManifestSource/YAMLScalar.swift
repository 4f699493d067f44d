import ClusterModel

/// A scalar as it is written.
struct YAMLScalar {
  var text: String

  /// Whether it has no quotes and is no block.
  var isPlain: Bool

  /// What is written before it with `!`, in full: `tag:yaml.org,2002:str` for `!!str`.
  var tag: String?

  /// What it stands for; with quotes or a tag always a string.
  var content: ManifestValue.Content { isPlain && tag == nil ? plainContent(text) : .string(text) }

  /// Whether it is empty or `null`, whatever its tag.
  var isEmpty: Bool { isPlain && plainContent(text) == .null }
}

/// A scalar without quotes by YAML 1.2's core schema, without octal and hexadecimal.
private func plainContent(_ text: String) -> ManifestValue.Content {
  guard let first = text.utf8.first else { return .null }
  switch first {
  case UInt8(ascii: "~"), UInt8(ascii: "n"), UInt8(ascii: "N"):
    return ["~", "null", "Null", "NULL"].contains(text) ? .null : .string(text)
  case UInt8(ascii: "t"), UInt8(ascii: "T"):
    return ["true", "True", "TRUE"].contains(text) ? .bool(true) : .string(text)
  case UInt8(ascii: "f"), UInt8(ascii: "F"):
    return ["false", "False", "FALSE"].contains(text) ? .bool(false) : .string(text)
  case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), 0x30...0x39: return numberContent(text)
  default: return .string(text)
  }
}

/// An integer without leading zeros, a decimal fraction, or text.
private func numberContent(_ text: String) -> ManifestValue.Content {
  let digits = text.utf8.drop { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") }
  guard text.utf8.count - digits.count <= 1 else { return .string(text) }
  if digits.allSatisfy({ (0x30...0x39).contains($0) }), !digits.isEmpty {
    if digits.count > 1, digits.first == UInt8(ascii: "0") { return .string(text) }
    return Int(text).map(ManifestValue.Content.integer) ?? .number(text)
  }
  let isNumber = digits.allSatisfy { (0x30...0x39).contains($0) || ".eE+-".utf8.contains($0) }
  return isNumber && Double(text) != nil ? .number(text) : .string(text)
}
