import ClusterModel
import Glibc
import NIOCore
import NIOPosix
import NIOSSL
import Threads

/// What an error of NIO or BoringSSL means: a sentence part in lower case.
func words(for error: any Error) -> String {
  switch error {
  case let error as IOError: return "\(String(cString: strerror(error.errnoCode))) (errno \(error.errnoCode))"
  case let error as NIOConnectionError:
    return error.connectionErrors.first.map { words(for: $0.error) } ?? "cannot be connected to"
  case ChannelError.connectTimeout: return "does not answer"
  case let error as NIOSSLExtraError: return "TLS: \(shown("\(error)", limit: 200)); check certificate-authority"
  case let error as NIOSSLError: return "TLS: \(shown("\(error)", limit: 200)); check certificate-authority"
  case let error as BoringSSLError: return "TLS: \(shown("\(error)", limit: 200)); check the certificates"
  case is CancellationError: return "was given up"
  default: return shown("\(error)", limit: 200)
  }
}

/// Where a server may be found: its address, or those of its name. Names are looked up on a thread, which waits.
///
/// See: getaddrinfo(3)
func addresses(of server: ServerAddress, on loop: any EventLoop) async throws -> [SocketAddress] {
  if server.address != nil { return [try SocketAddress(ipAddress: server.host, port: server.port)] }
  let promise = loop.makePromise(of: [SocketAddress].self)
  do throws(ThreadError) {
    try startThread("lookup") { promise.completeWith(Result { try lookUp(server) }) }
  } catch { promise.fail(APIError(.unreachable, "\(error)")) }
  return try await promise.futureResult.get()
}

private func lookUp(_ server: ServerAddress) throws -> [SocketAddress] {
  var hints = addrinfo()
  hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
  var first: UnsafeMutablePointer<addrinfo>?
  let code = getaddrinfo(server.host, "\(server.port)", &hints, &first)
  guard code == 0 else {
    throw APIError(.unreachable, "the name cannot be looked up: \(String(cString: gai_strerror(code)))")
  }
  defer { freeaddrinfo(first) }
  return sequence(first: first, next: { $0?.pointee.ai_next }).compactMap { entry in
    guard let name = entry?.pointee.ai_addr else { return nil }
    var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    guard getnameinfo(name, entry?.pointee.ai_addrlen ?? 0, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0
    else { return nil }
    let address = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return try? SocketAddress(ipAddress: address, port: server.port)
  }
}

/// Waits without a thread.
///
/// - Throws: `CancellationError` as soon as the task is cancelled.
func pause(_ time: Duration, on loop: any EventLoop) async throws(CancellationError) {
  let promise = loop.makePromise(of: Void.self)
  let timer = loop.scheduleTask(in: TimeAmount(time)) { promise.succeed() }
  await withTaskCancellationHandler {
    try? await promise.futureResult.get()
  } onCancel: {
    timer.cancel()
    promise.succeed()
  }
  if Task.isCancelled { throw CancellationError() }
}
