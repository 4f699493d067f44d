import CNetfilter
import Glibc
import NamespaceLab
import Synchronization

/// Which marks have come to a place: what its own sockets say, nobody else's word.
final class Judge: Sendable {
  /// A mark is `mt#` and five digits.
  static func mark(_ number: Int) -> String {
    let digits = String(number)
    return "mt#" + String(repeating: "0", count: 5 - digits.count) + digits
  }

  private let socket: Int32
  private let place: Attack.Place
  private let seen = Mutex<[String: Int]>([:])

  init(_ place: Attack.Place, in lab: Lab) throws {
    self.place = place
    socket =
      switch place {
      case .wire(let host), .errors(let host): try lab.inside(host) { moat_capture_open(nil) }
      case .bridge(let node): try lab.inside(.node(node)) { moat_capture_open(LabTopology.bridgeInterface) }
      case .socket(let node): try lab.inside(.node(node)) { openPort(5300) }
      }
    guard socket >= 0 else { throw LabError.system(call: "judge's socket", host: "\(place)", code: -socket) }
  }

  deinit { close(socket) }

  /// How many packets with this mark have come.
  func count(of mark: String) -> Int {
    seen.withLock { seen in
      drain(into: &seen)
      return seen[mark] ?? 0
    }
  }

  /// Waits until the mark has come; false when the time is over.
  func waits(for mark: String, _ patience: Duration = .seconds(5)) -> Bool {
    let deadline = ContinuousClock.now + patience
    while count(of: mark) == 0 {
      let rest = deadline - ContinuousClock.now
      guard rest > .zero else { return false }
      var entry = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
      poll(&entry, 1, Int32(rest / .milliseconds(1)) + 1)
    }
    return true
  }

  private func drain(into seen: inout [String: Int]) {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      var (type, outgoing) = (UInt16(0), Int32(0))
      let count =
        if case .socket = place {
          recv(socket, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        } else {
          Int(moat_capture_receive(socket, &buffer, buffer.count, &type, &outgoing))
        }
      guard count >= 0 else { return }
      guard outgoing == 0, counts(buffer[..<count]) else { continue }
      for mark in marks(in: buffer[..<count]) { seen[mark, default: 0] += 1 }
    }
  }

  /// Whether a packet is of the kind that is looked for here.
  private func counts(_ bytes: ArraySlice<UInt8>) -> Bool {
    let isError = WirePacket(bytes: Array(bytes))?.quoted != nil
    switch place {
    case .wire: return !isError
    case .errors: return isError
    case .bridge, .socket: return true
    }
  }
}

private func marks(in bytes: ArraySlice<UInt8>) -> Set<String> {
  let sign: [UInt8] = Array("mt#".utf8)
  var found: Set<String> = []
  for start in bytes.indices.dropLast(7) where bytes[start] == sign[0] && bytes[start...].starts(with: sign) {
    found.insert(String(decoding: bytes[start..<start + 8], as: UTF8.self))
  }
  return found
}

/// A UDP port of both families, at all addresses of the calling thread's namespace; or a negative errno.
private func openPort(_ port: UInt16) -> Int32 {
  let number = moat_socket_open(6, Int32(SOCK_DGRAM.rawValue), 0)
  guard number >= 0 else { return number }
  var off: Int32 = 0
  setsockopt(number, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &off, socklen_t(MemoryLayout<Int32>.size))
  let bound = moat_socket_bind(number, [UInt8](repeating: 0, count: 16), 16, port)
  guard bound < 0 else { return number }
  close(number)
  return bound
}
