import ArgumentParser
import ClusterModel
import Dispatch
import KubernetesSource
import ManifestSource
import StatusServer
import Synchronization

/// Lists a whole cluster once.
///
/// - Throws: `ExitCode(1)` where something of it cannot be listed; says on standard error what.
func readCluster(_ access: ClusterAccess) throws -> ManifestReading {
  let result = Mutex<Result<ClusterSnapshot, APIError>?>(nil)
  let done = DispatchSemaphore(value: 0)
  let executor = EventLoopExecutor.shared
  Task(executorPreference: executor) {
    do throws(APIError) {
      let snapshot = try await listCluster(access, on: executor.loop, executor: executor)
      result.withLock { $0 = .success(snapshot) }
    } catch { result.withLock { $0 = .failure(error) } }
    done.signal()
  }
  done.wait()
  switch result.withLock({ $0 }) {
  case .success(let snapshot):
    var reading = ManifestReading()
    reading.snapshot = snapshot
    return reading
  case .failure(let error): printError("moat: the cluster cannot be read: \(error)")
  case nil: break
  }
  throw ExitCode(1)
}
