import Glibc

/// Folders whose changes the kernel tells. Not to be used by two threads at once.
///
/// See: inotify(7)
final class Inotify {
  /// One change in a watched folder.
  struct Event: Sendable {
    var watch: Int32
    var mask: UInt32

    /// Empty where it is about the folder itself.
    var name: String

    /// Whether one of `flags` (IN_*) is set.
    func has(_ flags: Int32...) -> Bool { flags.contains { mask & UInt32(bitPattern: $0) != 0 } }
  }

  /// The call failed.
  struct Failure: Error, CustomStringConvertible {
    var operation: String
    var code: Int32

    var description: String {
      let advice = code == ENOSPC ? "; raise the sysctl fs.inotify.max_user_watches" : ""
      let limit = code == EMFILE ? "; raise the sysctl fs.inotify.max_user_instances" : ""
      return "\(operation): \(String(cString: strerror(code))) (errno \(code))" + advice + limit
    }
  }

  /// Readable when there are events.
  let descriptor: Int32
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 8)

  init() throws(Failure) {
    descriptor = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
    guard descriptor >= 0 else {
      let code = errno
      buffer.deallocate()
      throw Failure(operation: "watch files", code: code)
    }
  }

  deinit {
    close(descriptor)
    buffer.deallocate()
  }

  /// What is asked of folders.
  private static let folderEvents =
    IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF
    | IN_ONLYDIR | IN_EXCL_UNLINK

  /// Watches the folder at `path`; the same folder has the same number by whatever path.
  func watch(_ path: String) throws(Failure) -> Int32 {
    let number = inotify_add_watch(descriptor, path, UInt32(bitPattern: Self.folderEvents))
    guard number >= 0 else { throw Failure(operation: "watch \(path)", code: errno) }
    return number
  }

  /// Watches which folders come and go in the folder at `path`.
  func watchFolders(of path: String) throws(Failure) -> Int32 {
    let events = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_ONLYDIR | IN_DONT_FOLLOW
    let number = inotify_add_watch(descriptor, path, UInt32(bitPattern: Int32(events)))
    guard number >= 0 else { throw Failure(operation: "watch \(path)", code: errno) }
    return number
  }

  /// Watches a folder no more.
  func forget(_ watch: Int32) { inotify_rm_watch(descriptor, watch) }

  /// What is queued, in order. Of a storm that does not end some is left, for which `descriptor` stays readable.
  func events() -> [Event] {
    var events: [Event] = []
    for _ in 0..<64 {
      let count = read(descriptor, buffer.baseAddress, buffer.count)
      guard count > 0 else {
        if count < 0, errno == EINTR { continue }
        return events
      }
      append(UnsafeRawBufferPointer(rebasing: buffer[..<count]), to: &events)
    }
    return events
  }

  private func append(_ bytes: UnsafeRawBufferPointer, to events: inout [Event]) {
    var offset = 0
    let head = MemoryLayout<inotify_event>.size
    while offset + head <= bytes.count {
      let event = bytes.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
      let name = UnsafeRawBufferPointer(rebasing: bytes[(offset + head)...].prefix(Int(event.len)))
      events.append(
        Event(watch: event.wd, mask: event.mask, name: String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)))
      offset += head + Int(event.len)
    }
  }
}
