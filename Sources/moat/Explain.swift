import ArgumentParser
import ClusterModel
import EgressPolicy
import EgressRuleset
import NetworkValues
import Nftables

struct Explain: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say whether one connection is allowed at each hop, and why, or what is missing.",
    discussion: """
      The answer comes from the same ruleset that apply commits, followed packet by packet.

        --to HOST[:PORT]      the model's way: hop A to the gateway, hop B from there
        --to IP:PORT[/PROTO]  that packet directly; PROTO is tcp (the default), udp or sctp
        --to IP/icmp          an echo request. IPv6 addresses stand in brackets.

      moat flows --json | moat explain - …  asks about each refused packet anew: of the pod or host that sent it, by \
      the model that is given. What nobody sends by name, or no rule can allow, has the record's own answer.

      With --from host and no --node on a machine that is none of the nodes, the answer that all nodes give; where they \
      differ, how.

      Exit status: 0 allowed, 2 refused, 1 an error. In audit mode as enforce would.
      """)

  @OptionGroup var source: SourceOptions
  @OptionGroup var names: NameOptions
  @OptionGroup var node: NodeOption
  @OptionGroup var progress: KeepGoingOption
  @OptionGroup var observation: ObservationOptions
  @OptionGroup var colors: ColorOption
  @Argument(help: ArgumentHelp("Records of moat flows --json, from standard input.", valueName: "-"))
  var records: String?
  @Option(
    name: .long,
    help: ArgumentHelp(
      "A pod as NAMESPACE/POD (its generated suffix may be left out), or host for the node's own processes.",
      valueName: "pod|host"))
  var from: String?
  @Option(name: .long, help: ArgumentHelp("The destination.", valueName: "host|ip")) var to: String?
  @Flag(name: .long, help: "Print JSON.") var json = false

  func validate() throws {
    if let records {
      guard records == "-" else { throw ValidationError("records are read from standard input alone: write -") }
      guard from == nil, to == nil else { throw ValidationError("- takes the place of --from and --to") }
      if source.manifests.contains("-") { throw ValidationError("--manifests - and - cannot both be standard input") }
      return
    }
    guard from != nil, let to else { throw ValidationError("say --from and --to, or - for records of moat flows") }
    do { _ = try ExplainTarget(parsing: to) } catch { throw ValidationError("--to: \(error)") }
  }

  func run() throws {
    let inputs = try source.load(keepGoing: progress.keepGoing, names: names)
    let model = observation.observeInterfaces ? try observation.resolve(inputs, node).model : inputs.model
    guard let from, let to else { return try explainRecords(in: model) }
    let target = try ExplainTarget(parsing: to)
    let explanation =
      from == "host" && !node.isKnown(in: model)
      ? try explainEveryHost(target, in: model)
      : try Explainer(model: model, subject: resolveSubject(from, in: model)).explain(target)
    if json { try printJSON(explanation) } else { printText(explanation) }
    if !explanation.isAllowed { throw ExitCode(2) }
  }

  /// Of the host without a node: the answer that all nodes give.
  ///
  /// - Throws: `ExitCode(1)` where they differ, and says on standard error how.
  private func explainEveryHost(_ target: ExplainTarget, in model: EgressModel) throws -> Explanation {
    let nodes = model.nodeNames.filter { target.canBeReached(from: model.node(named: $0)?.internalIPs ?? []) }
    guard let first = nodes.first else {
      _ = try node.resolve(in: model)
      throw ExitCode(1)
    }
    guard nodes.count <= Self.everyHostLimit else {
      printError("moat: there are \(nodes.count) nodes; say with --node whose host is meant.")
      throw ExitCode(1)
    }
    let answers = try nodes.map { try Explainer(model: model, subject: .host($0)).explain(target) }
    let refusing = zip(nodes, answers).filter { !$1.isAllowed }.map { $0.0.rawValue }
    guard refusing.isEmpty || refusing.count == nodes.count, var answer = answers.first else {
      let allowing = nodes.map(\.rawValue).filter { !refusing.contains($0) }
      printError(
        "moat: it depends on the node: allowed on \(allowing.joined(separator: ", ")), "
          + "refused on \(refusing.joined(separator: ", ")). Choose one with --node.")
      throw ExitCode(1)
    }
    answer.from = nodes.count == 1 ? answer.from : "host of each of \(nodes.count) nodes, like \(first)"
    return answer
  }

  /// More nodes than that are too many rulesets for one question.
  private static let everyHostLimit = 100

  private func resolveSubject(_ from: String, in model: EgressModel) throws -> ExplainSubject {
    if from == "host" { return .host(try node.resolve(in: model)) }
    if node.node != nil { _ = try node.resolve(in: model) }
    let candidates = model.pods(named: from)
    guard candidates.count == 1, let pod = candidates.first else {
      printError(
        candidates.isEmpty
          ? "moat: --from \(from) names no pod. Write NAMESPACE/POD as kubectl get pods -A shows it."
          : "moat: --from \(from) may mean \(candidates.map(\.name).joined(separator: ", ")). Write one of them.")
      throw ExitCode(1)
    }
    guard let name = pod.pod.node else { return .pod(pod) }
    guard model.node(named: name) != nil else {
      printError("moat: Pod \(pod.name) is on \(name), and the manifests have no Node of that name. Include it.")
      throw ExitCode(1)
    }
    return pod.pod.hostNetwork ? .host(name) : .pod(pod)
  }

  func printText(_ explanation: Explanation) {
    printLine("\(explanation.from) → \(explanation.to)")
    for hop in explanation.hops {
      printLine("\n\(hop.name)  \(hop.packet)" + (hop.service.map { "  by \($0)" } ?? ""))
      for judgement in hop.judgements {
        let verdict = judgement.isAllowed ? colors.paint("allowed", .good) : colors.paint("refused", .bad)
        let rule = [judgement.rule ?? "no rule", judgement.chain.map { "(chain \($0))" }].compactMap { $0 }
        printLine("  \(judgement.node)  \(judgement.hook)  \(verdict)  \(rule.joined(separator: " "))")
      }
      for reason in hop.reasons { printLine("  because \(reason)") }
    }
    for missing in explanation.missing { printLine("\nmissing: \(missing)") }
    for finding in explanation.findings { printLine(colors.paint("see: \(finding)", .faint)) }
    let audit = !explanation.isAllowed && explanation.mode == "audit" ? " (mode: audit lets it pass)" : ""
    printLine("\n" + (explanation.isAllowed ? colors.paint("allowed", .good) : colors.paint("refused", .bad) + audit))
  }
}

/// Whom a question is about.
enum ExplainSubject {
  case pod(PodSubject)
  case host(NodeName)
}

/// What `--to` names.
enum ExplainTarget {
  case host(String, port: UInt16?)
  case packet(IPAddress, TransportProtocol, port: UInt16)

  /// Whether one of the addresses is of the target's family.
  func canBeReached(from addresses: [IPAddress]) -> Bool {
    switch self {
    case .host: true
    case .packet(let target, _, _): addresses.contains { $0.family == target.family }
    }
  }

  /// Reads `HOST[:PORT]`, `IP:PORT[/PROTO]`, `IP/icmp`.
  ///
  /// - Throws: `NetworkSyntaxError`.
  init(parsing text: String) throws(NetworkSyntaxError) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    let (address, port) = try splitPort(String(parts[0]))
    guard let ip = try? IPAddress(parsing: address) else {
      if text.contains("//") { throw NetworkSyntaxError(text: text, reason: "is a URL; write HOST[:PORT]") }
      guard parts.count == 1 else {
        throw NetworkSyntaxError(text: text, reason: "names a protocol, which only an address can have")
      }
      if address.isEmpty || address.allSatisfy({ $0.isNumber || $0 == "." }) {
        throw NetworkSyntaxError(text: text, reason: "is neither a host name nor an IP address")
      }
      self = .host(try hostName(parsing: address, allowingWildcard: false), port: port)
      return
    }
    switch parts.count == 2 ? parts[1].lowercased() : "tcp" {
    case "icmp", "icmpv6":
      guard port == nil else { throw NetworkSyntaxError(text: text, reason: "has a port, which icmp has not") }
      self = .packet(ip, .icmp(of: ip.family), port: 0)
    case let name:
      guard let transport = ["tcp": TransportProtocol.tcp, "udp": .udp, "sctp": .sctp][name] else {
        throw NetworkSyntaxError(text: text, reason: "has no protocol that is tcp, udp, sctp or icmp")
      }
      guard let port else { throw NetworkSyntaxError(text: text, reason: "needs a port: IP:PORT, IPv6 in brackets") }
      self = .packet(ip, transport, port: port)
    }
  }
}

/// `host:port`, `[address]:port`, or either without a port.
private func splitPort(_ text: String) throws(NetworkSyntaxError) -> (String, UInt16?) {
  let fault = NetworkSyntaxError(text: text, reason: "has no port from 1 to 65535")
  let number = { (digits: Substring) throws(NetworkSyntaxError) -> UInt16 in
    guard let port = UInt16(digits), port > 0 else { throw fault }
    return port
  }
  if text.first == "[" {
    guard let end = text.firstIndex(of: "]") else { throw NetworkSyntaxError(text: text, reason: "lacks a ]") }
    let rest = text[text.index(after: end)...]
    let address = String(text[text.index(after: text.startIndex)..<end])
    if rest.isEmpty { return (address, nil) }
    guard rest.first == ":" else { throw fault }
    return (address, try number(rest.dropFirst()))
  }
  let parts = text.split(separator: ":", omittingEmptySubsequences: false)
  guard parts.count == 2 else { return (text, nil) }
  return (String(parts[0]), try number(parts[1]))
}
