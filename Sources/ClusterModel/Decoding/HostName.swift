import NetworkValues

/// Reads a DNS name as manifests give it: in lower case, without a final dot, at most one wildcard as the first label.
///
/// Single labels are accepted. Names with letters outside ASCII are refused: which A-labels they stand for depends on
/// the version of IDNA.
///
/// - Throws: `NetworkSyntaxError` that says what is wrong with it.
package func hostName(parsing text: String, allowingWildcard: Bool) throws(NetworkSyntaxError) -> String {
  func fault(_ reason: String) -> NetworkSyntaxError { NetworkSyntaxError(text: text, reason: reason) }
  guard text.utf8.allSatisfy({ $0 < 0x80 }) else {
    throw fault("has letters outside ASCII; write its A-label form (xn--…)")
  }
  var name = text.lowercased()
  if name.hasSuffix(".") { name.removeLast() }
  guard !name.isEmpty else { throw fault("is an empty host name") }
  guard name.utf8.count <= 253 else { throw fault("is longer than 253 characters") }
  var labels = name.split(separator: ".", omittingEmptySubsequences: false)
  if labels.first == "*" {
    guard allowingWildcard else { throw fault("has a wildcard, which cannot stand here") }
    labels.removeFirst()
  }
  for label in labels {
    if let reason = flaw(ofLabel: label) { throw fault(reason) }
  }
  if let last = labels.last, last.utf8.allSatisfy({ (48...57).contains($0) }) || last.hasPrefix("0x") {
    throw fault("ends in a number: an address is no host name")
  }
  return name
}

/// What is wrong with one label, if anything is.
private func flaw(ofLabel label: Substring) -> String? {
  if label.isEmpty { return "has an empty label" }
  if label.utf8.count > 63 { return "has a label longer than 63 characters" }
  if label.utf8.contains(UInt8(ascii: "*")) { return "has a wildcard that is not the whole first label" }
  let isValid = label.utf8.allSatisfy { byte in
    (48...57).contains(byte) || (97...122).contains(byte) || byte == 45 || byte == 95
  }
  return isValid ? nil : "has other characters than letters, digits, hyphens and underscores"
}
