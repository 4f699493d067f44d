import ClusterModel

/// One document of a text: its value, or why it has none.
struct Document {
  struct Failure: Error {
    var reason: String
  }

  var content: Result<ManifestValue, Failure>

  /// Where it begins, or where it is broken; counted from 1.
  var line: Int?
}

/// The documents of a file that are not empty, in order.
///
/// A text that begins like JSON is read as such whatever the file is called, and as YAML if it turns out to be none.
func documents(of bytes: [UInt8], isJSON: Bool) -> [Document] {
  let text = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? bytes.dropFirst(3) : bytes[...]
  if text.starts(with: [0xff, 0xfe]) || text.starts(with: [0xfe, 0xff]) {
    return [Document(content: .failure(.init(reason: "is UTF-16; moat reads UTF-8")))]
  }
  if let line = lineOfInvalidUTF8(text) {
    return [Document(content: .failure(.init(reason: "is not UTF-8")), line: line)]
  }
  let first = text.first { ![0x20, 0x09, 0x0a, 0x0d].contains($0) }
  if isJSON || first == UInt8(ascii: "{") || first == UInt8(ascii: "[") {
    let (values, error) = jsonDocuments(text)
    if isJSON || error == nil { return values + (error.map { [$0] } ?? []) }
  }
  return yamlDocuments(text)
}

/// The value of a YAML text with one document; `nil` where it has none or is broken.
package func manifestValue(ofYAML text: String) -> ManifestValue? {
  let documents = yamlDocuments(Array(text.utf8)[...])
  guard documents.count == 1 else { return nil }
  return try? documents[0].content.get()
}

/// JSON documents one after another; what follows a broken one is not read.
private func jsonDocuments(_ text: ArraySlice<UInt8>) -> ([Document], Document?) {
  let (values, error) = ManifestValue.documents(ofJSON: Array(text))
  let documents = values.map { Document(content: .success($0), line: Int($0.line)) }
  let broken = error.map { Document(content: .failure(.init(reason: "is no JSON: \($0.reason)")), line: $0.line) }
  return (documents, broken)
}

private func yamlDocuments(_ text: ArraySlice<UInt8>) -> [Document] {
  var result: [Document] = []
  for chunk in chunks(ofYAML: text) {
    do {
      guard let value = try chunk.value() else { continue }
      result.append(Document(content: .success(value), line: value.line > 0 ? Int(value.line) : chunk.firstLine))
    } catch {
      result.append(
        Document(content: .failure(.init(reason: error.reason)), line: error.line ?? chunk.firstLine))
    }
  }
  return result
}

/// The line of the first byte that is not UTF-8, counted from 1; `nil` where all are.
private func lineOfInvalidUTF8(_ text: ArraySlice<UInt8>) -> Int? {
  if String(validating: text, as: UTF8.self) != nil { return nil }
  var line = 1
  for part in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
    if String(validating: part, as: UTF8.self) == nil { return line }
    line += 1
  }
  return line
}
