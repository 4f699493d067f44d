import EgressPolicy
import Foundation
import Glibc
import Logging
import StatusServer
import Synchronization
import Telemetry
import Testing

@testable import EgressAgent

@Suite struct StatusTests {
  @Test func `A fault keeps its moment, and the state follows the faults`() {
    let time = Mutex<Int64>(0)
    let board = StatusBoard(newBoard().current) {
      time.withLock { time in
        time += 1
        return Timestamp(milliseconds: time)
      }
    }
    #expect(board.report(["one"], from: "manifests"))
    #expect(!board.report(["one"], from: "manifests"))
    board.report(["two"], from: "kernel")
    board.report(["zero", "one"], from: "manifests")
    #expect(board.current.faults.map(\.source) == ["kernel", "manifests", "manifests"])
    #expect(board.current.faults.last?.since.milliseconds == 1)
    #expect(board.current.state == .degraded)
    board.report([], from: "kernel")
    board.report([], from: "manifests")
    #expect(board.current.state == .starting)
  }

  @Test func `Findings are shown by severity, and not too many`() {
    let finding = { (code: FindingCode, number: Int) in
      Finding(code, path: "spec.p\(number)", "is so", advice: "change it")
    }
    let warnings = (0..<60).map { finding(.addressClaimedTwice, $0) }
    let notes = (0..<3).map { finding(.masquerading, $0) }
    let found = shown(notes + warnings)
    #expect(found.map(\.severity) == Array(repeating: "warning", count: StatusDocument.Finding.limit))
    #expect(found[0].code == "M006" && found[0].text == "\(warnings[0])")
    #expect(shown([]) == [] && shown(notes) == [])
  }

  @Test func `A moment is written and read`() throws {
    let moment = Timestamp(milliseconds: 1_767_323_045_678)
    #expect(moment.description == "2026-01-02T03:04:05.678Z")
    #expect(Timestamp(parsing: moment.description) == moment)
    #expect(Timestamp(parsing: "yesterday") == nil)
    let document = newBoard().current
    #expect(try JSONDecoder().decode(StatusDocument.self, from: JSONEncoder().encode(document)) == document)
  }

  @Test func `The service manager is told in its own words`() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/notify"
    let socket = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
    defer { close(socket) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
    let bound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try #require(bound == 0)
    let link = try #require(
      ServiceManagerLink(environment: ["NOTIFY_SOCKET": path, "WATCHDOG_USEC": "120000000"]))
    #expect(link.heartbeat == .seconds(60))
    link.send("READY=1")
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = recv(socket, &bytes, bytes.count, Int32(MSG_DONTWAIT))
    #expect(count == 7 && String(decoding: bytes.prefix(7), as: UTF8.self) == "READY=1")
    #expect(ServiceManagerLink(environment: [:]) == nil)
  }
}
