import CNetfilter
import Glibc

/// A network namespace without a name. It lives as long as this value, a socket or a process in it lives, so the kernel
/// removes it even when the process is killed.
final class NetworkNamespace: Sendable {
  /// Who lives there, for error messages.
  let name: String

  private let descriptor: Int32

  /// Makes an empty namespace; its loopback interface is down.
  init(named name: String) throws(LabError) {
    self.name = name
    descriptor = try checked(moat_namespace_make(), "unshare", at: name)
  }

  deinit { close(descriptor) }

  /// A path for `nsenter --net=` and for the `netns` argument of ip(8), valid while this process lives.
  var path: String { "/proc/\(getpid())/fd/\(descriptor)" }

  /// Runs `body` on the calling thread, moved into the namespace for that time.
  ///
  /// Sockets opened in `body` stay in the namespace. `body` must not start threads or tasks: they would stay as well.
  func inside<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(LabError)
    -> Swift.Result<
      Result, Failure
    >
  {
    let home = try checked(moat_namespace_current(), "open /proc/thread-self/ns/net", at: name)
    defer { close(home) }
    _ = try checked(moat_namespace_enter(descriptor), "setns", at: name)
    defer {
      let back = moat_namespace_enter(home)
      precondition(back == 0, "setns back from \(name): \(String(cString: strerror(-back)))")
    }
    do throws(Failure) { return .success(try body()) } catch { return .failure(error) }
  }

  /// Writes kernel settings of this namespace: path below /proc/sys/net → value.
  func set(_ settings: [(path: String, value: String)]) throws(LabError) {
    let name = name
    try inside { () throws(LabError) in
      for (path, value) in settings {
        let file = "/proc/sys/net/" + path
        let target = open(file, O_WRONLY | O_CLOEXEC)
        guard target >= 0 else { throw .system(call: "open \(file)", host: name, code: errno) }
        defer { close(target) }
        guard write(target, value, value.utf8.count) >= 0 else {
          throw .system(call: "write \(file)", host: name, code: errno)
        }
      }
    }.get()
  }
}
