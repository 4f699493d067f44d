import ClusterModel
import Glibc

/// What the container runtime's cache of CNI results holds.
package struct CNIResultReading: Hashable, Sendable {
  /// One for each attachment of a pod, in the order of the files' names.
  package var results: [CNIResult] = []

  /// What could not be used: `FILE: reason`, in the same order. It binds nothing.
  package var faults: [String] = []
}

/// Reads every file of the cache, `/var/lib/cni/results`. A folder that is not there holds nothing.
///
/// The runtime writes a result after its plugins are done, so some time after the pod's interface appeared.
/// See: containernetworking/cni libcni, cacheAdd
package func readCNIResults(in folder: String) -> CNIResultReading {
  var reading = CNIResultReading()
  if access(folder, F_OK) != 0, errno == ENOENT || errno == ENOTDIR { return reading }
  let names: [String]
  do { names = try entries(of: folder).map(\.name) } catch {
    reading.faults = ["\(error)"]
    return reading
  }
  for name in names.prefix(maximumResults) where !name.hasPrefix(".") {
    do throws(ManifestError) {
      if let result = try cniResult(ofFile: "\(folder)/\(name)") { reading.results.append(result) }
    } catch {
      reading.faults.append("\(error)")
    }
  }
  if names.count > maximumResults {
    reading.faults.append("\(folder): holds more than \(maximumResults) files; the rest is not read")
  }
  return reading
}

/// A node has a few hundred pods; entries of pods that are gone may stay behind.
private let maximumResults = 10_000

/// A result is a few kilobytes.
private let maximumResultSize = 1 << 20

/// - Returns: `nil` for an attachment of something else than a pod, and for a file that is gone by now.
private func cniResult(ofFile path: String) throws(ManifestError) -> CNIResult? {
  let place = ManifestPlace(file: path)
  let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
  if file < 0, errno == ENOENT { return nil }
  guard file >= 0 else { throw ManifestError(String(cString: strerror(errno)), at: place) }
  defer { close(file) }
  var status = stat()
  guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size <= maximumResultSize else {
    throw ManifestError("is no file of at most \(maximumResultSize >> 20) MiB", at: place)
  }
  let documents = ManifestValue.documents(ofJSON: try contents(of: file, name: path))
  if let error = documents.error {
    throw ManifestError(error.reason, at: ManifestPlace(file: path, line: error.line))
  }
  guard documents.values.count == 1, let value = documents.values.first else {
    throw ManifestError("must hold one JSON document", at: place)
  }
  do { return try CNIResult.read(value) } catch { throw ManifestError(error.misunderstanding.description, at: place) }
}
