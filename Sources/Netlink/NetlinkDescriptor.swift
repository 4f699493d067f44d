import CNetfilter
import Glibc

/// Checks that `descriptor` is a socket of the netlink bus `bus` that has a port, in the calling thread's network
/// namespace: rules written through one of another namespace would protect nobody here.
func expectBoundSocket(_ descriptor: Int32, bus: Int32) throws(NetlinkError) {
  let operation = "take over descriptor \(descriptor)"
  guard try option(SO_DOMAIN, of: descriptor, operation) == AF_NETLINK,
    try option(SO_PROTOCOL, of: descriptor, operation) == bus
  else { throw NetlinkError(operation, code: EPROTOTYPE, message: "it is no netlink socket of bus \(bus)") }
  var address = sockaddr_nl()
  var length = socklen_t(MemoryLayout<sockaddr_nl>.size)
  let answer = withUnsafeMutablePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
  }
  guard answer == 0 else { throw NetlinkError(operation, code: errno) }
  guard address.nl_pid != 0 else { throw NetlinkError(operation, code: EINVAL, message: "the socket has no port") }
  guard try namespace(of: descriptor, operation) == ownNamespace(bus: bus, operation) else {
    throw NetlinkError(operation, code: EXDEV, message: "the socket is of another network namespace")
  }
}

/// A number that no two network namespaces share. See: socket(7), SO_NETNS_COOKIE, Linux 5.14
private func namespace(of descriptor: Int32, _ operation: String) throws(NetlinkError) -> UInt64 {
  var cookie: UInt64 = 0
  var length = socklen_t(MemoryLayout<UInt64>.size)
  guard getsockopt(descriptor, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &length) == 0 else {
    throw NetlinkError(operation, code: errno)
  }
  return cookie
}

/// The calling thread's namespace, as its sockets have it.
private func ownNamespace(bus: Int32, _ operation: String) throws(NetlinkError) -> UInt64 {
  let socket = Glibc.socket(AF_NETLINK, Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue), bus)
  guard socket >= 0 else { throw NetlinkError(operation, code: errno) }
  defer { close(socket) }
  return try namespace(of: socket, operation)
}

/// A number that getsockopt(2) tells of a socket.
private func option(_ name: Int32, of descriptor: Int32, _ operation: String) throws(NetlinkError) -> Int32 {
  var value: Int32 = 0
  var length = socklen_t(MemoryLayout<Int32>.size)
  guard getsockopt(descriptor, SOL_SOCKET, name, &value, &length) == 0 else {
    throw NetlinkError(operation, code: errno)
  }
  return value
}

/// Gives the process at the other end of a unix socket a copy of `descriptor`: it then holds the same netlink socket,
/// which lives as long as one of its holders.
///
/// - Parameter text: what is said beside it, one byte at least.
///
/// See: unix(7), SCM_RIGHTS
package func sendDescriptor(
  _ descriptor: Int32, saying text: String = "\0", over socket: Int32
) throws(NetlinkError) {
  var text = text
  guard text.withUTF8({ moat_send_descriptor(socket, $0.baseAddress, $0.count, descriptor) }) == 0 else {
    throw NetlinkError("send a descriptor", code: errno)
  }
}

/// Waits for a descriptor that the other end of a unix socket sends; the caller closes it.
///
/// - Throws: `NetlinkError`, with ENOMSG where the other end closed the connection or sent something else.
package func receiveDescriptor(over socket: Int32) throws(NetlinkError) -> Int32 {
  let descriptor = moat_receive_descriptor(socket)
  guard descriptor >= 0 else { throw NetlinkError("receive a descriptor", code: errno) }
  return descriptor
}
