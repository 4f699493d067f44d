import ArgumentParser
import ClusterModel
import EgressPolicy

struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print findings: what the model does not grant or moat cannot judge, with object, field and advice.",
    discussion: """
      Documents that cannot be read are errors; the rest is checked all the same. --list prints the catalogue of codes.

      In manifests it also looks into objects that allow nothing here, for mistakes that lead astray or leave open: \
      Istio's ServiceEntry, VirtualService, Gateway, DestinationRule and Sidecar, and NetworkPolicies. Pods, and the pod \
      templates of Deployments, DaemonSets and StatefulSets, tell what their selectors select. From a cluster these kinds \
      are not read, but for pods.

      Exit status: 0 clean or notes only, 2 warnings, 1 errors.
      """)

  @OptionGroup var source: SourceOptions
  @OptionGroup var node: NodeOption
  @OptionGroup var names: NameOptions
  @OptionGroup var observation: ObservationOptions
  @OptionGroup var colors: ColorOption
  @Flag(name: .long, help: "Print the catalogue of finding codes and end.") var list = false
  @Flag(name: .long, help: "Print JSON.") var json = false

  func run() throws {
    if list { return try printCatalogue() }
    let inputs = try source.load(keepGoing: true, names: names)
    let (model, node) = try observation.resolve(inputs, node)
    let findings = (model.flows(on: node).findings + model.trapFindings).sorted()
    if json {
      try printFindings(asJSON: findings, documentErrors: inputs.documentErrors)
    } else {
      findings.forEach { printFinding($0, colors) }
    }
    if !inputs.documentErrors.isEmpty || findings.contains(where: { $0.code.severity == .error }) { throw ExitCode(1) }
    if findings.contains(where: { $0.code.severity == .warning }) { throw ExitCode(2) }
    if findings.isEmpty, !json { printError("no findings") }
  }

  private func printCatalogue() throws {
    if json {
      return try printJSON(
        FindingCode.allCases.map {
          CatalogueRecord(code: $0.rawValue, severity: $0.severity.rawValue, meaning: $0.entry.meaning)
        })
    }
    for code in FindingCode.allCases { printLine("\(code.rawValue)  \(code.severity.rawValue)\t\(code.entry.meaning)") }
  }
}

/// Prints one finding in a line, its severity in colour.
func printFinding(_ finding: Finding, _ colors: ColorOption) {
  let severity = finding.code.severity
  let text = "\(finding)".dropFirst(severity.rawValue.count)
  printLine(
    colors.paint(severity.rawValue, severity == .error ? .bad : severity == .warning ? .caution : .faint) + text)
}

/// Prints findings, and documents that could not be read, as one JSON list.
func printFindings(asJSON findings: [Finding], documentErrors: [String] = []) throws {
  try printJSON(documentErrors.map(FindingRecord.init(document:)) + findings.map(FindingRecord.init))
}

/// A row of the catalogue as JSON.
private struct CatalogueRecord: Encodable {
  var code: String
  var severity: String
  var meaning: String
}

/// A finding, or a document that could not be read, as JSON.
private struct FindingRecord: Encodable {
  var code: String?
  var severity: String
  var object: Object?
  var path: String
  var message: String
  var advice: String

  struct Object: Encodable {
    var kind: String
    var namespace: String?
    var name: String
  }

  /// A document that could not be read has no code.
  init(document error: String) {
    severity = Severity.error.rawValue
    path = ""
    message = error
    advice = "correct the document"
  }

  init(_ finding: Finding) {
    code = finding.code.rawValue
    severity = finding.code.severity.rawValue
    object = finding.object.map { Object(kind: $0.kind, namespace: $0.namespace, name: $0.name) }
    path = finding.path
    message = finding.message
    advice = finding.advice
  }
}
