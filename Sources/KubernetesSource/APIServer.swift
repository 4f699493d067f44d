import ClusterModel
import NIOCore
import NIOHTTP1
import Synchronization

/// What is asked of an API server.
struct APIRequest: Sendable {
  /// What is sent with it.
  struct Contents: Sendable {
    /// As `Content-Type` says it.
    var type: String
    var bytes: [UInt8]
  }

  var method = HTTPMethod.GET

  /// With its query, both percent-encoded.
  var target: String

  /// What kinds of answers are understood.
  var accept = "application/json"

  /// Until the answer must be whole.
  var deadline: TimeAmount

  var contents: Contents?
}

/// An answer that has begun.
struct APIResponse: Sendable {
  var status: Int

  /// The server's wish when to be asked again.
  var retryAfter: Duration?

  /// Ends when the answer is whole, and throws where it is not. Whoever stops reading ends the request.
  var body: AsyncThrowingStream<ByteBuffer, any Error>
}

/// An API server: one connection for all requests as long as it lasts.
///
/// With HTTP/2, as every API server speaks it, requests share a connection; with HTTP/1.1 each has its own.
actor APIServer {
  private let access: ClusterAccess
  private let patience: ConnectionPatience
  private let loop: any EventLoop
  private let executor: any TaskExecutor
  private var line: SharedLine?
  private var opening: Task<APIConnection, any Error>?

  /// Whether the server speaks HTTP/1.1 only, as far as known.
  private var isSingle = false

  /// Attempts to connect that failed, in a row.
  private var failures = 0
  private var token: APICredentials.Token?
  private var prefix = ""
  private var authority = ""

  private let shownName: Mutex<String>

  /// The server's URL; before it is known, where it is looked for.
  nonisolated var name: String { shownName.withLock { $0 } }

  /// - Parameter executor: runs tasks on `loop`. Swift's own would wake the process every second.
  init(
    _ access: ClusterAccess, _ patience: ConnectionPatience, on loop: any EventLoop, executor: any TaskExecutor
  ) {
    self.access = access
    self.patience = patience
    self.loop = loop
    self.executor = executor
    shownName = Mutex(access.origin)
  }

  /// Sends a request and waits for the head of the answer.
  func send(_ request: APIRequest) async throws(APIError) -> APIResponse {
    let connection = try await connect()
    let (body, continuation) = AsyncThrowingStream<ByteBuffer, any Error>.makeStream()
    let promise = loop.makePromise(of: HTTPResponseHead.self)
    let handler = ResponseHandler(promise, continuation)
    do {
      let stream = try await connection.stream(for: handler)
      if line?.connection.channel === connection.channel { line?.count(stream) }
      continuation.onTermination = { _ in stream.close(promise: nil) }
      let overdue = loop.scheduleTask(in: request.deadline) {
        handler.end(AnswerOverdue())
        stream.close(promise: nil)
      }
      stream.closeFuture.whenComplete { _ in overdue.cancel() }
      try await write(request, to: stream)
      let head = try await withTaskCancellationHandler {
        try await promise.futureResult.get()
      } onCancel: {
        stream.close(promise: nil)
      }
      let wish = head.headers.first(name: "retry-after").flatMap { Int($0) }.map {
        Duration.seconds(min(max($0, 0), 60))
      }
      return APIResponse(status: Int(head.status.code), retryAfter: wish, body: body)
    } catch {
      handler.end(error)
      abandon(connection)
      throw (error as? APIError) ?? APIError(.unreachable, words(for: error))
    }
  }

  /// Ends every request.
  func close() {
    opening?.cancel()
    line?.connection.channel.close(promise: nil)
    line = nil
  }

  /// Waits until the connection that is there now has ended; not at all where there is none.
  func untilDisconnected() async {
    guard let channel = line?.connection.channel, channel.isActive else { return }
    try? await channel.closeFuture.get()
  }
}

extension APIServer {
  /// How many requests share a connection. Servers allow 100 or more; what is beyond would wait for the end of a watch.
  private static let streamLimit = 90

  private func connect() async throws(APIError) -> APIConnection {
    if let line, line.isUsable(below: Self.streamLimit) { return line.connection }
    do {
      if isSingle { return try await open() }
      if let opening {
        let connection = try await opening.value
        return connection.multiplexer == nil ? try await open() : connection
      }
      let task = Task(executorPreference: executor) { try await self.open() }
      opening = task
      defer { opening = nil }
      let connection = try await task.value
      isSingle = connection.multiplexer == nil
      line = isSingle ? nil : SharedLine(connection)
      return connection
    } catch { throw (error as? APIError) ?? APIError(.unreachable, words(for: error)) }
  }

  /// Connects; after a failure not at once. All who wait for a connection wait for the same attempt.
  private func open() async throws -> APIConnection {
    if failures > 0 { try await pause(patience.backOff.pause(after: failures), on: loop) }
    do {
      let connection = try await attempt()
      failures = 0
      return connection
    } catch {
      failures += 1
      throw error
    }
  }

  private func attempt() async throws -> APIConnection {
    let credentials = try access.credentials()
    shownName.withLock { $0 = "\(credentials.server)" }
    token = credentials.token
    prefix = credentials.server.prefix
    authority = credentials.server.authority
    var failure: any Error = APIError(.unreachable, "the name has no address")
    for address in try await addresses(of: credentials.server, on: loop) {
      do { return try await APIConnection.open(to: address, credentials, patience, on: loop) } catch { failure = error }
    }
    throw failure
  }

  private func write(_ request: APIRequest, to stream: any Channel) async throws {
    var headers: HTTPHeaders = [
      "Host": authority, "User-Agent": "moat", "Accept": request.accept, "Accept-Encoding": "identity",
    ]
    if let token { headers.add(name: "Authorization", value: try token.header()) }
    if let contents = request.contents {
      headers.add(name: "Content-Type", value: contents.type)
      headers.add(name: "Content-Length", value: "\(contents.bytes.count)")
    }
    let head = HTTPRequestHead(
      version: .http1_1, method: request.method, uri: prefix + request.target, headers: headers)
    stream.write(HTTPClientRequestPart.head(head), promise: nil)
    if let contents = request.contents {
      stream.write(HTTPClientRequestPart.body(.byteBuffer(ByteBuffer(bytes: contents.bytes))), promise: nil)
    }
    try await stream.writeAndFlush(HTTPClientRequestPart.end(nil)).get()
  }

  /// Lets the next request open another connection; what runs on this one goes on.
  private func abandon(_ connection: APIConnection) {
    isSingle = false
    if line?.connection.channel === connection.channel { line = nil }
  }
}

/// A connection that requests share.
private final class SharedLine: Sendable {
  let connection: APIConnection
  private let streams = Mutex(0)

  init(_ connection: APIConnection) { self.connection = connection }

  func isUsable(below limit: Int) -> Bool { connection.channel.isActive && streams.withLock { $0 < limit } }

  /// Counts a stream until it is closed.
  func count(_ stream: any Channel) {
    streams.withLock { $0 += 1 }
    stream.closeFuture.whenComplete { [self] _ in streams.withLock { $0 -= 1 } }
  }
}
