import Dispatch
import Foundation
import Synchronization

/// Runs `body` on so many threads at once, each with its number, and waits for all.
///
/// - Throws: an error of one of them, where there is one.
func onThreads<Value: Sendable>(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Value) throws -> [Value] {
  let results = ThreadResults<Value>()
  let group = DispatchGroup()
  for number in 0..<count {
    group.enter()
    Thread.detachNewThread {
      let result = Result { try body(number) }
      results.values.withLock { $0[number] = result }
      group.leave()
    }
  }
  group.wait()
  return try results.values.withLock { values in try (0..<count).compactMap { try values[$0]?.get() } }
}

private final class ThreadResults<Value: Sendable>: Sendable {
  let values = Mutex<[Int: Result<Value, any Error>]>([:])
}
