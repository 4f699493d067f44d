import ClusterModel
import Yams

/// Why a text is no YAML document.
struct YAMLSyntaxError: Error {
  /// In lower case, without a final stop.
  var reason: String

  /// Counted from 1 in the file.
  var line: Int?
}

extension YAMLChunk {
  /// The document's value; `nil` where it is null.
  ///
  /// Scalars are taken by YAML 1.2's core schema, narrowed: `yes`, `on`, `0x1f`, `0o17`, `017` and `1_000` are strings,
  /// so that a field which wants a boolean or an integer refuses them instead of reading what another reader does not.
  func value() throws(YAMLSyntaxError) -> ManifestValue? {
    try checkCharacters()
    guard !mightHideAliasesInKeys(bytes) else {
      let reason = "has keys that are no plain text, and many aliases; write them out"
      throw YAMLSyntaxError(reason: reason, line: firstLine)
    }
    let text = String(decoding: bytes, as: UTF8.self)
    let root: Yams.Node?
    do {
      let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
      root = try parser.nextRoot()
      if root != nil, try parser.nextRoot() != nil {
        throw YAMLSyntaxError(reason: "has a second document that does not begin a line of its own", line: firstLine)
      }
    } catch let error as YAMLSyntaxError {
      throw error
    } catch {
      throw fault(error)
    }
    guard let root else { return nil }
    var conversion = Conversion(firstLine: firstLine, budget: 10_000 + 4 * bytes.count)
    let value = try conversion.value(of: root, depth: 1)
    return value.content == .null ? nil : value
  }

  /// Control characters, which YAML does not allow, with the line where the first one stands.
  private func checkCharacters() throws(YAMLSyntaxError) {
    let isControl = { (byte: UInt8) in byte < 0x20 && byte != 0x0a && byte != 0x0d && byte != 0x09 || byte == 0x7f }
    guard let place = bytes.firstIndex(where: isControl) else { return }
    let line = firstLine + bytes[..<place].count { $0 == UInt8(ascii: "\n") }
    throw YAMLSyntaxError(reason: "has the control character 0x\(String(bytes[place], radix: 16))", line: line)
  }

  /// What Yams says, in our words.
  private func fault(_ error: any Error) -> YAMLSyntaxError {
    switch error as? YamlError {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      let lead = context.map { "\(shown($0.text)): " } ?? ""
      return YAMLSyntaxError(reason: "is no YAML: \(lead)\(shown(problem))", line: firstLine + mark.line - 1)
    case .duplicatedKeysInMapping(let names, let context):
      let list = names.map { "\"\(shown($0, limit: 60))\"" }.joined(separator: ", ")
      return YAMLSyntaxError(reason: "has the key \(list) twice", line: firstLine + context.mark.line - 1)
    case .reader(let problem, _, _, _): return YAMLSyntaxError(reason: "is no YAML: \(shown(problem))", line: nil)
    case .memory: return YAMLSyntaxError(reason: "is nested too deep", line: nil)
    default: return YAMLSyntaxError(reason: "is no YAML", line: nil)
    }
  }
}

/// Turns a document's nodes into values. Every node counts, once for each alias that repeats it: a document that grows
/// far beyond its text is refused.
private struct Conversion {
  let firstLine: Int
  var budget: Int

  mutating func value(of node: Yams.Node, depth: Int) throws(YAMLSyntaxError) -> ManifestValue {
    let line = node.mark.map { firstLine + $0.line - 1 } ?? 0
    budget -= 1
    guard budget > 0 else { throw YAMLSyntaxError(reason: "grows out of bounds by its aliases", line: line) }
    guard depth <= maximumNesting else {
      throw YAMLSyntaxError(reason: "is nested more than \(maximumNesting) levels deep", line: line)
    }
    switch node {
    case .scalar(let scalar): return ManifestValue(try content(of: scalar, line: line), line: line)
    case .sequence(let sequence):
      try check(sequence.tag, is: .seq, line: line)
      var elements: [ManifestValue] = []
      elements.reserveCapacity(sequence.count)
      for element in sequence { elements.append(try value(of: element, depth: depth + 1)) }
      return ManifestValue(.array(elements), line: line)
    case .mapping(let mapping):
      try check(mapping.tag, is: .map, line: line)
      var members: [ManifestMember] = []
      members.reserveCapacity(mapping.count)
      for (key, element) in mapping {
        members.append(
          ManifestMember(name: try name(of: key, line: line), value: try value(of: element, depth: depth + 1)))
      }
      return ManifestValue(.object(members), line: line)
    case .alias: throw YAMLSyntaxError(reason: "has an alias that stands for nothing", line: line)
    }
  }

  /// A key's text.
  private func name(of key: Yams.Node, line: Int) throws(YAMLSyntaxError) -> String {
    guard case .scalar(let scalar) = key else { throw YAMLSyntaxError(reason: "has a key that is no text", line: line) }
    let line = scalar.mark.map { firstLine + $0.line - 1 } ?? line
    if scalar.style == .plain, scalar.string == "<<" {
      let reason = "has a merge key (<<), which moat does not follow; write the fields out"
      throw YAMLSyntaxError(reason: reason, line: line)
    }
    try check(scalar.tag, is: .str, line: line)
    guard scalar.style != .plain || plainContent(scalar.string) != .null else {
      throw YAMLSyntaxError(reason: "has an empty key", line: line)
    }
    return scalar.string
  }

  private func content(of scalar: Yams.Node.Scalar, line: Int) throws(YAMLSyntaxError) -> ManifestValue.Content {
    try check(scalar.tag, is: .str, line: line)
    let isPlain = scalar.style == .plain && scalar.tag.rawValue != Tag.Name.str.rawValue
    return isPlain ? plainContent(scalar.string) : .string(scalar.string)
  }

  /// Refuses every tag but the one a value has anyway: a tag changes what the text means.
  private func check(_ tag: Tag, is expected: Tag.Name, line: Int) throws(YAMLSyntaxError) {
    let name = tag.rawValue
    guard name.isEmpty || name == expected.rawValue else {
      throw YAMLSyntaxError(reason: "has the tag \(shown(name, limit: 60)), which moat does not know", line: line)
    }
  }
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
