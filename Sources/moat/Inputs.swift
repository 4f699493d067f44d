import ArgumentParser
import ClusterModel
import EgressPolicy
import FoundationEssentials
import KubernetesSource
import ManifestSource
import NetworkValues

/// Where a command's model comes from.
struct SourceOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      "Manifests to read: a file, a folder (read recursively: .yaml, .yml, .json) or - for standard input. Repeatable.",
      valueName: "path"))
  var manifests: [String] = []

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Instead of manifests, the cluster of this kubeconfig. Default: $KUBECONFIG, else the cluster of the pod in which "
        + "moat runs.", valueName: "file"))
  var kubeconfig: String?

  @Option(name: .long, help: ArgumentHelp("The kubeconfig's context. Default: its current one.", valueName: "name"))
  var context: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "moat's configuration. Default: \(SourceOptions.defaultConfiguration) where it exists.", valueName: "path"))
  var config: String?

  static let defaultConfiguration = "/etc/moat/config.yaml"

  func validate() throws {
    guard !manifests.isEmpty, kubeconfig != nil || context != nil else { return }
    throw ValidationError("--manifests, and --kubeconfig or --context, exclude each other: the model has one source")
  }

  /// The API server, where it is asked instead of manifests.
  ///
  /// - Throws: `ValidationError` where there is neither.
  var cluster: ClusterAccess? {
    get throws {
      if !manifests.isEmpty { return nil }
      if let kubeconfig { return .kubeconfig([kubeconfig], context: context) }
      let found = ClusterAccess(environment: ProcessInfo.processInfo.environment, context: context)
      if let found { return found }
      throw ValidationError(
        "there is no model: give --manifests <path> or --kubeconfig <file>, set KUBECONFIG, or run in a pod")
    }
  }

  /// Reads configuration and manifests, or the cluster, and says on standard error what could not be read.
  ///
  /// - Parameter names: where names get their addresses; absent where no command line says.
  /// - Throws: `ExitCode(1)` where the configuration or the cluster cannot be used, or a document is broken and
  ///   `keepGoing` is false.
  func load(keepGoing: Bool, names: NameOptions? = nil) throws -> LoadedInputs {
    let cluster = try cluster
    let configuration = try loadConfiguration()
    var reading = try cluster.map(readCluster) ?? loadManifests(paths: manifests)
    for note in reading.notes { printError("note: \(note)") }
    for error in reading.errors { printError("error: \(error)") }
    reading.snapshot.hostResolvers = try hostResolvers(areNeeded: configuration.host.presets.contains(.dns))
    reading.snapshot.hostCgroups = readHostCgroups(configuration.cgroupPaths)
    guard reading.errors.isEmpty || keepGoing else {
      let count = reading.errors.count
      printError(
        "moat: \(count) error\(count == 1 ? "" : "s") in the manifests; nothing was derived. "
          + "Correct them, or look at the rest with render, plan or explain and --keep-going.")
      throw ExitCode(1)
    }
    var inputs = LoadedInputs(
      snapshot: reading.snapshot, configuration: configuration, documentErrors: reading.errors.map { "\($0)" })
    if let names, names.names != nil { inputs.snapshot.resolvedNames = try names.resolve(inputs.model) }
    return inputs
  }

  /// This host's name servers, which `host.presets: [dns]` means, and which moat asks for names.
  private func hostResolvers(areNeeded: Bool) throws -> [IPAddress] {
    do { return try readHostResolvers() } catch {
      guard areNeeded else { return [] }
      printError("moat: host.presets has dns, and the host's name servers cannot be read: \(error)")
      throw ExitCode(1)
    }
  }

  /// The file that counts; `nil` where there is none and every default does.
  var configurationPath: String? {
    config ?? (FileManager.default.fileExists(atPath: Self.defaultConfiguration) ? Self.defaultConfiguration : nil)
  }

  private func loadConfiguration() throws -> Configuration {
    guard let path = configurationPath else { return Configuration() }
    do { return try ManifestSource.loadConfiguration(path: path) } catch {
      printError("moat: the configuration cannot be used:\n\(error)")
      throw ExitCode(1)
    }
  }
}

/// Which node a command speaks for.
struct NodeOption: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp("The node to derive for. Default: $NODE_NAME, then the host name.", valueName: "name"))
  var node: String?

  /// Whether a node was named, or this host is one.
  func isKnown(in model: EgressModel) -> Bool {
    let environment = ProcessInfo.processInfo.environment["NODE_NAME"]
    return [node, environment].contains { $0?.isEmpty == false } || model.node(named: nodeName(or: nil)) != nil
  }

  /// - Throws: `ExitCode(1)` where the manifests have no such node.
  func resolve(in model: EgressModel) throws -> NodeName {
    let name = nodeName(or: node)
    guard model.node(named: name) == nil else { return name }
    let known = model.nodeNames.map(\.rawValue).joined(separator: ", ")
    printError(
      "moat: the manifests have no Node \(name). "
        + (known.isEmpty ? "They have no Node at all." : "They have: \(known). Choose one with --node."))
    throw ExitCode(1)
  }
}

/// The node that an option names, else `$NODE_NAME`, else this host's name.
func nodeName(or option: String?) -> NodeName {
  let environment = ProcessInfo.processInfo.environment["NODE_NAME"]
  let given = [option, environment].compactMap { $0 }.first { !$0.isEmpty }
  return NodeName(rawValue: given ?? ProcessInfo.processInfo.hostName)
}

/// Whether to go on without what could not be read.
struct KeepGoingOption: ParsableArguments {
  @Flag(name: .long, help: "Derive from what could be read, although documents are broken.")
  var keepGoing = false
}

/// What was read.
struct LoadedInputs {
  var snapshot: ClusterSnapshot
  var configuration: Configuration
  var documentErrors: [String]

  var model: EgressModel { EgressModel(snapshot, under: configuration) }
}
