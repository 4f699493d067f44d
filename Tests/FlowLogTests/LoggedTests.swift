import CNetfilter
import FlowLog
import Glibc
import NamespaceLab
import Netlink
import NetworkValues
import Testing

/// The way from a rule of the kernel to a value.
@Suite(.enabled(if: geteuid() == 0, "needs root: makes network namespaces"))
struct LoggedTests {
  @Test func aRefusedDatagram() throws {
    try inFreshNetworkNamespace {
      let table = "table inet t { chain c { type filter hook input priority 0; udp dport 9 log group 28015; }; }"
      for arguments in [["ip", "link", "set", "lo", "up"], ["nft", table]] {
        #expect(try runProgram(arguments).status == 0)
      }
      let log = try PacketLog(.refusals)
      let socket = moat_socket_open(6, Int32(SOCK_DGRAM.rawValue), 0)
      defer { close(socket) }
      let loopback = IPAddress(v6: 1)
      #expect(moat_socket_bind(socket, loopback.bytes, 16, 4711) == 0)
      #expect(moat_socket_send_to(socket, [1], 1, loopback.bytes, 16, 9) == 1)
      var entry = pollfd(fd: log.descriptor, events: Int16(POLLIN), revents: 0)
      #expect(poll(&entry, 1, 3000) == 1)
      var seen: [RefusedPacket] = []
      try log.receive { seen.append(RefusedPacket($0)) }
      #expect(
        seen == [
          RefusedPacket(
            content: .transport(.udp), source: loopback, destination: loopback, sourcePort: 4711, destinationPort: 9,
            interface: 1)
        ])
    }
  }
}
