/// How far one subject of a mirror is followed.
struct Follower {
  /// What is followed.
  let subject: Subject

  /// Lists and watches; absent only while it is being made.
  var task: Task<Void, Never>?

  private(set) var progress = MirrorState.Progress.waiting

  /// From where a watch goes on; absent where everything has to be listed.
  private(set) var version: ResourceVersion?

  /// The latest version that was seen: no list may be older.
  private(set) var seen: ResourceVersion?

  /// Whether the next list must come from etcd, since the server's cache does not have what was seen.
  private(set) var isExact = false

  /// In a row, whatever failed.
  private var failures = 0

  /// In a row, where there was a connection and the server's answer was no good.
  private(set) var refusals = 0

  /// What is wrong, where it is told.
  private(set) var error: APIError?

  init(_ subject: Subject) { self.subject = subject }

  /// Everything is known as of `version`.
  mutating func took(listOf version: ResourceVersion?) {
    (self.version, seen, isExact, progress, error) = (version, version, false, .inSync, nil)
  }

  /// A watch goes on after `version`; absent, when it has only begun.
  mutating func took(eventsUpTo version: ResourceVersion?) {
    error = nil
    guard let version else { return }
    (self.version, seen, failures, refusals) = (version, version, 0, 0)
  }

  /// The server has nothing of the kind.
  mutating func isAbsent() { (version, progress, error) = (nil, .absent, nil) }

  /// An attempt failed, or a watch after `time`.
  ///
  /// - Parameter isTold: whether it is told although it may pass; else only when it fails again.
  mutating func failed(_ error: APIError, after time: Duration, isTold: Bool) {
    if error.kind == .outdated {
      if version == nil { isExact = true }
      version = nil
    }
    failures = time > .seconds(10) ? 1 : failures + 1
    refusals = error.kind == .unreachable || time > .seconds(10) ? 0 : refusals + 1
    // What is mended by listing anew, or by trying once more, is not worth a word.
    let mayPass =
      switch error.kind {
      case .outdated: refusals < 4
      case .absent, .unreachable: failures < 2
      case .credentials, .unauthorized, .forbidden, .busy, .unreadable: false
      }
    if isTold || !mayPass { self.error = error }
  }
}
