/// Cuts JSON that arrives in parts into values, each as its bytes, without reading them.
///
/// However the parts fall, the pieces are the same. What is held is the piece that has not ended yet, so that a list of
/// any length costs no more than its largest element. Pieces are well-formed only as far as brackets and quotes go.
package struct JSONPieces {
  /// What is cut.
  package enum Subject: Sendable {
    /// Documents one after another, as a watch sends them.
    case documents

    /// One object, into its members; of the member `items` every element is a piece.
    case list
  }

  /// A value that has arrived whole.
  package enum Piece: Hashable, Sendable {
    /// A document.
    case document([UInt8])

    /// A member of the list other than its items.
    case member(String, [UInt8])

    /// One of the list's items.
    case item([UInt8])
  }

  /// What the next byte that is no white space belongs to.
  private enum Place: Hashable {
    case document, listStart, name, afterName, member, afterMember, item, afterItem, end
  }

  private let subject: Subject
  private let limit: Int
  private var place: Place
  private var name = ""
  private var scanner: JSONValueScanner?

  /// The bytes so far of the value that has begun.
  private var begun: [UInt8] = []

  /// - Parameter limit: the largest piece, in bytes.
  package init(of subject: Subject, limit: Int) {
    self.subject = subject
    self.limit = limit
    place = subject == .documents ? .document : .listStart
  }

  /// Takes in the next part.
  ///
  /// - Returns: the pieces that end in it.
  /// - Throws: for what cannot be JSON, and for a piece beyond the limit. Nothing more may be appended then.
  package mutating func append(_ part: [UInt8]) throws(JSONSyntaxError) -> [Piece] {
    var pieces: [Piece] = []
    let bytes = part.span
    var position = 0
    while position < bytes.count {
      if scanner != nil {
        try scan(part, from: &position, &pieces)
      } else if isJSONSpace(bytes[position]) {
        position += 1
      } else {
        try step(bytes[position], &position)
      }
    }
    return pieces
  }

  /// Whether what has arrived ends where a value ends: a list that is whole, or no document that has only begun.
  package var isComplete: Bool { scanner == nil && (subject == .list ? place == .end : true) }

  /// Goes on in the value that has begun.
  private mutating func scan(
    _ part: [UInt8], from position: inout Int, _ pieces: inout [Piece]
  ) throws(JSONSyntaxError) {
    let start = position
    let end = scanner?.scan(part.span, from: position)
    position = end ?? part.count
    guard begun.count + position - start <= limit else {
      throw JSONSyntaxError(reason: "holds a value of more than \(limit) bytes", line: 1)
    }
    begun += part[start..<position]
    guard end != nil else { return }
    scanner = nil
    try finish(&pieces)
    begun = []
  }

  /// A value has arrived whole.
  private mutating func finish(_ pieces: inout [Piece]) throws(JSONSyntaxError) {
    switch place {
    case .document: pieces.append(.document(begun))
    case .name:
      guard case .string(let text) = try ManifestValue(ofJSON: begun).content else { throw fault() }
      name = text
      place = .afterName
    case .member:
      pieces.append(.member(name, begun))
      place = .afterMember
    case .item:
      pieces.append(.item(begun))
      place = .afterItem
    case .listStart, .afterName, .afterMember, .afterItem, .end: throw fault()
    }
  }

  /// Takes in a byte between values, or begins the value whose first byte it is.
  private mutating func step(_ byte: UInt8, _ position: inout Int) throws(JSONSyntaxError) {
    switch (place, byte) {
    case (.document, _): return try begin(byte)
    case (.listStart, UInt8(ascii: "{")): place = .name
    case (.name, UInt8(ascii: "\"")): return try begin(byte)
    case (.name, UInt8(ascii: "}")): place = .end
    case (.afterName, UInt8(ascii: ":")): place = .member
    case (.member, UInt8(ascii: "[")) where name == "items": place = .item
    case (.member, _): return try begin(byte)
    case (.afterMember, UInt8(ascii: ",")): place = .name
    case (.afterMember, UInt8(ascii: "}")): place = .end
    case (.item, UInt8(ascii: "]")): place = .afterMember
    case (.item, _): return try begin(byte)
    case (.afterItem, UInt8(ascii: ",")): place = .item
    case (.afterItem, UInt8(ascii: "]")): place = .afterMember
    case (.listStart, _), (.name, _), (.afterName, _), (.afterMember, _), (.afterItem, _), (.end, _): throw fault()
    }
    position += 1
  }

  private mutating func begin(_ byte: UInt8) throws(JSONSyntaxError) {
    guard !",:]}".utf8.contains(byte) else { throw fault() }
    scanner = JSONValueScanner(byte)
  }

  private func fault() -> JSONSyntaxError {
    JSONSyntaxError(reason: subject == .list ? "is no JSON list of objects" : "is no JSON document", line: 1)
  }
}

/// Finds where a JSON value ends, however deep it is nested.
struct JSONValueScanner {
  private let isWord: Bool
  private var depth = 0
  private var isInText = false
  private var isEscaped = false

  /// - Parameter first: the value's first byte, which is still to be scanned.
  init(_ first: UInt8) {
    isWord = first != UInt8(ascii: "{") && first != UInt8(ascii: "[") && first != UInt8(ascii: "\"")
  }

  /// Goes on at `position`.
  ///
  /// - Returns: the position after the value; `nil` where it does not end in `bytes`.
  mutating func scan(_ bytes: Span<UInt8>, from start: Int) -> Int? {
    var position = start
    if isWord { return endOfWord(bytes, from: position) }
    while position < bytes.count {
      if isInText {
        guard passText(bytes, &position) else { return nil }
        if depth == 0 { return position }
      }
      guard position < bytes.count else { return nil }
      switch bytes[position] {
      case UInt8(ascii: "\""): isInText = true
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
        if depth == 0 { return position + 1 }
      default: break
      }
      position += 1
    }
    return nil
  }

  /// Goes behind the closing quote; whether it is there.
  private mutating func passText(_ bytes: Span<UInt8>, _ position: inout Int) -> Bool {
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      if isEscaped {
        isEscaped = false
      } else if byte == UInt8(ascii: "\"") {
        isInText = false
        return true
      } else if byte == UInt8(ascii: "\\") {
        isEscaped = true
      }
    }
    return false
  }

  /// A number or a name of JSON's ends before what is neither.
  private func endOfWord(_ bytes: Span<UInt8>, from start: Int) -> Int? {
    (start..<bytes.count).first { isJSONSpace(bytes[$0]) || [0x2c, 0x7d, 0x5d].contains(bytes[$0]) }
  }
}

/// White space between JSON's values. See: RFC 8259, section 2
func isJSONSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 }
