import ArgumentParser
import EgressPolicy
import EgressRuleset
import Nftables

struct Render: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print what a node would enforce; the kernel is not touched.",
    discussion: """
      nft    a file for nft -f, equal after loading to what moat apply commits; a table that is there is replaced
      json   the same in libnftables' JSON, for nft -j -f where no table is yet
      flows  the derived allowances, one a line, tab-separated, sorted:
             HOP  FROM  TO  PROTO  PORT  BECAUSE

      Exit status: 0, or 1 on bad input.
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable { case nft, json, flows }

  @OptionGroup var source: SourceOptions
  @OptionGroup var names: NameOptions
  @OptionGroup var node: NodeOption
  @OptionGroup var progress: KeepGoingOption
  @OptionGroup var observation: ObservationOptions
  @Option(name: .long, help: "What to print.") var format = Format.nft

  func run() throws {
    let (model, node) = try observation.resolve(source.load(keepGoing: progress.keepGoing, names: names), node)
    let flows = model.flows(on: node)
    switch format {
    case .nft:
      let ruleset = lower(flows)
      printWhole(header(flows) + replacement(of: ruleset) + ruleset.nftSyntax(cgroupNames: flows.cgroupNames))
    case .json: printWhole(lower(flows).nftJSON(cgroupNames: flows.cgroupNames))
    case .flows: printWhole(flows.lines.map { $0 + "\n" }.joined())
    }
  }

  /// What was there goes in the same transaction: the first line makes sure that there is something to delete.
  private func replacement(of ruleset: Ruleset) -> String {
    ruleset.tables.map { "table \($0.id)\ndelete table \($0.id)\n" }.joined()
  }

  /// Node, role, counts, and a line for each warning.
  private func header(_ flows: EgressFlows) -> String {
    let counts =
      "\(flows.hopA.count) hop A, \(flows.hopB.count) hop B, \(flows.exceptions.count) exception, "
      + "\(flows.host.count) host, \(flows.apiServer.count) API server"
    let warnings = flows.findings.filter { $0.code.severity != .note }.map { "# \($0)".singleLine }
    return
      ([
        "# moat render: node \(flows.node), role \(flows.role.rawValue), mode \(flows.rules.mode.rawValue)",
        "# allowances: \(counts)",
      ] + warnings).joined(separator: "\n") + "\n"
  }
}

extension String {
  /// Without line breaks and other control characters, which could end a comment.
  fileprivate var singleLine: String {
    String(String.UnicodeScalarView(unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
  }
}
