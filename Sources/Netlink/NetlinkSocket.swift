import CLibmnl
import CNetfilter
import Glibc

/// A netlink socket in the network namespace of the thread that opened it.
///
/// Close-on-exec; acknowledgements are short (NETLINK_CAP_ACK) and explained (NETLINK_EXT_ACK). Requests are answered
/// before the send call returns, so that receiving never waits. Not to be used by two threads at once.
/// See: netlink(7)
package final class NetlinkSocket {
  /// The receive buffer; the kernel sends at most 32 KiB of a dump at once.
  private let received: UnsafeMutableRawBufferPointer
  private let handle: OpaquePointer
  private var sendLimit = 0
  private var sequence: UInt32 = 1

  /// Opens a socket of `bus`, such as NETLINK_NETFILTER.
  ///
  /// - Parameters:
  ///   - receiveBuffer: the bytes of answers and events that may wait to be received.
  ///   - largestDatagram: the bytes that come at once at most.
  package init(
    bus: Int32, receiveBuffer: Int = 4 << 20, largestDatagram: Int = 1 << 16
  ) throws(NetlinkError) {
    received = .allocate(byteCount: largestDatagram, alignment: 16)
    guard let handle = mnl_socket_open2(bus, Int32(SOCK_CLOEXEC.rawValue)) else {
      received.deallocate()
      throw NetlinkError("open a netlink socket", code: errno)
    }
    self.handle = handle
    guard mnl_socket_bind(handle, 0, MNL_SOCKET_AUTOPID) == 0 else {
      throw NetlinkError("bind a netlink socket", code: errno)
    }
    prepare(receiveBuffer: receiveBuffer)
  }

  /// Takes over a bound socket of `bus` that another process or an earlier life of this one opened, with its port; what
  /// waits to be received is thrown away.
  ///
  /// - Throws: `NetlinkError` where `descriptor` is no such socket; it then stays the caller's to close.
  package init(adopting descriptor: Int32, bus: Int32) throws(NetlinkError) {
    received = .allocate(byteCount: 1 << 16, alignment: 16)
    do throws(NetlinkError) {
      try expectBoundSocket(descriptor, bus: bus)
    } catch {
      received.deallocate()
      throw error
    }
    guard let handle = mnl_socket_fdopen(descriptor) else {
      received.deallocate()
      throw NetlinkError("take over a netlink socket", code: errno)
    }
    self.handle = handle
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    prepare(receiveBuffer: 4 << 20)
    discardReplies()
  }

  private func prepare(receiveBuffer: Int) {
    enable(NETLINK_CAP_ACK)
    enable(NETLINK_EXT_ACK)
    force(SO_RCVBUFFORCE, orElse: SO_RCVBUF, receiveBuffer)
    raiseSendLimit(to: 4 << 20)
  }

  deinit {
    mnl_socket_close(handle)
    received.deallocate()
  }

  /// The file descriptor; it stays the socket's to close.
  package var descriptor: Int32 { mnl_socket_get_fd(handle) }

  /// The socket's address on its bus: the number that the kernel knows it by.
  package var port: UInt32 { mnl_socket_get_portid(handle) }

  /// Subscribes to the events of a multicast group, such as NFNLGRP_NFTABLES.
  package func join(group: UInt32) throws(NetlinkError) {
    var group = group
    guard
      mnl_socket_setsockopt(handle, NETLINK_ADD_MEMBERSHIP, &group, socklen_t(MemoryLayout<UInt32>.size)) == 0
    else { throw NetlinkError("subscribe to netlink group \(group)", code: errno) }
  }

  /// The first of `count` successive sequence numbers; they begin again when they are used up.
  package func takeSequence(_ count: Int = 1) -> UInt32 {
    if UInt32.max - sequence < count { sequence = 1 }
    defer { sequence += UInt32(count) }
    return sequence
  }

  /// A netlink option of ours that an old kernel may lack, in which case errors are only less well explained.
  private func enable(_ option: Int32) {
    var on: Int32 = 1
    _ = mnl_socket_setsockopt(handle, option, &on, socklen_t(MemoryLayout<Int32>.size))
  }

  /// Sets a buffer size beyond the limits of sysctl, or within them without CAP_NET_ADMIN.
  private func force(_ option: Int32, orElse plain: Int32, _ size: Int) {
    var value = Int32(clamping: min(size, Int(Int32.max) / 2))
    let length = socklen_t(MemoryLayout<Int32>.size)
    if setsockopt(descriptor, SOL_SOCKET, option, &value, length) != 0 {
      _ = setsockopt(descriptor, SOL_SOCKET, plain, &value, length)
    }
  }

  private func raiseSendLimit(to size: Int) {
    force(SO_SNDBUFFORCE, orElse: SO_SNDBUF, size)
    sendLimit = size
  }
}

extension NetlinkSocket {
  /// Sends `bytes` as one datagram, however large.
  package func send(_ bytes: UnsafeRawBufferPointer, for operation: @autoclosure () -> String) throws(NetlinkError) {
    if bytes.count + 4096 > sendLimit { raiseSendLimit(to: bytes.count + 4096) }
    while mnl_socket_sendto(handle, bytes.baseAddress, bytes.count) < 0 {
      guard errno == EINTR else { throw NetlinkError(operation(), code: errno) }
    }
  }

  /// The next datagram, whose memory is valid until the next call; `nil` where there is none now.
  ///
  /// - Throws: `NetlinkError`, with ENOBUFS when datagrams were lost.
  package func receive(for operation: @autoclosure () -> String) throws(NetlinkError) -> NetlinkMessages? {
    while true {
      let flags = Int32(MSG_DONTWAIT) | Int32(MSG_TRUNC)
      let count = recv(descriptor, received.baseAddress, received.count, flags)
      if count > received.count { throw NetlinkError(operation(), code: ENOSPC) }
      if count >= 0 { return NetlinkMessages(UnsafeRawBufferPointer(rebasing: received[..<count])) }
      switch errno {
      case EINTR: continue
      case EAGAIN: return nil
      default: throw NetlinkError(operation(), code: errno)
      }
    }
  }

  /// Throws away what is still waiting to be received.
  package func discardReplies() {
    while true {
      do {
        guard try receive(for: "") != nil else { return }
      } catch {
        guard error.code == ENOBUFS else { return }
      }
    }
  }

  /// Sends `batch` and waits for its acknowledgement.
  ///
  /// - Throws: `NetlinkError` with the first error of the kernel; no answer at all is an error too (ENODATA).
  package func commit(_ batch: borrowing NetlinkBatch, for operation: @autoclosure () -> String) throws(NetlinkError) {
    try send(batch.buffer.bytes, for: operation())
    try receiveAcknowledgement(of: batch.firstSequence...batch.acknowledgedSequence, for: operation())
  }

  /// Waits for the acknowledgement with the last number of `sequences`, errors of any of them coming first.
  package func receiveAcknowledgement(
    of sequences: ClosedRange<UInt32>, for operation: @autoclosure () -> String
  ) throws(NetlinkError) {
    while let messages = try receiveOrDiscard(for: operation()) {
      for message in messages where sequences.contains(message.sequence) {
        switch NetlinkReply(message, of: operation()) {
        case .acknowledged(sequence: sequences.upperBound): return
        case .refused(let error):
          discardReplies()
          throw error
        default: break
        }
      }
    }
    throw NetlinkError(operation(), code: ENODATA, message: "the kernel did not answer")
  }

  /// Sends one request and gives every message of the answer to `body`: of a dump all until its end, else the first.
  ///
  /// - Throws: `NetlinkError`; with EINTR when what was dumped changed meanwhile (NLM_F_DUMP_INTR).
  package func request(
    _ buffer: borrowing MessageBuffer, sequence: UInt32, dump: Bool, for operation: @autoclosure () -> String,
    _ body: (NetlinkMessage) -> Void
  ) throws(NetlinkError) {
    try send(buffer.bytes, for: operation())
    var wasInterrupted = false
    while let messages = try receiveOrDiscard(for: operation()) {
      for message in messages where message.sequence == sequence {
        wasInterrupted = wasInterrupted || message.flags & UInt16(NLM_F_DUMP_INTR) != 0
        switch NetlinkReply(message, of: operation()) {
        case .refused(let error): throw error
        case .data:
          body(message)
          if !dump { return }
        case .done, .acknowledged:
          if wasInterrupted { throw NetlinkError(operation(), code: EINTR) }
          return
        }
      }
    }
    throw NetlinkError(operation(), code: ENODATA, message: "the kernel did not answer")
  }

  /// The next datagram; after an error what is left is thrown away: of dumps only one can run at a time, and where the
  /// buffer is full the next answer would be lost, too.
  private func receiveOrDiscard(for operation: @autoclosure () -> String) throws(NetlinkError) -> NetlinkMessages? {
    do {
      return try receive(for: operation())
    } catch {
      discardReplies()
      throw error
    }
  }
}
