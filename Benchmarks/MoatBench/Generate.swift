import ArgumentParser
import Foundation
import ReferenceCluster

/// Where the reference cluster's files lie below a folder.
struct ClusterFiles {
  var folder: URL

  /// One List.
  var json: String { folder.appending(path: "json/cluster.json").path }

  /// A document an object.
  var yaml: String { folder.appending(path: "yaml/cluster.yaml").path }
  var configuration: String { folder.appending(path: "config.yaml").path }

  /// Writes `cluster`, and makes the folders it needs.
  func write(_ cluster: ReferenceCluster) throws {
    for (path, text) in [(json, cluster.json), (yaml, cluster.yaml), (configuration, cluster.configuration.yaml)] {
      let file = URL(filePath: path)
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
  }
}

struct Generate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write the reference cluster: json/cluster.json, yaml/cluster.yaml and config.yaml.",
    discussion: """
      Try it, for instance:
        moat render --manifests DIR/json --config DIR/config.yaml --node \(ReferenceCluster.gatewayNode)
        moat render --manifests DIR/json --config DIR/config.yaml --node \(ReferenceCluster.ordinaryNode)
      """)

  @Argument(help: "The folder to write to; it is made where it does not exist.")
  var directory: String

  @Option(help: "Equal seeds give equal clusters.")
  var seed: UInt64 = 1

  func run() throws {
    try ClusterFiles(folder: URL(filePath: directory)).write(ReferenceCluster(seed: seed))
  }
}
