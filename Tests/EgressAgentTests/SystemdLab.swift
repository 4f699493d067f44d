import Foundation
import Glibc
import NamespaceLab
import StatusServer
import Testing

/// worker-1 of a daemon's lab with systemd as its process 1, moat installed and enabled as README says.
///
/// A system call that the unit's filter forbids kills the daemon here, instead of failing; but for setpriority, which
/// Dispatch tries and does without.
final class SystemdLab {
  let daemon: DaemonLab
  private let cgroup: LabCgroup
  private let machine: RunningProgram
  private let processOne: Int32

  /// Boots, and waits until the daemon is ready; thirty seconds at most.
  init() throws {
    daemon = try DaemonLab()
    cgroup = try LabCgroup()
    for name in ["root", "d"] { try daemon.folder.makeFolder(name) }
    try daemon.folder.write(Self.dropIn, to: "d/test.conf")
    _ = try cgroup.make("machine")
    let alone = "unshare --pid --fork --kill-child --mount --ipc --uts --cgroup".split(separator: " ").map(String.init)
    machine = try daemon.lab.start(
      in: .node("worker-1"),
      cgroup.entering("machine") + alone + [
        repository + "/Tests/boot-systemd", daemon.folder.path + "/root", daemon.folder.path,
      ])
    processOne = try child(of: machine)
    try waitUntil("ActiveState", of: "moat", within: .seconds(30)) { $0 == "active" }
  }

  private static let dropIn = """
    [Service]
    Environment=NODE_NAME=worker-1
    SystemCallErrorNumber=kill
    SystemCallFilter=~setpriority:EPERM
    StandardOutput=append:/run/moat.log
    StandardError=append:/run/moat.log

    """

  /// The daemon's socket.
  var client: DaemonClient { DaemonClient(socketPath: "/proc/\(processOne)/root/run/moat/moat.sock") }

  /// What the daemon has logged.
  var log: String { (try? String(contentsOfFile: "/proc/\(processOne)/root/run/moat.log", encoding: .utf8)) ?? "" }

  /// Runs a program on the node, beside systemd.
  func run(_ command: String...) throws -> ProgramOutput {
    let inside = ["nsenter", "--target=\(processOne)", "--mount", "--pid", "--cgroup", "--"]
    return try daemon.lab.run(in: .node("worker-1"), inside + command)
  }

  /// Has systemd do something.
  func systemctl(_ words: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let result = try run("sh", "-c", "systemctl \(words)")
    #expect(result.status == 0, "systemctl \(words): \(result.text)", sourceLocation: sourceLocation)
  }

  /// What systemd knows of a unit.
  func property(_ name: String, of unit: String = "moat") throws -> String {
    let shown = try run("systemctl", "show", "--value", "--property=\(name)", unit).output
    return shown.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// Waits until what systemd knows of a unit is as demanded.
  func waitUntil(
    _ name: String, of unit: String = "moat", within patience: Duration = .seconds(10),
    sourceLocation: SourceLocation = #_sourceLocation, _ isReached: (String) -> Bool
  ) throws {
    let deadline = ContinuousClock.now + patience
    while ContinuousClock.now < deadline {
      if isReached(try property(name, of: unit)) { return }
      usleep(20_000)
    }
    Issue.record(
      "\(unit)'s \(name) is \(try property(name, of: unit)): \(machine.text)\(log)", sourceLocation: sourceLocation)
  }

  /// Adds to moat.service, as `systemctl edit` does.
  func edit(_ text: String) throws {
    let path = "/proc/\(processOne)/root/etc/systemd/system/moat.service.d/edit.conf"
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    try systemctl("daemon-reload")
  }

  /// The daemon's process, as this process knows it: what /proc tells of it.
  func process() throws -> String {
    let number = try property("MainPID")
    let folder = "/proc/\(processOne)/root/proc/\(number)"
    try #require(access(folder, F_OK) == 0, "\(number)")
    return folder
  }
}

/// The one child of a program, once it has one.
private func child(of program: RunningProgram) throws -> Int32 {
  let path = "/proc/\(program.process)/task/\(program.process)/children"
  let deadline = ContinuousClock.now + .seconds(10)
  while ContinuousClock.now < deadline {
    let children = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    // While the shell enters its cgroup it is no program of ours yet.
    if let first = children.split(separator: " ").first.flatMap({ Int32($0) }) { return first }
    usleep(1000)
  }
  throw LabError.topology("nothing was started: \(program.text)")
}

let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().path
