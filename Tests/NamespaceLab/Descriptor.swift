import CNetfilter
import Glibc
import NetworkValues

/// A file descriptor that is closed when its owner is gone.
final class Descriptor: Sendable {
  let number: Int32

  init(_ number: Int32) { self.number = number }

  deinit { close(number) }
}

/// An address and a port; for ICMP echo the port is the identifier.
package struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
  package let address: IPAddress
  package let port: UInt16

  package init(_ address: IPAddress, _ port: UInt16) {
    self.address = address
    self.port = port
  }

  package var description: String {
    address.family == .v4 ? "\(address):\(port)" : "[\(address)]:\(port)"
  }
}

/// A kind of socket that probes use.
enum SocketKind: Hashable, Sendable {
  case tcp
  case udp
  case ping

  /// Opens such a socket in the calling thread's namespace.
  func open(_ family: IPFamily, at host: String) throws(LabError) -> Descriptor {
    let (type, transport) =
      switch self {
      case .tcp: (SOCK_STREAM, TransportProtocol.tcp)
      case .udp: (SOCK_DGRAM, .udp)
      case .ping: (SOCK_DGRAM, .icmp(of: family))
      }
    let number = moat_socket_open(
      Int32(family.rawValue), Int32(type.rawValue), Int32(transport.rawValue))
    return Descriptor(try checked(number, "socket \(self)", at: host))
  }
}

extension Descriptor {
  /// bind(2): 0 or a negative errno.
  func bind(_ local: SocketAddress) -> Int32 {
    let bytes = local.address.bytes
    return moat_socket_bind(number, bytes, bytes.count, local.port)
  }

  /// connect(2): 0 or a negative errno.
  func connect(_ remote: SocketAddress) -> Int32 {
    let bytes = remote.address.bytes
    return moat_socket_connect(number, bytes, bytes.count, remote.port)
  }

  /// send(2): the count of bytes or a negative errno.
  func send(_ bytes: [UInt8]) -> Int {
    let count = Glibc.send(number, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    return count < 0 ? -Int(errno) : count
  }

  /// sendto(2): the count of bytes or a negative errno.
  func send(_ bytes: [UInt8], to remote: SocketAddress) -> Int32 {
    let address = remote.address.bytes
    return moat_socket_send_to(number, bytes, bytes.count, address, address.count, remote.port)
  }

  /// recv(2), at most 64 KiB: nil when there is nothing or an error is pending, empty at the end of a stream.
  func receive() -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let count = recv(number, &buffer, buffer.count, 0)
    return count < 0 ? nil : Array(buffer[..<count])
  }

  /// recvfrom(2): a datagram and who sent it.
  func receiveFrom() -> (bytes: [UInt8], sender: SocketAddress)? {
    var buffer = [UInt8](repeating: 0, count: 2048)
    var address = [UInt8](repeating: 0, count: 16)
    var length = 0
    var port: UInt16 = 0
    let count = moat_socket_receive_from(number, &buffer, buffer.count, &address, &length, &port)
    guard count >= 0, let sender = IPAddress(bytes: address[..<length]) else { return nil }
    return (Array(buffer[..<Int(count)]), SocketAddress(sender, port))
  }

  /// The pending error as an errno, 0 for none.
  func takeError() -> Int32 { moat_socket_take_error(number) }
}

extension IPAddress {
  /// An address from 4 or 16 bytes in network order.
  init?(bytes: some Collection<UInt8>) {
    let value = bytes.reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
    switch bytes.count {
    case 4: self.init(.v4, value)
    case 16: self.init(.v6, value)
    default: return nil
    }
  }
}
