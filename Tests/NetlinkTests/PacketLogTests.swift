import CNetfilter
import Glibc
import NamespaceLab
import Netlink
import Testing

/// What rules with `log group` hand over, packet by packet, from a real kernel.
@Suite(asRoot)
struct PacketLogTests {
  @Test func oneRefusalWithAllThatIsKnownOfIt() throws {
    try inFreshNetworkNamespace {
      let sender = try LoggedSender(rule: "meta mark set 7 log prefix \"refused_external\" group 28015 snaplen 128")
      let log = try PacketLog(.refusals)
      let before = ContinuousClock.now
      sender.send([UInt8](repeating: 0xab, count: 500))
      let seen = try log.take(1)
      #expect(ContinuousClock.now - before < .milliseconds(500))
      let packet = try #require(seen.first)
      #expect(packet.prefix == "refused_external" && packet.family == UInt8(NFPROTO_IPV4))
      #expect(packet.payload.count == 128 && packet.payload[0] == 0x45 && packet.payload[9] == 17)
      #expect(packet.payload[28...].allSatisfy { $0 == 0xab })
      #expect(packet.etherType == 0x0800 && packet.hook == UInt8(NF_INET_LOCAL_OUT.rawValue))
      #expect(packet.inputInterface == nil && packet.outputInterface == 1)
      #expect(packet.mark == 7 && packet.sequence == 0 && packet.microseconds == nil)
      #expect(log.lost == 0 && log.overruns == 0)
    }
  }

  @Test func answersAreWholeAndThereAtOnce() throws {
    try inFreshNetworkNamespace {
      let sender = try LoggedSender(hook: "input", rule: "log prefix \"dns\" group 28016")
      let log = try PacketLog(.answers)
      // Beyond one batch of the kernel's, and in fragments, which the input hook sees as one.
      for size in [1, 1232, 4000, 60_000] {
        let message = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
        sender.send(message)
        var entry = pollfd(fd: log.descriptor, events: Int16(POLLIN), revents: 0)
        #expect(poll(&entry, 1, 2000) == 1)
        let packet = try #require(try log.take(1).first)
        #expect(packet.payload.count == size + 28 && Array(packet.payload[28...]) == message)
        #expect(packet.inputInterface == 1 && packet.outputInterface == nil && packet.prefix == "dns")
        let now = Int64(time(nil)) * 1_000_000
        #expect(try abs(#require(packet.microseconds) - now) < 10_000_000)
      }
      #expect(log.lost == 0)
    }
  }

  @Test func aFewAreNotHeldBack() throws {
    try inFreshNetworkNamespace {
      let sender = try LoggedSender(rule: "log group 28015")
      let log = try PacketLog(.refusals)
      for _ in 0..<3 { sender.send([1]) }
      let seen = try log.take(3)
      #expect(seen.map(\.sequence) == [0, 1, 2] && seen.allSatisfy { $0.prefix.isEmpty })
    }
  }

  @Test func everyPacketIsDeliveredOrCounted() throws {
    try inFreshNetworkNamespace {
      let sender = try LoggedSender(rule: "counter name seen log group 28015")
      var settings = PacketLog.Settings.refusals
      (settings.receiveBuffer, settings.threshold, settings.batchSize) = (4096, 10, nil)
      let log = try PacketLog(settings)
      for _ in 0..<5000 { sender.send([1, 2, 3]) }
      var delivered = try log.take(1).count
      // What was lost after the newest packet shows with the next one.
      usleep(100_000)
      try log.receive { _ in delivered += 1 }
      sender.send([4])
      delivered += try log.take(1).count
      #expect(delivered < 5001 && log.lost > 0 && log.overruns > 0)
      #expect(UInt64(delivered) + log.lost == 5001)
      let counted = try runProgram(["nft", "list", "counter", "inet", "t", "seen"]).output
      #expect(counted.contains("packets 5001 "), "\(counted)")
    }
  }

  @Test func manyAtOnceAreAllThere() throws {
    try inFreshNetworkNamespace {
      let sender = try LoggedSender(rule: "log prefix \"refused_host\" group 28015 snaplen 128")
      let log = try PacketLog(.refusals)
      var (delivered, next) = (0, UInt32(0))
      for _ in 0..<100 {
        for _ in 0..<1000 { sender.send([1, 2, 3]) }
        try log.receive(limit: .max) { packet in
          delivered += packet.payload.count == 31 && packet.sequence == next ? 1 : 0
          next &+= 1
        }
      }
      delivered += try log.take(100_000 - delivered).count
      #expect(delivered == 100_000 && log.lost == 0 && log.overruns == 0)
    }
  }

  @Test func aGroupHasOneReader() throws {
    try inFreshNetworkNamespace {
      let log = try PacketLog(.refusals)
      let error = #expect(throws: NetlinkError.self) { try PacketLog(.refusals) }
      #expect(error?.code == EPERM)
      #expect(error?.message?.contains("process \(getpid()) ") == true, "\(error?.description ?? "")")
      _ = try PacketLog(.answers)
      withExtendedLifetime(log) {}
    }
  }

  @Test func aReaderThatEndsMakesRoom() throws {
    try inFreshNetworkNamespace {
      let sender = try LoggedSender(rule: "log group 28015")
      for _ in 0..<3 {
        let log = try PacketLog(.refusals)
        sender.send([1])
        #expect(try log.take(1).map(\.sequence) == [0])
      }
    }
  }

  @Test func bridgedFramesNameTheirPort() throws {
    try inFreshNetworkNamespace {
      try ip("link add cni0 up type bridge", "addr add 10.0.0.254/24 dev cni0")
      let (one, two) = (try bridgedPod("veth1", "10.0.0.1"), try bridgedPod("veth2", "10.0.0.2"))
      try nft(
        "table bridge t { chain c { type filter hook forward priority 0; meta protocol arp log group 28015; }; }")
      let log = try PacketLog(.refusals)
      _ = try runProgram(["nsenter", "--net=\(one.path)", "bash", "-c", "echo > /dev/udp/10.0.0.2/9"])
      let index = { (name: String) in UInt32(if_nametoindex(name)) }
      // One asks who has the address, and the other answers.
      let seen = try log.take(2)
      #expect(seen.map(\.inputPort) == [index("veth1"), index("veth2")])
      #expect(seen.map(\.outputPort) == [index("veth2"), index("veth1")])
      #expect(seen.allSatisfy { $0.etherType == 0x0806 && $0.family == UInt8(NFPROTO_BRIDGE) })
      #expect(seen.allSatisfy { $0.payload.count >= 28 && $0.inputInterface == index("cni0") })
      withExtendedLifetime(two) {}
    }
  }
}

/// A table that logs what is sent to UDP port 9 of the calling thread's namespace, and a socket to send with.
private final class LoggedSender {
  private let socket: Int32
  private let receiver: Int32

  init(hook: String = "output", rule: String) throws {
    try ip("link set lo up")
    try nft(
      "table inet t { counter seen { }; chain c { type filter hook \(hook) priority 0; udp dport 9 \(rule); }; }")
    socket = moat_socket_open(4, Int32(SOCK_DGRAM.rawValue), 0)
    receiver = moat_socket_open(4, Int32(SOCK_DGRAM.rawValue), 0)
    try #require(socket >= 0 && moat_socket_bind(receiver, [127, 0, 0, 1], 4, 9) == 0)
  }

  deinit {
    close(socket)
    close(receiver)
  }

  func send(_ bytes: [UInt8]) {
    #expect(moat_socket_send_to(socket, bytes, bytes.count, [127, 0, 0, 1], 4, 9) == bytes.count)
  }
}

private func nft(_ commands: String) throws {
  let result = try runProgram(["nft", "-f", "-"], input: commands)
  try #require(result.status == 0, "\(result.output)")
}

/// What stays of a packet.
private struct KeptPacket {
  var (prefix, payload): (String, [UInt8])
  var (family, hook, etherType): (UInt8, UInt8, UInt16)
  var (inputInterface, outputInterface, inputPort, outputPort): (UInt32?, UInt32?, UInt32?, UInt32?)
  var (mark, sequence, microseconds): (UInt32, UInt32?, Int64?)

  init(_ packet: LoggedPacket) {
    (prefix, payload) = (packet.prefix, Array(packet.payload))
    (family, hook, etherType) = (packet.family, packet.hook, packet.etherType)
    (inputInterface, outputInterface) = (packet.inputInterface, packet.outputInterface)
    (inputPort, outputPort) = (packet.inputPort, packet.outputPort)
    (mark, sequence, microseconds) = (packet.mark, packet.sequence, packet.microseconds)
  }
}

extension PacketLog {
  /// Waits until `count` packets have come in, some seconds at most.
  fileprivate func take(_ count: Int) throws -> [KeptPacket] {
    var taken: [KeptPacket] = []
    let deadline = ContinuousClock.now + .seconds(5)
    while taken.count < count, ContinuousClock.now < deadline {
      var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&entry, 1, 1000) > 0 else { continue }
      try receive { taken.append(KeptPacket($0)) }
    }
    return taken
  }
}
