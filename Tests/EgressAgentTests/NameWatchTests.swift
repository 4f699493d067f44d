import EgressAgent
import Synchronization
import Telemetry
import Testing

@Suite struct NameWatchTests {
  /// Whoever asks waits for the answer: a scrape at the wrong moment would hold the listener, and so the daemon's end.
  @Test func `Every question is answered, also when the thread ends or has ended`() throws {
    let surroundings = ReconcilerSurroundings(board: newBoard(), stateFile: nil, manager: nil, logger: quietLogger)
    let watch = try NameWatch(inbox: try ReconcilerInbox(), surroundings: surroundings)
    let answers = Mutex(0)
    let count: @Sendable (NamesDocument) -> Void = { _ in answers.withLock { $0 += 1 } }
    watch.ask(count)
    watch.stop()
    watch.run()
    #expect(answers.withLock { $0 } == 1)
    watch.ask(count)
    #expect(answers.withLock { $0 } == 2)
  }
}
