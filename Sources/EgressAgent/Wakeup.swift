import Glibc

/// Wakes a thread that waits in poll(2), from any other.
package final class Wakeup: Sendable {
  /// Readable after `signal`.
  package let descriptor: Int32
  private let writeEnd: Int32

  package init() throws(AgentError) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw AgentError("make a pipe", code: errno) }
    for end in ends {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
    }
    descriptor = ends[0]
    writeEnd = ends[1]
  }

  deinit {
    close(descriptor)
    close(writeEnd)
  }

  /// Wakes the thread, or lets its next wait end at once.
  package func signal() {
    var byte: UInt8 = 0
    _ = write(writeEnd, &byte, 1)
  }

  /// Forgets the signals so far.
  package func drain() {
    var bytes: (UInt64, UInt64) = (0, 0)
    while read(descriptor, &bytes, 16) == 16 {}
  }
}

/// Waits until one of `descriptors` is readable, or one of `writing` writable, or until `deadline`; `nil` waits for ever.
///
/// - Returns: whether one is ready. It may say so in error.
package func awaitInput(
  on descriptors: [Int32], writing: [Int32] = [], until deadline: ContinuousClock.Instant?
) -> Bool {
  var entries =
    descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    + writing.map { pollfd(fd: $0, events: Int16(POLLOUT), revents: 0) }
  return poll(&entries, nfds_t(entries.count), deadline.map(milliseconds(until:)) ?? -1) > 0
}

/// Rounded up, so that the deadline has passed afterwards.
private func milliseconds(until deadline: ContinuousClock.Instant) -> Int32 {
  let left = deadline - .now
  guard left > .zero else { return 0 }
  return Int32(clamping: left / .milliseconds(1) < 1e9 ? Int64((left / .milliseconds(1)).rounded(.up)) : 1_000_000_000)
}
