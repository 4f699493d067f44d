import ClusterModel
import Foundation
import ManifestSource

/// The folder of the main scenario.
let httpbin = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .appendingPathComponent("Scenarios/01-httpbin").path

/// What comes of a text, as if it were a file called `test.yaml`.
func read(_ text: String, isJSON: Bool = false) -> ManifestReading {
  var collector = ManifestCollector()
  collector.add(Array(text.utf8), file: isJSON ? "test.json" : "test.yaml", isJSON: isJSON)
  return collector.finish()
}

/// An object `ns/name` with this spec, which is given in YAML without indentation.
func manifest(_ apiVersion: String, _ kind: String, _ spec: String) -> String {
  let lines = spec.split(separator: "\n").map { "  \($0)\n" }.joined()
  return "apiVersion: \(apiVersion)\nkind: \(kind)\nmetadata: { name: name, namespace: ns }\nspec:\n\(lines)"
}
