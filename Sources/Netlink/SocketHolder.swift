import CNetfilter
import Glibc

/// A process that holds a socket open.
package struct SocketHolder: Hashable, Sendable, CustomStringConvertible {
  /// Its number in this process's namespace of processes.
  package var process: Int32

  /// Its command, as `/proc/PID/comm` has it.
  package var command: String

  /// `process 812 (moat)`.
  package var description: String { "process \(process) (\(command))" }
}

/// The processes that hold the netlink socket with `port` on `bus` in the calling thread's network namespace, by number.
///
/// A port's number usually is that of the process that opened it, but sockets are handed on: so the socket is looked up,
/// then who has it open. Empty where nobody who can be seen has; that takes root or CAP_SYS_PTRACE.
///
/// See: proc_pid_fd(5); net/netlink/af_netlink.c, netlink_native_seq_show
package func holders(ofPort port: UInt32, bus: Int32) -> [SocketHolder] {
  guard let inode = inode(ofPort: port, bus: bus) else { return [] }
  return names(in: "/proc").compactMap { Int32($0) }.sorted()
    .filter { holds("socket:[\(inode)]", process: $0) }
    .map { SocketHolder(process: $0, command: contents(of: "/proc/\($0)/comm").filter { $0 != "\n" }) }
}

/// The inode of a netlink socket: columns are address, bus, port, groups, …, inode.
private func inode(ofPort port: UInt32, bus: Int32) -> String? {
  for line in contents(of: "/proc/thread-self/net/netlink").split(separator: "\n") {
    let columns = line.split(separator: " ")
    if columns.count >= 10, columns[1] == "\(bus)", columns[2] == "\(port)" { return String(columns[9]) }
  }
  return nil
}

private func holds(_ socket: String, process: Int32) -> Bool {
  let folder = "/proc/\(process)/fd"
  return names(in: folder).contains { target(of: "\(folder)/\($0)") == socket }
}

/// The entries of a folder; none where it cannot be read.
private func names(in folder: String) -> [String] {
  guard let stream = opendir(folder) else { return [] }
  defer { closedir(stream) }
  var names: [String] = []
  while let entry = readdir(stream) {
    let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    if !name.hasPrefix(".") { names.append(name) }
  }
  return names
}

/// Where a symbolic link points to.
private func target(of link: String) -> String {
  withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
    guard let start = buffer.baseAddress else { return "" }
    let count = max(0, readlink(link, start, buffer.count))
    return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

/// The whole of a file as text; empty where it cannot be read.
func contents(of path: String) -> String {
  let file = open(path, O_RDONLY | O_CLOEXEC)
  guard file >= 0 else { return "" }
  defer { close(file) }
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 16_384)
  while true {
    let count = read(file, &buffer, buffer.count)
    guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
    bytes += buffer[..<count]
  }
}
