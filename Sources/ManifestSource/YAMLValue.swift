import ClusterModel

extension YAMLChunk {
  /// The document's value; `nil` where it is null.
  ///
  /// Scalars are taken by YAML 1.2's core schema, narrowed: `yes`, `on`, `0x1f`, `0o17`, `017` and `1_000` are strings,
  /// so that a field which wants a boolean or an integer refuses them instead of reading what another reader does not.
  func value() throws(YAMLSyntaxError) -> ManifestValue? {
    try checkCharacters()
    let budget = 10_000 + 4 * bytes.count
    let value = try bytes.withUnsafeBufferPointer { (buffer) throws(YAMLSyntaxError) -> ManifestValue? in
      var composition = Composition(of: try YAMLEvents(of: buffer, firstLine: firstLine), budget: budget)
      return try composition.document()
    }
    return value?.content == .null ? nil : value
  }

  /// Control characters, which YAML does not allow, with the line where the first one stands.
  private func checkCharacters() throws(YAMLSyntaxError) {
    let isControl = { (byte: UInt8) in byte < 0x20 && byte != 0x0a && byte != 0x0d && byte != 0x09 || byte == 0x7f }
    guard let place = bytes.firstIndex(where: isControl) else { return }
    let line = firstLine + bytes[..<place].count { $0 == UInt8(ascii: "\n") }
    throw YAMLSyntaxError(reason: "has the control character 0x\(String(bytes[place], radix: 16))", line: line)
  }
}

/// Makes a document's value of its events. Every value counts, once for each alias that repeats it: a document that
/// grows far beyond its text is refused before it has grown.
private struct Composition: ~Copyable {
  /// What an anchor stands for.
  private struct Anchored {
    var value: ManifestValue

    /// What is written, where it is a scalar: that makes a key.
    var scalar: YAMLScalar?

    /// How many values it is.
    var size = 1

    /// How many levels there are below it.
    var height = 0
  }

  private var events: YAMLEvents
  private var anchors: [String: Anchored] = [:]

  /// How many values there may still be.
  private var budget: Int

  /// The deepest level of the value that is being made, so far.
  private var deepest = 0

  init(of events: consuming YAMLEvents, budget: Int) {
    self.events = events
    self.budget = budget
  }

  /// The only document of the text; `nil` where there is none.
  mutating func document() throws(YAMLSyntaxError) -> ManifestValue? {
    guard case .documentStart = try events.next().content else { return nil }
    let value = try value(of: try events.next(), depth: 1)
    _ = try events.next()
    let rest = try events.next()
    guard case .streamEnd = rest.content else {
      throw YAMLSyntaxError(reason: "has a second document that does not begin a line of its own", line: rest.line)
    }
    return value
  }

  private mutating func value(of event: YAMLEvent, depth: Int) throws(YAMLSyntaxError) -> ManifestValue {
    if case .alias(let name) = event.content {
      let found = try anchored(name, line: event.line)
      try add(found.size, to: depth + found.height, line: event.line)
      return found.value
    }
    let before = (budget: budget, deepest: deepest)
    deepest = depth
    try add(1, to: depth, line: event.line)
    let value = ManifestValue(try content(of: event, depth: depth), line: event.line)
    note(event, Anchored(value: value, size: before.budget - budget, height: deepest - depth))
    deepest = max(deepest, before.deepest)
    return value
  }

  private mutating func content(of event: YAMLEvent, depth: Int) throws(YAMLSyntaxError) -> ManifestValue.Content {
    switch event.content {
    case .scalar(let scalar):
      try check(scalar.tag, is: "str", line: event.line)
      return scalar.content
    case .sequence(let tag):
      try check(tag, is: "seq", line: event.line)
      return .array(try elements(depth: depth + 1))
    case .mapping(let tag):
      try check(tag, is: "map", line: event.line)
      return .object(try members(depth: depth + 1))
    case .alias, .end, .documentStart, .documentEnd, .streamEnd:
      throw YAMLSyntaxError(reason: "is no YAML: a value is missing", line: event.line)
    }
  }

  private mutating func elements(depth: Int) throws(YAMLSyntaxError) -> [ManifestValue] {
    var elements: [ManifestValue] = []
    while true {
      let event = try events.next()
      if case .end = event.content { return elements }
      elements.append(try value(of: event, depth: depth))
    }
  }

  private mutating func members(depth: Int) throws(YAMLSyntaxError) -> [ManifestMember] {
    var members: [ManifestMember] = []
    var names = Names()
    while true {
      let event = try events.next()
      if case .end = event.content { return members }
      let name = try name(of: event)
      if let line = names.add(name, line: event.line) {
        throw YAMLSyntaxError(reason: "has the key \"\(shown(name, limit: 60))\" twice", line: line)
      }
      members.append(ManifestMember(name: name, value: try value(of: try events.next(), depth: depth)))
    }
  }

  /// A key's text.
  private mutating func name(of event: YAMLEvent) throws(YAMLSyntaxError) -> String {
    guard let scalar = try scalar(of: event) else {
      throw YAMLSyntaxError(reason: "has a key that is no text", line: event.line)
    }
    if scalar.isPlain, scalar.text == "<<" {
      let reason = "has a merge key (<<), which moat does not follow; write the fields out"
      throw YAMLSyntaxError(reason: reason, line: event.line)
    }
    try check(scalar.tag, is: "str", line: event.line)
    guard !scalar.isEmpty else { throw YAMLSyntaxError(reason: "has an empty key", line: event.line) }
    note(event, Anchored(value: ManifestValue(scalar.content, line: event.line)))
    return scalar.text
  }

  /// The scalar that an event is or repeats; `nil` for anything else.
  private func scalar(of event: YAMLEvent) throws(YAMLSyntaxError) -> YAMLScalar? {
    switch event.content {
    case .scalar(let scalar): scalar
    case .alias(let name): try anchored(name, line: event.line).scalar
    default: nil
    }
  }

  /// Remembers what the event's anchor stands for, if it has one: from here on, not within itself.
  private mutating func note(_ event: YAMLEvent, _ anchored: Anchored) {
    guard let anchor = event.anchor else { return }
    anchors[anchor] = anchored
    if case .scalar(let scalar) = event.content { anchors[anchor]?.scalar = scalar }
  }

  private func anchored(_ name: String, line: Int) throws(YAMLSyntaxError) -> Anchored {
    if let found = anchors[name] { return found }
    throw YAMLSyntaxError(reason: "is no YAML: found undefined alias", line: line)
  }

  /// Counts values, the deepest of which are at `depth`.
  private mutating func add(_ size: Int, to depth: Int, line: Int) throws(YAMLSyntaxError) {
    guard size < budget else { throw YAMLSyntaxError(reason: "grows out of bounds by its aliases", line: line) }
    budget -= size
    guard depth <= maximumNesting else {
      throw YAMLSyntaxError(reason: "is nested more than \(maximumNesting) levels deep", line: line)
    }
    deepest = max(deepest, depth)
  }

  /// Refuses every tag but the one that a value has anyway: a tag changes what the text means.
  private func check(_ tag: String?, is expected: String, line: Int) throws(YAMLSyntaxError) {
    guard let tag, tag != "tag:yaml.org,2002:\(expected)" else { return }
    throw YAMLSyntaxError(reason: "has the tag \(shown(tag, limit: 60)), which moat does not know", line: line)
  }
}

/// The names of a mapping, and their lines. Few are compared with each other, many looked up.
private struct Names {
  private var first: [(name: String, line: Int)] = []
  private var further: [String: Int] = [:]

  /// - Returns: the line of one that is the same.
  mutating func add(_ name: String, line: Int) -> Int? {
    if let known = first.first(where: { $0.name == name }) { return known.line }
    if first.count < 16 {
      first.append((name, line))
      return nil
    }
    if let known = further[name] { return known }
    further[name] = line
    return nil
  }
}
