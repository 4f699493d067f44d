import ArgumentParser
import ClusterModel
import EgressPolicy
import ManifestSource
import Netlink

/// Where the container runtime keeps what its CNI plugins answered.
struct CNIOption: ParsableArguments {
  @Option(name: .long, help: .hidden)
  var cniResults = "/var/lib/cni/results"
}

/// Whether a command looks at the interfaces of the machine that it runs on.
struct ObservationOptions: ParsableArguments {
  @Flag(
    name: .long,
    help: "Judge by this node's interfaces too, as moat run does (S9, S14). To be run on the node.")
  var observeInterfaces = false
  @OptionGroup var cni: CNIOption

  /// The model and the node that a command speaks of, with the node's interfaces where they are asked for.
  ///
  /// - Throws: `ExitCode(1)` where the manifests have no such node, or its interfaces cannot be read.
  func resolve(_ inputs: LoadedInputs, _ node: NodeOption) throws -> (model: EgressModel, node: NodeName) {
    let model = inputs.model
    let name = try node.resolve(in: model)
    guard observeInterfaces else { return (model, name) }
    var snapshot = inputs.snapshot
    snapshot.hostInterfaces = try observe()
    let bindings = bindInterfaces(
      of: snapshot, on: name, under: inputs.configuration, after: InterfaceBindings())
    return (EgressModel(snapshot, under: inputs.configuration, bound: bindings), name)
  }

  private func observe() throws -> HostInterfaces {
    do throws(NetlinkError) {
      let observer = try InterfaceObserver()
      let reading = readCNIResults(in: cni.cniResults)
      observer.cniResults = reading.results
      observer.cniFaults = reading.faults
      try observer.update()
      return observer.interfaces
    } catch {
      printError("moat: this node's interfaces cannot be read: \(error)")
      throw ExitCode(1)
    }
  }
}
