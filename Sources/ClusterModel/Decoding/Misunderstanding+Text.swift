extension Misunderstanding: CustomStringConvertible {
  /// `spec.ports[0].protocol: "UDP" is none of HTTP, HTTPS`, in one printable line.
  package var description: String {
    let isQuoted = !value.isEmpty && !value.hasPrefix("{") && !value.hasPrefix("[")
    let parts = [path.isEmpty ? "" : path + ":", isQuoted ? "\"\(value)\"" : value, reason]
    return parts.filter { !$0.isEmpty }.joined(separator: " ")
  }
}
