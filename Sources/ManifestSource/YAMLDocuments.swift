import ClusterModel

/// A part of a YAML text that holds one document.
struct YAMLChunk {
  /// The bytes without the directive lines before the document.
  var bytes: ArraySlice<UInt8>

  /// The line of the first byte, counted from 1.
  var firstLine: Int
}

/// Cuts a YAML text at its document markers, so that one broken document does not hide the others.
///
/// A line that begins with `---` or `...` and white space is a marker wherever it stands, block scalars and quotes
/// included. Parts of blank lines, comments and directives alone are left out.
///
/// See: YAML 1.2.2, section 9.1.2 (c-forbidden)
func chunks(ofYAML bytes: ArraySlice<UInt8>) -> [YAMLChunk] {
  var result: [YAMLChunk] = []
  var chunk = YAMLChunk(bytes: bytes[bytes.startIndex..<bytes.startIndex], firstLine: 1)
  var hasContent = false
  var line = 1
  var start = bytes.startIndex
  while start < bytes.endIndex {
    let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? bytes.endIndex
    let text = bytes[start..<end]
    if isMarker(text) {
      if hasContent { result.append(chunk) }
      let isStart = text.first == UInt8(ascii: "-")
      chunk = YAMLChunk(bytes: isStart ? text : bytes[end..<end], firstLine: isStart ? line : line + 1)
      hasContent = isStart && !isBlank(text.dropFirst(3))
    } else if !hasContent, text.first == UInt8(ascii: "%") {
      chunk = YAMLChunk(bytes: bytes[end..<end], firstLine: line + 1)
    } else {
      chunk.bytes = bytes[chunk.bytes.startIndex..<end]
      hasContent = hasContent || !isBlank(text)
    }
    line += 1
    start = end
  }
  return hasContent ? result + [chunk] : result
}

/// `---` or `...`, alone or before white space.
private func isMarker(_ line: ArraySlice<UInt8>) -> Bool {
  guard line.starts(with: [0x2d, 0x2d, 0x2d]) || line.starts(with: [0x2e, 0x2e, 0x2e]) else { return false }
  return line.dropFirst(3).first.map { [0x20, 0x09, 0x0a, 0x0d].contains($0) } ?? true
}

/// White space, or a comment after it.
private func isBlank(_ line: ArraySlice<UInt8>) -> Bool {
  guard let first = line.first(where: { ![0x20, 0x09, 0x0a, 0x0d].contains($0) }) else { return true }
  return first == UInt8(ascii: "#")
}
