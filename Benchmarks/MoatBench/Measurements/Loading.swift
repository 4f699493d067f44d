import Foundation
import ManifestSource

extension Bench {
  /// The whole cluster from its files, which are in the page cache, to a snapshot.
  func loading() throws -> [Row] {
    let load = { (path: String) in
      try seconds {
        let reading = loadManifests(paths: [path])
        if let error = reading.errors.first { throw BenchError("\(error)") }
      }
    }
    let samples = try interleaved(
      rounds: rounds(quick: 1, full: 5), [{ [files] in try load(files.json) }, { [files] in try load(files.yaml) }])
    return [
      Row("read the cluster from JSON (\(try size(files.json)))", samples[0], target: .atMost(.seconds(3))),
      Row("read the cluster from YAML (\(try size(files.yaml)))", samples[1], target: .atMost(.seconds(12))),
    ]
  }

  private func size(_ path: String) throws -> String {
    let bytes = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
    return "\(threeDigits(Double(bytes) / 1e6)) MB"
  }
}
