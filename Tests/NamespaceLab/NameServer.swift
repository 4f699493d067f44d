import CNetfilter
import Foundation
import Glibc
import NetworkValues
import Synchronization

/// A DNS server on port 53 of a lab's host that answers as a closure says, over UDP and TCP: for what real servers do not
/// do on demand.
package final class NameServer: Sendable {
  /// What was asked, and how.
  package struct Query: Sendable {
    package var message: NameMessage
    package var isStream: Bool
  }

  /// - Returns: the messages to send, as they travel over UDP; none for silence.
  package typealias Answer = @Sendable (Query) -> [[UInt8]]

  private let answer: Answer
  private let host: String
  private let isClosed = Mutex(false)
  private let count = Mutex(0)

  /// How many queries have come.
  package var queries: Int { count.withLock { $0 } }

  /// - Parameter address: one of the host's.
  package init(at host: LabHost, of lab: Lab, _ address: IPAddress, _ answer: @escaping Answer) throws(LabError) {
    self.answer = answer
    self.host = "\(host)"
    let place = SocketAddress(address, 53)
    let name = self.host
    let sockets = try lab.namespace(of: host.place).inside { () throws(LabError) in
      let datagrams = try SocketKind.udp.open(address.family, at: name)
      _ = try checked(datagrams.bind(place), "bind \(place)", at: name)
      var size: Int32 = 8 << 20
      setsockopt(datagrams.number, SOL_SOCKET, SO_RCVBUFFORCE, &size, socklen_t(MemoryLayout<Int32>.size))
      let listener = try SocketKind.tcp.open(address.family, at: name)
      _ = try checked(listener.bind(place), "bind \(place)", at: name)
      guard listen(listener.number, 128) == 0 else { throw .system(call: "listen", host: name, code: errno) }
      return (datagrams, listener)
    }.get()
    Thread.detachNewThread { [self] in serveDatagrams(sockets.0) }
    Thread.detachNewThread { [self] in serveStreams(sockets.1) }
  }

  /// Ends it; its threads notice within a tenth of a second.
  package func close() { isClosed.withLock { $0 = true } }

  private var isOpen: Bool { isClosed.withLock { !$0 } }

  private func answers(to bytes: [UInt8], isStream: Bool) -> [[UInt8]] {
    guard let message = NameMessage(query: bytes) else { return [] }
    count.withLock { $0 += 1 }
    return answer(Query(message: message, isStream: isStream))
  }

  private func serveDatagrams(_ socket: Descriptor) {
    while isOpen {
      guard isReady(socket.number, POLLIN, within: .milliseconds(100)) != 0 else { continue }
      while let (bytes, sender) = socket.receiveFrom() {
        for reply in answers(to: bytes, isStream: false) { _ = socket.send(reply, to: sender) }
      }
    }
  }

  private func serveStreams(_ listener: Descriptor) {
    while isOpen {
      guard isReady(listener.number, POLLIN, within: .milliseconds(100)) != 0 else { continue }
      let number = moat_socket_accept(listener.number)
      guard number >= 0 else { continue }
      let connection = Descriptor(number)
      Thread.detachNewThread { [self] in serve(connection) }
    }
  }

  private func serve(_ connection: Descriptor) {
    var bytes: [UInt8] = []
    while isOpen {
      guard isReady(connection.number, POLLIN, within: .milliseconds(100)) != 0 else { continue }
      guard let more = connection.receive(), !more.isEmpty else { return }
      bytes += more
      while bytes.count >= 2, bytes.count >= 2 + Int(bytes[0]) << 8 + Int(bytes[1]) {
        let length = Int(bytes[0]) << 8 | Int(bytes[1])
        for reply in answers(to: Array(bytes[2..<(2 + length)]), isStream: true) {
          connection.sendAll([UInt8(reply.count >> 8), UInt8(reply.count & 0xff)] + reply)
        }
        bytes.removeFirst(2 + length)
      }
    }
  }
}

extension Descriptor {
  /// Sends everything, waiting for room; five seconds at most for each part.
  func sendAll(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = send(Array(rest))
      if count > 0 { rest = rest.dropFirst(count) }
      guard count > 0 || count == -Int(EAGAIN) && isReady(number, POLLOUT, within: .seconds(5)) != 0 else { return }
    }
  }
}
