import ArgumentParser
import ClusterModel
import EgressPolicy
import EgressRuleset
import NodeInspection

struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Look at this node: kernel features, neighbours, ways round the firewall, connections that would be cut.",
    discussion: """
      Asks the kernel by transactions that are never committed, reads settings and interfaces, and judges the connections \
      that are open now by what the model lets through. For those that enforcement would cut it prints ready-made lines \
      for the configuration. What cannot be read is a finding, too. Changes nothing. Needs CAP_NET_ADMIN.

      Exit status: 0 nothing found or notes only, 2 findings, 1 bad input.
      """)

  @OptionGroup var source: SourceOptions
  @OptionGroup var node: NodeOption
  @OptionGroup var colors: ColorOption
  @Flag(name: .long, help: "Print JSON.") var json = false
  @Option(name: .long, help: .hidden) var root = ""

  func run() throws {
    let inputs = try source.load(keepGoing: true)
    let model = inputs.model
    let node = try node.resolve(in: model)
    let advice = ConnectionReport(model, model.flows(on: node))
    let findings = (model.doctorFindings(inspectNode(root: root), on: node) + advice.findings).sorted()
    if json { try printFindings(asJSON: findings) } else { findings.forEach { printFinding($0, colors) } }
    if !json { printWhole(advice.comment) }
    if !inputs.documentErrors.isEmpty {
      printError("moat: the manifests have errors; what was judged is not the whole")
      throw ExitCode(1)
    }
    if findings.contains(where: { $0.code.severity != .note }) { throw ExitCode(2) }
    if findings.isEmpty { printError("no findings") }
  }
}

/// The connections that are open now and that enforcement would cut.
struct ConnectionReport {
  let findings: [Finding]

  /// What to write into the configuration to keep them, as a comment; empty where there is nothing to say.
  let comment: String

  init(_ model: EgressModel, _ flows: EgressFlows) {
    switch connectionsCut(by: lower(flows)) {
    case .value(let connections):
      let cut = connections.filter { !flows.mayPassByCgroup($0) }
      findings = model.cutFindings(cut)
      let lines = model.advice(on: cut)
      let title = "# open now and cut by enforcement; in the configuration, this would keep them:\n"
      let count = connections.count - cut.count
      let hidden = "# \(count) of the host stay open if their process is in a cgroup that the configuration allows\n"
      comment = (lines.isEmpty ? "" : title + lines.map { "#   \($0)\n" }.joined()) + (count == 0 ? "" : hidden)
    case .unreadable(let why):
      findings = [
        Finding(
          .nodeUnreadable, path: "node", "\(why); they were not judged", advice: "run as root, with conntrack loaded")
      ]
      comment = "# \(why)\n"
    }
  }
}
