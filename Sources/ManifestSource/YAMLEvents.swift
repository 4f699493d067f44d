import CLibyaml
import ClusterModel

/// Why a text is no YAML document.
struct YAMLSyntaxError: Error {
  /// In lower case, without a final stop.
  var reason: String

  /// Counted from 1 in the file.
  var line: Int?
}

/// A piece of a document, in the order of the text.
struct YAMLEvent {
  enum Content {
    case scalar(YAMLScalar)

    /// Another occurrence of the node that has the anchor.
    case alias(of: String)

    /// The elements follow, then an `end`.
    case sequence(tag: String?)

    /// Keys and values follow in turn, then an `end`.
    case mapping(tag: String?)
    case end
    case documentStart
    case documentEnd
    case streamEnd
  }

  var content: Content

  /// What is written before a node with `&`.
  var anchor: String?

  /// Where it begins, counted from 1 in the file.
  var line: Int
}

/// The events of a text, one after another. libyaml finds them; what they mean is not its business.
struct YAMLEvents: ~Copyable {
  /// Points at itself, so it must not move.
  private let parser: UnsafeMutablePointer<yaml_parser_t>
  private let bytes: UnsafeBufferPointer<UInt8>
  private let firstLine: Int

  /// - Parameters:
  ///   - bytes: UTF-8; must stay as long as the events are asked for.
  ///   - firstLine: the line of the first byte in its file.
  init(of bytes: UnsafeBufferPointer<UInt8>, firstLine: Int) throws(YAMLSyntaxError) {
    let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
    guard yaml_parser_initialize(parser) == 1 else {
      parser.deallocate()
      throw YAMLSyntaxError(reason: "cannot be read: there is too little memory", line: firstLine)
    }
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
    self.parser = parser
    self.bytes = bytes
    self.firstLine = firstLine
  }

  deinit {
    yaml_parser_delete(parser)
    parser.deallocate()
  }

  /// - Throws: where the text is no YAML. Nothing may be asked for after that, or after `streamEnd`.
  mutating func next() throws(YAMLSyntaxError) -> YAMLEvent {
    var event = yaml_event_t()
    guard yaml_parser_parse(parser, &event) == 1 else { throw fault }
    defer { yaml_event_delete(&event) }
    let line = firstLine + Int(event.start_mark.line)
    switch event.type {
    case YAML_SCALAR_EVENT:
      let scalar = event.data.scalar
      return YAMLEvent(content: .scalar(YAMLScalar(scalar)), anchor: text(scalar.anchor), line: line)
    case YAML_ALIAS_EVENT: return YAMLEvent(content: .alias(of: String(cString: event.data.alias.anchor)), line: line)
    case YAML_SEQUENCE_START_EVENT:
      let start = event.data.sequence_start
      return YAMLEvent(content: .sequence(tag: text(start.tag)), anchor: text(start.anchor), line: line)
    case YAML_MAPPING_START_EVENT:
      let start = event.data.mapping_start
      return YAMLEvent(content: .mapping(tag: text(start.tag)), anchor: text(start.anchor), line: line)
    case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: return YAMLEvent(content: .end, line: line)
    case YAML_STREAM_START_EVENT: return try next()
    case YAML_DOCUMENT_START_EVENT: return YAMLEvent(content: .documentStart, line: line)
    case YAML_DOCUMENT_END_EVENT: return YAMLEvent(content: .documentEnd, line: line)
    default: return YAMLEvent(content: .streamEnd, line: line)
    }
  }

  /// What libyaml says, in our words.
  private var fault: YAMLSyntaxError {
    let state = parser.pointee
    let problem = state.problem.map { shown(String(cString: $0)) } ?? "it cannot be read"
    switch state.error {
    case YAML_MEMORY_ERROR: return YAMLSyntaxError(reason: "cannot be read: there is too little memory", line: nil)
    case YAML_READER_ERROR:
      let breaks = bytes.prefix(state.problem_offset).count { $0 == UInt8(ascii: "\n") }
      return YAMLSyntaxError(reason: "is no YAML: \(problem)", line: firstLine + breaks)
    default:
      let lead = state.context.map { "\(shown(String(cString: $0))): " } ?? ""
      let line = firstLine + Int(state.problem_mark.line)
      return YAMLSyntaxError(reason: "is no YAML: \(lead)\(problem)", line: line)
    }
  }
}

extension YAMLScalar {
  /// It may hold zero bytes, so its length counts.
  fileprivate init(_ scalar: yaml_event_s.__Unnamed_union_data.__Unnamed_struct_scalar) {
    text = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
    isPlain = scalar.style == YAML_PLAIN_SCALAR_STYLE
    tag = ManifestSource.text(scalar.tag)
  }
}

/// Absent or empty is the same.
private func text(_ pointer: UnsafePointer<yaml_char_t>?) -> String? {
  guard let pointer, pointer.pointee != 0 else { return nil }
  return String(cString: pointer)
}
