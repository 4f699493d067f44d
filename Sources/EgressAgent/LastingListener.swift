import ServiceLifecycle
import StatusServer
import Synchronization

/// A listener that outlasts what goes wrong, and can be moved. While it cannot listen, the status says so and it is tried
/// again; the daemon works without it.
final class LastingListener: Service {
  /// Between two tries.
  static let pause = Duration.seconds(2)

  private let answers: StatusAnswers
  private let surroundings: ReconcilerSurroundings
  private let addresses: AsyncStream<StatusListener.Address>
  private let target: AsyncStream<StatusListener.Address>.Continuation
  private let current: Mutex<StatusListener.Address>

  init(_ address: StatusListener.Address, answers: StatusAnswers, surroundings: ReconcilerSurroundings) {
    self.answers = answers
    self.surroundings = surroundings
    (addresses, target) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    current = Mutex(address)
    target.yield(address)
  }

  /// Has it listen there instead of where it does, from any thread.
  func move(to address: StatusListener.Address) {
    let isNews = current.withLock { current in
      defer { current = address }
      return current != address
    }
    if isNews { target.yield(address) }
  }

  /// Listens at one address after the other until graceful shutdown.
  ///
  /// ServiceLifecycle's sequences that end on shutdown would start tasks on Dispatch. See: `EventLoopExecutor`
  func run() async {
    await withGracefulShutdownHandler {
      var listening: Task<Void, Never>?
      for await address in addresses {
        listening?.cancel()
        await listening?.value
        listening = Task(executorPreference: EventLoopExecutor.shared) { await self.keepListening(at: address) }
      }
      await listening?.value
    } onGracefulShutdown: {
      self.target.finish()
    }
  }

  private func keepListening(at address: StatusListener.Address) async {
    let source = "listener \(address)"
    let listener = StatusListener(address, answers: answers, logger: surroundings.logger)
    while !isOver {
      var reason = "it ended"
      do { try await listener.run { self.surroundings.report([], from: source) } } catch { reason = "\(error)" }
      if isOver { break }
      surroundings.report(
        ["cannot listen on \(address): \(reason); tried again every \(Int(Self.pause / .seconds(1))) seconds"],
        from: source)
      let pause = EventLoopExecutor.shared.pause(for: Self.pause)
      await withTaskCancellationOrGracefulShutdownHandler {
        await pause.wait()
      } onCancelOrGracefulShutdown: {
        pause.end()
      }
    }
    surroundings.report([], from: source)
  }

  private var isOver: Bool { Task.isCancelled || Task.isShuttingDownGracefully }
}
