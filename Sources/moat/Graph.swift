import ArgumentParser
import EgressPolicy

struct Graph: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draw who may reach what through which gateway, by a node's rules.",
    discussion: """
      text     for people: each gateway with its clients and destinations, then what needs no gateway
      dot      for Graphviz: moat graph … --format dot | dot -Tpdf
      mermaid  for Markdown that draws Mermaid
      svg      a picture, light and dark

      Clients are ServiceAccounts with pods of the node; on a gateway node all clients of its gateway. Behind a gateway \
      lines are joined: which client uses which of its destinations is judged there, and moat explain answers for one.

      Exit status: 0, or 1 on bad input.
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable { case text, dot, mermaid, svg }

  @OptionGroup var source: SourceOptions
  @OptionGroup var names: NameOptions
  @OptionGroup var node: NodeOption
  @OptionGroup var progress: KeepGoingOption
  @OptionGroup var observation: ObservationOptions
  @Option(name: .long, help: "What to print.") var format = Format.text
  @Option(
    name: .long,
    help: ArgumentHelp(
      "How many clients, gateways and destinations are drawn at most of each; of more, how many.", valueName: "count"))
  var limit = 50

  func validate() throws {
    guard (1...10_000).contains(limit) else { throw ValidationError("--limit is from 1 to 10000") }
  }

  func run() throws {
    let (model, node) = try observation.resolve(source.load(keepGoing: progress.keepGoing, names: names), node)
    let graph = model.graph(on: node).bounded(to: limit)
    switch format {
    case .text: printWhole(graph.text)
    case .dot: printWhole(graph.dot)
    case .mermaid: printWhole(graph.mermaid)
    case .svg: printWhole(graph.svg())
    }
  }
}
