import Foundation
import Glibc
import NamespaceLab
import Testing

/// Where the daemon answers, and from which level on it logs.
@Suite(.enabled(if: geteuid() == 0, "needs root: it makes network namespaces"))
struct ListenerTests {
  let daemon: DaemonLab

  init() throws { daemon = try DaemonLab() }

  @Test func `An address that is taken is tried again until it is free`() throws {
    let taken = try daemon.lab.inside(.node("worker-1")) { try TakenPort(9470) }
    let running = try daemon.start()
    try daemon.await { $0.enforced != nil && $0.faults.contains { $0.source == "listener 127.0.0.1:9470" } }
    let status = try daemon.client.status()
    #expect(status.state == .degraded && status.isReady && status.faults.count == 1)
    #expect(status.faults.first?.message.contains("tried again every 2 seconds") == true, "\(status.faults)")
    taken.release()
    try daemon.await { $0.state == .inSync }
    #expect(try health(9470).hasSuffix("alive\n"))
    try expectNoDispatch(running.process)
    running.stop()
    #expect(try running.wait().status == 0)
  }

  @Test func `A hangup moves the listener and changes what is logged`() throws {
    let running = try daemon.start()
    try daemon.await { $0.state == .inSync }
    #expect(try health(9470).hasSuffix("alive\n"))
    try daemon.replaceConfiguration { $0 + "\nlisten: \"[::1]:9471\"\nlog: { level: error }\n" }
    kill(running.process, SIGHUP)
    try reach({ try health(9471, on: "::1").hasSuffix("alive\n") && health(9470) == "" })
    try daemon.await { $0.state == .inSync }
    let lines = { running.text.components(separatedBy: "committed").count }
    let before = lines()
    try daemon.replaceModel(withoutPolicies: true)
    try daemon.await { $0.enforced?.allowances.hopA == 0 }
    #expect(before > 1 && lines() == before, "\(running.text)")

    // To an address that is not this host's: told, and the daemon goes on; back again.
    try daemon.replaceConfiguration { $0.replacingOccurrences(of: "[::1]:9471", with: "192.0.2.77:9471") }
    kill(running.process, SIGHUP)
    try daemon.await { $0.faults.contains { $0.source == "listener 192.0.2.77:9471" } }
    try daemon.replaceConfiguration {
      $0.replacingOccurrences(of: "192.0.2.77:9471", with: "127.0.0.1:9470")
        .replacingOccurrences(of: "level: error", with: "level: info")
    }
    kill(running.process, SIGHUP)
    try daemon.await { $0.state == .inSync }
    #expect(try health(9470).hasSuffix("alive\n") && health(9471, on: "::1") == "")
    try daemon.replaceModel()
    try daemon.await { $0.enforced?.allowances.hopA == 2 }
    #expect(lines() > before)
    try expectNoDispatch(running.process)
    running.stop()
    #expect(try running.wait().status == 0)
    #expect(!running.text.contains("Waiting on child channel"), "\(running.text)")
  }

  /// What /healthz answers, with its head; nothing where nobody listens.
  private func health(_ port: UInt16, on address: String = "127.0.0.1") throws -> String {
    let question =
      "exec 3<>/dev/tcp/\(address)/\(port) && printf 'GET /healthz HTTP/1.1\\r\\nHost: x\\r\\n"
      + "Connection: close\\r\\n\\r\\n' >&3 && cat <&3"
    return try daemon.lab.run(in: .node("worker-1"), ["bash", "-c", question]).output
  }

  /// Dispatch's workers are not there: they would wake an idle daemon every second.
  private func expectNoDispatch(_ process: Int32) throws {
    let threads = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task").map {
      try String(contentsOfFile: "/proc/\(process)/task/\($0)/comm", encoding: .utf8)
    }
    #expect(threads.count > 3 && !threads.contains { $0.contains("qos") }, "\(threads)")
  }

  private func reach(_ isReached: () throws -> Bool) throws {
    let deadline = ContinuousClock.now + .seconds(10)
    while try !isReached() {
      try #require(ContinuousClock.now < deadline)
      usleep(20_000)
    }
  }
}

/// A port of 127.0.0.1 in the calling thread's namespace where somebody else listens.
private final class TakenPort {
  private var socket: Int32

  init(_ port: UInt16) throws {
    socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
    let bound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    try #require(bound == 0 && listen(socket, 1) == 0, "\(errno)")
  }

  func release() {
    close(socket)
    socket = -1
  }
}
