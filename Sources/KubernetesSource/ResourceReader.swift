import ClusterModel
import NIOCore

/// Lists and watches one resource, once each time.
///
/// See: https://kubernetes.io/docs/reference/using-api/api-concepts
struct ResourceReader: Sendable {
  let server: APIServer
  let resource: APIResource

  /// What its objects are read as; absent where their names are all that is wanted.
  let kind: ManifestKind?

  /// The largest object, and the largest event, in bytes. etcd keeps no object of more than 1.5 MiB.
  private static let objectLimit = 16 << 20

  /// How many objects a page has, where the server makes pages.
  private static let pageSize = 500

  /// Until a page must have come whole; the server itself allows itself a minute.
  private static let pagePatience = TimeAmount.seconds(90)

  /// How long after its time a watch may end.
  private static let slack = Duration.seconds(30)

  /// All objects, and the version as of which they are all.
  ///
  /// - Parameter known: the list must not be older; absent, where anything that the server has will do.
  /// - Parameter isExact: ask etcd, whatever the server has in its cache.
  func list(notBefore known: ResourceVersion?, isExact: Bool) async throws(APIError) -> ServedList {
    var parameters: [(String, String)] = []
    if resource.mayBeCached, !isExact {
      parameters = [("resourceVersion", known?.text ?? "0"), ("resourceVersionMatch", "NotOlderThan")]
    } else {
      parameters = [("limit", "\(Self.pageSize)")]
    }
    var whole = ServedList()
    var next: String? = ""
    while let mark = next {
      if !mark.isEmpty { parameters = [("limit", "\(Self.pageSize)"), ("continue", mark)] }
      next = try await readPage(parameters, into: &whole)
    }
    return whole
  }

  /// - Returns: where the next page begins; `nil` after the last.
  private func readPage(_ parameters: [(String, String)], into list: inout ServedList) async throws(APIError) -> String?
  {
    let response = try await send(parameters, verb: "list", deadline: Self.pagePatience)
    var pieces = JSONPieces(of: .list, limit: Self.objectLimit)
    var metadata: ManifestValue?
    for try await part in Parts(response) {
      for piece in try reading({ () throws(JSONSyntaxError) in try pieces.append(part) }) {
        switch piece {
        case .item(let bytes): list.objects.append(try ServedObject(reading: bytes, as: kind, of: resource))
        case .member("metadata", let bytes):
          metadata = try reading { () throws(JSONSyntaxError) in try ManifestValue(ofJSON: bytes) }
        case .member, .document: break
        }
      }
    }
    guard pieces.isComplete, let version = metadata?["resourceVersion"]?.scalarText else {
      throw APIError(.unreachable, "a list was cut off")
    }
    if list.version == nil { list.version = ResourceVersion(version) }
    return metadata?["continue"]?.scalarText.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// Follows what happens after `version` until the server ends the watch, as it does after `time`.
  ///
  /// - Parameter take: gets the events that came together; none, when the server has agreed to watch.
  func watch(
    from version: ResourceVersion, for time: Duration, _ take: @Sendable ([WatchEvent]) async -> Void
  ) async throws(APIError) {
    let parameters = [
      ("watch", "1"), ("allowWatchBookmarks", "true"), ("resourceVersion", version.text),
      ("timeoutSeconds", "\(time.components.seconds)"),
    ]
    let response = try await send(parameters, verb: "watch", deadline: TimeAmount(time + Self.slack))
    await take([])
    var pieces = JSONPieces(of: .documents, limit: Self.objectLimit)
    for try await part in Parts(response) {
      let documents = try reading { () throws(JSONSyntaxError) in try pieces.append(part) }
      let (events, fault) = events(of: documents)
      if !events.isEmpty { await take(events) }
      if let fault { throw fault }
    }
    guard pieces.isComplete else { throw APIError(.unreachable, "a watch was cut off within an event") }
  }

  /// The events up to the first that tells of an error, or is none.
  private func events(of documents: [JSONPieces.Piece]) -> ([WatchEvent], APIError?) {
    var events: [WatchEvent] = []
    for case .document(let bytes) in documents {
      do { events.append(try WatchEvent(reading: bytes, as: kind, of: resource)) } catch { return (events, error) }
    }
    return (events, nil)
  }

  private func send(
    _ parameters: [(String, String)], verb: String, deadline: TimeAmount
  ) async throws(APIError) -> APIResponse {
    let selector = resource.selector.map { [($0.name, $0.text)] } ?? []
    let query = (selector + parameters).map { "\($0)=\(percentEncoded($1))" }.joined(separator: "&")
    var request = APIRequest(target: "\(resource.path)?\(query)", deadline: deadline)
    if resource.isMetadataOnly {
      let form = verb == "list" ? "PartialObjectMetadataList" : "PartialObjectMetadata"
      request.accept = "application/json;as=\(form);g=meta.k8s.io;v=v1"
    }
    let response = try await server.send(request)
    guard response.status != 200 else { return response }
    let message = await statusMessage(response)
    throw APIError(
      status: response.status, message: message, retryAfter: response.retryAfter, asking: resource, verb: verb)
  }

  /// The message of the Status object that explains a refusal, or the beginning of whatever came.
  private func statusMessage(_ response: APIResponse) async -> String? {
    var body: [UInt8] = []
    do {
      for try await part in response.body {
        body += part.readableBytesView
        if body.count > 65_536 { break }
      }
    } catch { return nil }
    let status = try? ManifestValue(ofJSON: body, keeping: .named("message"))
    return status?["message"]?.scalarText ?? String(decoding: body.prefix(200), as: UTF8.self)
  }

  private func reading<Value>(_ body: () throws(JSONSyntaxError) -> Value) throws(APIError) -> Value {
    do { return try body() } catch {
      throw APIError(.unreadable, "what the server sent \(error.reason)", on: "\(resource)")
    }
  }
}

/// All objects of a resource at one moment.
struct ServedList: Sendable {
  var objects: [ServedObject] = []
  var version: ResourceVersion?
}

/// The parts of an answer's body.
private struct Parts: AsyncSequence {
  struct Iterator: AsyncIteratorProtocol {
    var parts: AsyncThrowingStream<ByteBuffer, any Error>.Iterator

    mutating func next() async throws(APIError) -> [UInt8]? {
      do { return try await parts.next().map { [UInt8]($0.readableBytesView) } } catch {
        throw APIError(.unreachable, words(for: error))
      }
    }
  }

  let response: APIResponse

  init(_ response: APIResponse) { self.response = response }

  func makeAsyncIterator() -> Iterator { Iterator(parts: response.body.makeAsyncIterator()) }
}

/// Everything but letters, digits and `-._~` as `%XX`. See: RFC 3986, section 2.3
func percentEncoded(_ text: String) -> String {
  var result = ""
  for byte in text.utf8 {
    switch byte {
    case 48...57, 65...90, 97...122, 45, 46, 95, 126: result.unicodeScalars.append(Unicode.Scalar(byte))
    default:
      let digits = String(byte, radix: 16, uppercase: true)
      result += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
    }
  }
  return result
}
