import ArgumentParser

/// Measures moat against its targets.
@main
struct MoatBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "moat-bench",
    abstract: "Measures moat on the reference cluster.",
    subcommands: [Run.self, Generate.self, MemoryProbe.self], defaultSubcommand: Run.self)
}
