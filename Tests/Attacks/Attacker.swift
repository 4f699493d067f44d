import Foundation
import Glibc
import NamespaceLab

/// A process with root and all capabilities at a host, which sends what it is told.
final class Attacker {
  private let program: RunningProgram
  private let orders: Int32
  private let host: LabHost
  private var count = 0

  /// - Parameters:
  ///   - known: names of Python's that it begins with.
  ///   - folder: for the pipe that it listens to.
  init(at host: LabHost, knowing known: [String: String], in lab: Lab, folder: String) throws {
    self.host = host
    let pipe = "\(folder)/\(host.shortName.replacing(" ", with: "-")).orders"
    guard mkfifo(pipe, 0o600) == 0 else { throw LabError.system(call: "mkfifo", host: "\(host)", code: errno) }
    // Both directions: opening does not wait for the reader.
    orders = open(pipe, O_RDWR | O_CLOEXEC)
    var known = known
    known["orders"] = pipe
    let text = String(decoding: try JSONEncoder().encode(known), as: UTF8.self)
    program = try lab.start(in: host, ["/usr/bin/python3", "-B", attackFolder + "/attacker.py", text])
    try wait(for: "ready")
  }

  deinit {
    program.stop(patience: .zero)
    close(orders)
  }

  /// Runs a line of Python and waits until it is done.
  func run(_ code: String, mark: String = "") throws {
    count += 1
    let order: [String: Any] = ["number": count, "code": code, "marker": mark]
    let line = try JSONSerialization.data(withJSONObject: order) + Data("\n".utf8)
    let written = line.withUnsafeBytes { write(orders, $0.baseAddress, $0.count) }
    guard written == line.count else { throw LabError.system(call: "write", host: "\(host)", code: errno) }
    let answer = try wait(for: "\(count) ")
    guard answer == "\(count) done" else { throw AttackFault(host: host, code: code, text: answer) }
  }

  /// Waits for a whole line that begins so.
  @discardableResult private func wait(for beginning: String) throws -> String {
    let deadline = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < deadline {
      let lines = program.text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
      if let answer = lines.last(where: { $0.hasPrefix(beginning) }) { return String(answer) }
      usleep(500)
    }
    throw AttackFault(host: host, code: beginning, text: program.text)
  }
}

/// An attacker's process does not do what it is told.
struct AttackFault: Error, CustomStringConvertible {
  let host: LabHost
  let code: String
  let text: String

  var description: String { "\(host): \(code): \(text.suffix(800))" }
}

/// Where this file is.
let attackFolder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path
