import ClusterModel
import NIOCore

/// Lists everything that moat reads of a cluster once, every pod included.
///
/// - Parameter executor: runs tasks on `loop`.
/// - Throws: for the first resource that cannot be listed; without it nothing can be said of the cluster.
package func listCluster(
  _ access: ClusterAccess, on loop: any EventLoop, executor: any TaskExecutor
) async throws(APIError) -> ClusterSnapshot {
  let server = APIServer(access, ConnectionPatience(), on: loop, executor: executor)
  do {
    let snapshot = try await listing(server, on: loop)
    await server.close()
    return snapshot
  } catch {
    await server.close()
    throw error.kind == .unreachable ? APIError(.unreachable, error.reason, on: server.name) : error
  }
}

private func listing(_ server: APIServer, on loop: any EventLoop) async throws(APIError) -> ClusterSnapshot {
  var tables = ClusterTables()
  var subjects = Subject.initial + [.pods(.all)]
  while let subject = subjects.popLast() {
    guard let reader = try await server.reader(of: subject) else { continue }
    let list = try await patiently(on: loop) { () async throws(APIError) in
      try await reader.list(notBefore: nil, isExact: true)
    }
    if let kind = reader.kind {
      tables.update(kind) { $0.replace(with: list.objects, from: 0) }
    } else {
      let names = Set(list.objects.map(\.name.name))
      subjects += ManifestKind.allCases.filter { $0.isCustom && names.contains("\($0.plural).\($0.group)") }
        .map { .kind($0) }
    }
  }
  return tables.snapshot()
}

/// Tries again a few times where the server is busy, or a page of a list is not there any more.
private func patiently<Value: Sendable>(
  on loop: any EventLoop, _ body: () async throws(APIError) -> Value
) async throws(APIError) -> Value {
  for attempt in 1...4 {
    do { return try await body() } catch {
      switch error.kind {
      case .busy, .outdated, .absent: try? await pause(.milliseconds(250) * attempt, on: loop)
      case .unreachable, .credentials, .unauthorized, .forbidden, .unreadable: throw error
      }
    }
  }
  return try await body()
}
