import ServiceLifecycle
import StatusServer

/// A listener whose failure is told in the status instead of ending the daemon.
struct TolerantListener: Service {
  var listener: StatusListener
  var surroundings: ReconcilerSurroundings

  func run() async throws {
    do { try await listener.run() } catch {
      surroundings.report(["cannot listen on \(listener.address): \(error)"], from: "listener \(listener.address)")
      try await gracefulShutdown()
    }
  }
}
