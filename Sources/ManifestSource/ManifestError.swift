import ClusterModel

/// Where a document or an object was read.
package struct ManifestPlace: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// The path as it was found, or `standard input`.
  package var file: String

  /// Counted from 1 among the documents that are not empty; absent for a whole file.
  package var document: Int?

  /// Counted from 1 in a document that is a List.
  package var item: Int?

  /// Counted from 1; absent where unknown.
  package var line: Int?

  package init(file: String, document: Int? = nil, item: Int? = nil, line: Int? = nil) {
    self.file = file
    self.document = document
    self.item = item
    self.line = line
  }

  /// By file, and in a file from its beginning.
  package static func < (left: ManifestPlace, right: ManifestPlace) -> Bool {
    if left.file != right.file { return left.file < right.file }
    return (left.document ?? 0, left.item ?? 0) < (right.document ?? 0, right.item ?? 0)
  }

  /// `cluster.yaml:12 (document 3)`, `dump.json:90 (document 1, item 4)`.
  package var description: String {
    let parts = [document.map { "document \($0)" }, item.map { "item \($0)" }].compactMap { $0 }
    let document = parts.isEmpty ? "" : " (\(parts.joined(separator: ", ")))"
    return shown(file, limit: 4096) + (line.map { ":\($0)" } ?? "") + document
  }
}

/// Something that could not be read, and where. What it names counts for nothing.
package struct ManifestError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Where it is: file, document, line.
  package var place: ManifestPlace

  /// What is wrong, and what to do where that is not plain; in one printable line, without a final stop.
  package var message: String

  package init(_ message: String, at place: ManifestPlace) {
    self.place = place
    self.message = message
  }

  /// `cluster.yaml:12 (document 3): metadata.name: is missing`.
  package var description: String { "\(place): \(message)" }
}
