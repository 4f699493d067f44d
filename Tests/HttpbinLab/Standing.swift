import Foundation
import NamespaceLab
import NetworkValues

/// A TLS session of a process with the sidecar's uid, held open by openssl.
final class StandingSession {
  private let program: RunningProgram
  private let input: FileHandle

  /// Opens it and sends a first request.
  init(to address: SocketAddress, in mesh: Mesh, path: String) throws {
    let pipe = "\(mesh.folder)/session-\(UUID().uuidString)"
    guard mkfifo(pipe, 0o600) == 0 else { throw LabError.system(call: "mkfifo", host: "here", code: errno) }
    let client = ["openssl", "s_client", "-quiet", "-noservername", "-connect", "\(address)"]
    program = try mesh.lab.start(
      in: .pod(productpage), ["sh", "-c", "exec \"$@\" <\(pipe)", "sh"] + Envoy.unprivileged(Envoy.user) + client)
    // Both ends at once: nobody waits for the other to open.
    guard let input = FileHandle(forUpdatingAtPath: pipe) else {
      throw LabError.system(call: "open \(pipe)", host: "here", code: errno)
    }
    self.input = input
    guard try ask(path).status == 200 else {
      throw LabError.timeout(host: productpage, command: "openssl: \(program.text)")
    }
  }

  deinit { program.stop() }

  /// Sends a request and waits for its answer or for the end.
  func ask(_ path: String) throws -> WebReply {
    let answers = count("HTTP/1.1 200")
    try input.write(contentsOf: Data("GET \(path) HTTP/1.1\r\nHost: httpbin.org\r\n\r\n".utf8))
    let isOver = try within(.seconds(5)) { count("HTTP/1.1 200") > answers || count("errno=") > 0 }
    let status = count("HTTP/1.1 200") > answers ? 200 : 0
    return WebReply(status: status, text: program.text, isSilence: !isOver)
  }

  private func count(_ text: String) -> Int { program.text.components(separatedBy: text).count - 1 }
}

/// What productpage has opened before rules were loaded.
struct StandingConversations {
  let session: StandingSession
  let datagrams: LabConnection

  init(in mesh: Mesh, path: String) throws {
    session = try StandingSession(to: Self.place, in: mesh, path: path)
    datagrams = try mesh.lab.connect(from: .pod(productpage), to: Self.place.address, .udp(Self.place.port))
    guard datagrams.opening.outcome == .delivered else {
      throw LabError.timeout(host: productpage, command: "UDP: \(datagrams.opening)")
    }
  }

  /// Where they lead.
  static let place = SocketAddress(address("203.0.113.20"), 443)
}

extension Outcome {
  /// What a probe to the outside came to.
  init(_ result: ProbeResult) {
    self =
      switch result.outcome {
      case .delivered: .open
      case .refused: result.hasArrived ? .leaked : .refused
      case .dropped: result.hasArrived ? .leaked : .dropped
      }
  }
}
