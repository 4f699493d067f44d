import Glibc
import NetworkValues

/// One token on its way from a socket to the post office and back.
struct Exchange {
  let socket: Descriptor
  let kind: SocketKind
  let token: Token
  /// What to send: the token, of a ping with its header.
  let message: [UInt8]
  let patience: Duration
  let postOffice: PostOffice

  /// What the sender learned.
  struct Progress {
    var isSent = false
    var isAnswered = false
    var error: Int32 = 0
    var isOver = false
  }

  /// Sends the token once the socket is writable, and waits for its arrival, an error, or the end of patience.
  func run() -> Progress {
    var progress = Progress()
    let deadline = ContinuousClock.now + patience
    var answerDeadline = deadline
    while true {
      let now = ContinuousClock.now
      if kind != .ping, postOffice.has(token), !progress.isOver {
        progress.isOver = true
        answerDeadline = min(deadline, now + .milliseconds(300))
      }
      let isDone = progress.error != 0 || progress.isAnswered
      guard !isDone, now < (progress.isOver ? answerDeadline : deadline) else { return progress }
      let events = isReady(
        socket.number, POLLIN | (progress.isSent ? 0 : POLLOUT), within: min(.milliseconds(10), deadline - now))
      advance(&progress, events)
    }
  }

  private func advance(_ progress: inout Progress, _ events: Int32) {
    if events & (POLLERR | POLLHUP) != 0 {
      let error = socket.takeError()
      if error != 0 { progress.error = error }
    }
    if events & POLLIN != 0, let bytes = socket.receive() {
      if bytes.isEmpty, kind == .tcp { progress.error = ECONNRESET }
      if isAnswer(bytes) { progress.isAnswered = true }
    }
    if events & POLLOUT != 0, !progress.isSent, progress.error == 0 { send(&progress) }
  }

  private func send(_ progress: inout Progress) {
    progress.isSent = true
    let count = socket.send(message)
    // A packet that the own output hook drops is EPERM; an ICMP error about it may still follow.
    if count < 0, -count != Int(EPERM), -count != Int(EAGAIN) { progress.error = Int32(-count) }
  }

  private func isAnswer(_ bytes: [UInt8]) -> Bool {
    guard bytes.count >= Token.length else { return false }
    return bytes.suffix(Token.length).elementsEqual(token.bytes)
  }
}
