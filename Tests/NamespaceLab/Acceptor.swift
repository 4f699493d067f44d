import CNetfilter
import Foundation
import Glibc
import NetworkValues
import Synchronization

/// Accepts connections, remembers to which addresses they came, and closes them.
package final class Acceptor: Sendable {
  private let counts = Mutex<[IPAddress: Int]>([:])
  private let isClosed = Mutex(false)

  init(_ listeners: [Descriptor]) {
    for listener in listeners { Thread.detachNewThread { [weak self] in Self.serve(listener) { self } } }
  }

  deinit { close() }

  /// Ends it; its threads notice within a tenth of a second.
  package func close() { isClosed.withLock { $0 = true } }

  /// How many connections came to each address.
  package var accepted: [IPAddress: Int] { counts.withLock { $0 } }

  private static func serve(_ listener: Descriptor, _ owner: () -> Acceptor?) {
    while let acceptor = owner(), !acceptor.isClosed.withLock({ $0 }) {
      guard isReady(listener.number, POLLIN, within: .milliseconds(100)) != 0 else { continue }
      while true {
        let number = moat_socket_accept(listener.number)
        guard number >= 0 else { break }
        let connection = Descriptor(number)
        if let address = connection.localAddress { acceptor.counts.withLock { $0[address, default: 0] += 1 } }
      }
    }
  }
}

extension Descriptor {
  /// The address that this side of a connection has.
  fileprivate var localAddress: IPAddress? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutableBytes(of: &storage) { bytes -> IPAddress? in
      guard let base = bytes.baseAddress,
        getsockname(number, base.assumingMemoryBound(to: sockaddr.self), &length) == 0
      else { return nil }
      switch bytes.load(as: sa_family_t.self) {
      case sa_family_t(AF_INET): return IPAddress(bytes: bytes[4..<8])
      case sa_family_t(AF_INET6): return IPAddress(bytes: bytes[8..<24])
      default: return nil
      }
    }
  }
}
