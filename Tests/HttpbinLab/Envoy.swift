import Foundation
import NamespaceLab

/// A running Envoy. It ends with this value.
final class Envoy {
  private let name: String
  private let admin: String
  private let program: RunningProgram

  /// The user that sidecars and gateways run as, whom no redirection catches.
  static let user = "1337"

  /// Runs what follows as another user without any capability, as a container of the mesh does.
  static func unprivileged(_ user: String) -> [String] {
    [
      "setpriv", "--reuid", user, "--regid", user, "--clear-groups", "--bounding-set=-all", "--inh-caps=-all",
      "--no-new-privs",
    ]
  }

  /// - Parameter folder: its user may write there.
  init(
    _ binary: String, _ name: String, in folder: String, listeners: [EnvoyObject], clusters: [EnvoyObject] = [],
    through: [String] = unprivileged(user), at host: LabHost, of lab: Lab
  ) throws {
    self.name = name
    admin = "\(folder)/\(name).sock"
    let whole: EnvoyObject = [
      "node": ["id": name, "cluster": name], "admin": ["address": ["pipe": ["path": admin]]],
      "static_resources": ["listeners": listeners, "clusters": clusters],
    ]
    let path = "\(folder)/\(name).json"
    try JSONSerialization.data(withJSONObject: whole).write(to: URL(fileURLWithPath: path))
    program = try lab.start(
      in: host,
      through + [binary, "-c", path, "--disable-hot-restart", "--concurrency", "1"]
        + ["--file-flush-interval-msec", "100", "--log-level", "warning"])
  }

  /// Waits until it serves; from a cold disk that may take long.
  func awaitReadiness() throws {
    let question = ["curl", "-qsf", "--noproxy", "*", "--unix-socket", admin, "http://envoy/ready"]
    let isReady = try within(.seconds(60)) {
      guard !program.text.contains("[critical]") else {
        throw LabError.program(host: name, command: "envoy", status: 1, output: program.text)
      }
      return try startProgram(question).wait().status == 0
    }
    guard isReady else { throw LabError.timeout(host: name, command: "envoy: \(program.text)") }
  }
}

/// Waits until something holds; whether it came to that in time.
func within(_ patience: Duration, _ isReached: () throws -> Bool) throws -> Bool {
  let deadline = ContinuousClock.now + patience
  while true {
    if try isReached() { return true }
    guard ContinuousClock.now < deadline else { return false }
    usleep(20_000)
  }
}
