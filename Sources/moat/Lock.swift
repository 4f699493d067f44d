import ArgumentParser
import ClusterModel
import EgressAgent
import EgressPolicy
import EgressRuleset
import ManifestSource
import Nftables
import NftablesKernel

struct Lock: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Close the node where no table of moat's stands: at boot, before the network is there.",
    discussion: """
      The last good ruleset of the state directory, without anything of pods: they are granted nothing, and nothing \
      comes in to them. Where none is kept, what the configuration says of the host: cluster.networks, \
      cluster.nodeNetworks, CIDR entries of host.allow, presets, cluster.apiServer. Where the configuration cannot be \
      used either, nothing outside but DHCP. A table that stands already is left alone.

      Exit status: 0, or 1 where the kernel refuses or something could not be read; the node is closed all the same \
      if the kernel can.
      """)

  @Option(
    name: .long,
    help: ArgumentHelp(
      "moat's configuration. Default: \(SourceOptions.defaultConfiguration) where it exists.", valueName: "path"))
  var config: String?
  @Option(
    name: .long, help: ArgumentHelp("The node's name. Default: $NODE_NAME, then the host name.", valueName: "name"))
  var node: String?
  @OptionGroup var state: StateOption

  func run() throws {
    let kernel = try reportingKernelErrors { () throws(KernelError) in try KernelAccess(ownsTables: false).open() }
    guard try reportingKernelErrors({ () throws(KernelError) in try readConsistently(kernel) }) == nil else {
      return print("a table of moat's stands already; nothing was changed")
    }
    let (flows, origin, isWhole) = lockedFlows()
    let done = try reportingKernelErrors { () throws(KernelError) in try enforceWhereNothingStands(lower(flows), kernel)
    }
    print(done ? "locked, from \(origin)" : "a table of moat's stands already; nothing was changed")
    if !isWhole { throw ExitCode(1) }
  }

  /// What to enforce, where it is from, and whether that is what was asked for.
  private func lockedFlows() -> (EgressFlows, origin: String, isWhole: Bool) {
    let file = LockStateFile(in: state.state)
    var isWhole = true
    do throws(AgentError) {
      if let last = try file.load() { return (last.flows, file.path, true) }
    } catch {
      printError("moat: \(error)")
      isWhole = false
    }
    let name = nodeName(or: node)
    var source = SourceOptions()
    source.config = config
    do throws(ConfigurationError) {
      let loaded = try ConfigurationSource(path: source.configurationPath).load()
      let flows = lockFlows(under: loaded.configuration, on: name, resolvers: loaded.resolvers)
      return (flows, source.configurationPath ?? "the defaults", isWhole)
    } catch {
      printError("moat: the configuration cannot be used:\n\(error)")
      return (lockFlows(under: Configuration(), on: name), "the defaults", false)
    }
  }
}

/// Commits `ruleset` if there is still no table; a table that another process has just made is left alone.
private func enforceWhereNothingStands(_ ruleset: Ruleset, _ kernel: LibnftnlKernel) throws(KernelError) -> Bool {
  for _ in 0..<10 {
    do throws(KernelError) {
      let (actual, generation) = try kernel.read()
      guard actual == nil else { return false }
      try kernel.commit(difference(from: nil, to: ruleset), at: generation)
      return true
    } catch { guard error.isOutrun else { throw error } }
  }
  return try enforce(ruleset, in: kernel).transaction.isEmpty == false
}
