import ArgumentParser
import StatusServer
import Telemetry

struct Names: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the names that the daemon knows, their addresses, where each came from, and until when.",
    discussion: """
      Names that moat asks DNS for hold for every gateway pod that may use them; what a resolver told one gateway pod \
      holds for that pod. An address counts for names.grace after its time, longer while a connection to it is open or \
      the name cannot be asked for.

      Exit status: 0, or 1 where no daemon answers.
      """)

  @OptionGroup var socket: SocketOption
  @OptionGroup var colors: ColorOption
  @Flag(name: .long, help: "Print JSON.") var json = false

  func run() throws {
    let document = try askingDaemon { () throws(DaemonClient.Failure) in
      try DaemonClient(socketPath: socket.socket).names()
    }
    if json { return try printJSON(document) }
    let resolvers = document.resolvers.isEmpty ? "nobody" : document.resolvers.joined(separator: ", ")
    print("asks \(resolvers); \(document.entries.count) names")
    for entry in document.entries { printEntry(entry) }
  }

  private func printEntry(_ entry: NamesDocument.Entry) {
    let origin = entry.client.map { "told to \($0)" } ?? "asked"
    if entry.addresses.isEmpty {
      print("\(entry.name)  no address  \(origin)" + fault(entry))
    }
    for address in entry.addresses {
      print("\(entry.name)  \(address.address)  \(origin)  until \(address.until)" + fault(entry))
    }
  }

  private func fault(_ entry: NamesDocument.Entry) -> String {
    entry.fault.map { "  " + colors.paint($0, .bad) } ?? ""
  }
}
