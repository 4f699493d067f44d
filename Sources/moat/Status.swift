import ArgumentParser
import StatusServer
import Telemetry

struct Status: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say what the daemon enforces, since when, from what, and what is wrong.",
    discussion: "Exit status: 0 in sync, 2 degraded or starting, 1 no daemon.")

  @OptionGroup var socket: SocketOption
  @OptionGroup var colors: ColorOption
  @Flag(name: .long, help: "Print JSON.") var json = false

  func run() throws {
    let document = try askingDaemon { () throws(DaemonClient.Failure) in
      try DaemonClient(socketPath: socket.socket).status()
    }
    if json { try printJSON(document) } else { printText(document) }
    if document.state != .inSync { throw ExitCode(2) }
  }

  private func printText(_ document: StatusDocument) {
    let shade: ColorOption.Shade = document.state == .inSync ? .good : .bad
    print("node \(document.node)  " + colors.paint(document.state.rawValue, shade) + "  since \(document.since)")
    for fault in document.faults { print("\(fault.source): \(fault.message) (since \(fault.since))") }
    if let enforced = document.enforced {
      let counts = enforced.allowances
      print("enforces mode \(enforced.mode), role \(enforced.role), generation \(enforced.generation)")
      print("  committed \(enforced.since), read back \(enforced.verified)")
      print(
        "  allowances: \(counts.hopA) hop A, \(counts.hopB) hop B, \(counts.exceptions) exception, "
          + "\(counts.host) host, \(counts.apiServer) API server")
      let findings = ["error", "warning", "note"].map { "\(enforced.findings[$0] ?? 0) \($0)s" }
      print("  findings: " + findings.joined(separator: ", "))
      printFindings(of: enforced)
      print("  " + custody(document.keepers))
    } else {
      print("enforces nothing of its own yet; what stands in the kernel stays")
    }
    if let source = document.source {
      print(
        "from \(source.manifests.joined(separator: " ")): \(source.objects) objects in \(source.files) files, "
          + "read \(source.read)")
    }
    if let cluster = document.cluster { printCluster(cluster) }
    let counts = document.counts
    print(
      "daemon \(document.version), process \(document.process), started \(document.started): \(counts.inputs) inputs, "
        + "\(counts.commits) commits, \(counts.readBacks) read back, \(counts.outruns) outrun, "
        + "\(repairs(counts)), \(counts.kernelErrors) kernel errors, "
        + "\(counts.tampered) times tampered with, \(counts.revoked) connections revoked")
  }
}

/// Errors and warnings, and how many there are besides.
private func printFindings(of enforced: StatusDocument.Enforced) {
  for finding in enforced.shownFindings { print("    " + finding.text) }
  let severe = (enforced.findings["error"] ?? 0) + (enforced.findings["warning"] ?? 0)
  let rest = severe - enforced.shownFindings.count
  if rest > 0 { print("    and \(rest) more; moat check lists them all") }
}

/// Whose the tables are, also when the daemon dies.
private func custody(_ keepers: [String]?) -> String {
  guard let keepers else { return "the tables have no owner: what others change is repaired" }
  let names = keepers.map { $0 == "service manager" ? "the " + $0 : $0 }
  return keepers.isEmpty
    ? "the tables are the daemon's; nobody keeps its socket, so when it dies root can change them until it is back"
    : "the tables are the daemon's; its socket is kept by \(names.joined(separator: " and by "))"
}

/// How many, and how long they took.
private func repairs(_ counts: StatusDocument.Counts) -> String {
  guard counts.repairs > 0 else { return "0 repairs" }
  let mean = milliseconds(counts.repairSeconds / Double(counts.repairs))
  return "\(counts.repairs) repairs (\(mean) on average, \(milliseconds(counts.longestRepairSeconds)) at most)"
}

/// Where the model comes from, and what of it is not known yet or not there.
private func printCluster(_ cluster: StatusDocument.Cluster) {
  let known = cluster.resources.filter { $0.progress != "waiting" }.count
  print(
    "from \(cluster.server): \(cluster.objects) objects, \(known) of \(cluster.resources.count) resources in sync"
      + (cluster.changed.map { ", last change \($0)" } ?? ""))
  for sentence in cluster.unwritten ?? [] { print("  " + sentence) }
  for resource in cluster.resources where resource.progress != "in sync" {
    print("  \(resource.name): \(resource.progress)")
  }
}

/// Says on standard error why no daemon answered, and ends with status 1.
func askingDaemon<Answer>(_ body: () throws(DaemonClient.Failure) -> Answer) throws -> Answer {
  do throws(DaemonClient.Failure) { return try body() } catch {
    printError("moat: \(error)")
    throw ExitCode(1)
  }
}
