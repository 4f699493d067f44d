import ClusterModel
import Glibc

/// Everything that is wrong with a configuration file.
package struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
  /// At least one, in the order of the sections.
  package var errors: [ManifestError]

  package init(errors: [ManifestError]) { self.errors = errors }

  /// One error a line.
  package var description: String { errors.map(\.description).joined(separator: "\n") }
}

/// Reads moat's configuration from a YAML or JSON file; `-` is standard input.
///
/// - Throws: every fault of it, each with its line where that is known.
package func loadConfiguration(
  path: String, standardInput: Int32 = STDIN_FILENO
) throws(ConfigurationError) -> Configuration {
  let name = path == "-" ? "standard input" : path
  let bytes: [UInt8]
  do {
    bytes = path == "-" ? try contents(of: standardInput, name: name) : try contents(ofFile: path)
  } catch {
    throw ConfigurationError(errors: [error])
  }
  return try readConfiguration(bytes, file: name)
}

/// Reads a configuration from a file's text; `file` names it in errors.
package func readConfiguration(_ bytes: [UInt8], file: String) throws(ConfigurationError) -> Configuration {
  let documents = documents(of: bytes, isJSON: file.lowercased().hasSuffix(".json"))
  guard let document = documents.first, documents.count == 1 else {
    let message = "must hold one document of kind \(Configuration.kind), not \(documents.count)"
    throw ConfigurationError(errors: [ManifestError(message, at: ManifestPlace(file: file))])
  }
  let value: ManifestValue
  switch document.content {
  case .success(let content): value = content
  case .failure(let error):
    throw ConfigurationError(errors: [
      ManifestError(error.reason, at: ManifestPlace(file: file, line: document.line))
    ])
  }
  let reading = Configuration.read(value)
  guard let configuration = reading.configuration else {
    throw ConfigurationError(
      errors: reading.faults.map { fault in
        ManifestError(fault.misunderstanding.description, at: ManifestPlace(file: file, line: fault.line))
      })
  }
  return configuration
}
