import Glibc

extension NetworkNamespace {
  /// Waits until every interface can carry packets. The kernel makes a carrier take effect, and an IPv6 address usable,
  /// in its own time; a packet before that is lost, and the next one comes a second later.
  ///
  /// - Parameter routing: whether the interfaces need a link-local address; the ports of a bridge have none.
  func awaitReadiness(routing: Bool, _ patience: Duration = .seconds(10)) throws(LabError) {
    let deadline = ContinuousClock.now + patience
    while let missing = try missing(routing: routing) {
      guard ContinuousClock.now < deadline else {
        throw .system(call: "wait for \(missing)", host: name, code: ETIMEDOUT)
      }
      usleep(500)
    }
  }

  /// What an interface still lacks.
  private func missing(routing: Bool) throws(LabError) -> String? {
    let name = name
    return try inside { () throws(LabError) in
      let flags = try interfaceFlags(host: name)
      if let idle = flags.first(where: { $0.value & UInt32(IFF_RUNNING) == 0 }) { return "a carrier on \(idle.key)" }
      guard routing else { return nil }
      let ready = try linkLocalInterfaces(host: name)
      return flags.keys.first { $0 != "lo" && !ready.contains($0) }.map { "a link-local address on \($0)" }
    }.get()
  }
}

/// The interfaces of the calling thread's namespace with their flags.
private func interfaceFlags(host: String) throws(LabError) -> [String: UInt32] {
  var list: UnsafeMutablePointer<ifaddrs>?
  guard getifaddrs(&list) == 0 else { throw .system(call: "getifaddrs", host: host, code: errno) }
  defer { freeifaddrs(list) }
  let entries = sequence(first: list, next: { $0?.pointee.ifa_next }).lazy.compactMap { $0?.pointee }
  return Dictionary(
    entries.map { (String(cString: $0.ifa_name), $0.ifa_flags) }, uniquingKeysWith: { first, _ in first })
}

/// The interfaces of the calling thread's namespace whose link-local address is usable.
///
/// See: if_inet6 in proc_net(5): address, index, prefix length, scope, flags, name, all in hexadecimal
private func linkLocalInterfaces(host: String) throws(LabError) -> Set<String> {
  let path = "/proc/thread-self/net/if_inet6"
  let file = open(path, O_RDONLY | O_CLOEXEC)
  guard file >= 0 else { throw .system(call: "open \(path)", host: host, code: errno) }
  defer { close(file) }
  let tentative: UInt32 = 0x40
  return Set(
    readAll(file).split(separator: "\n").compactMap { line in
      let fields = line.split(separator: " ")
      guard fields.count == 6, fields[0].hasPrefix("fe80"), let flags = UInt32(fields[4], radix: 16) else { return nil }
      return flags & tentative == 0 ? String(fields[5]) : nil
    })
}
