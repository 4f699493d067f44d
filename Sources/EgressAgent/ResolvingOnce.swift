import ClusterModel
import EgressPolicy
import NameResolution
import NetworkValues
import Telemetry

/// Asks DNS for names once, for commands that derive without a daemon.
///
/// - Parameters:
///   - servers: whom to ask, in this order.
///   - patience: names that have no answer by then have none.
package func resolveOnce(
  _ names: Set<String>, from servers: [IPAddress], patience: Duration = .seconds(10)
) -> ResolvedNames {
  let questions = NameQuestions()
  var keeper = NameKeeper()
  var demand = NameDemand()
  demand.names = names
  keeper.want(demand, at: .now)
  if !names.isEmpty { questions.use(servers) }
  questions.ask(keeper.takeDue(at: .now))
  let end = ContinuousClock.now + patience
  var left = names.count
  while left > 0, ContinuousClock.now < end {
    let sockets = questions.descriptors
    let deadline = min(end, questions.deadline(after: .now) ?? end)
    _ = awaitInput(on: sockets.readable, writing: sockets.writable, until: deadline)
    for outcome in questions.process() {
      keeper.take(outcome, at: .now)
      left -= 1
    }
  }
  if keeper.mayExpire(at: .now) { keeper.expire(at: .now) { _ in false } }
  return keeper.document(at: .now).resolved
}

extension NamesDocument {
  /// The same as an input of the derivation, with a word on who gave each address until when.
  package var resolved: ResolvedNames {
    var names = ResolvedNames()
    for entry in entries {
      let addresses = entry.addresses.compactMap { try? IPAddress(parsing: $0.address) }
      if let client = entry.client.flatMap({ try? IPAddress(parsing: $0) }) {
        names.observed += addresses.map { ObservedName(client: client, name: entry.name, address: $0) }
      } else if addresses.isEmpty, let fault = entry.fault {
        names.faults[entry.name] = fault
      } else {
        names.addresses[entry.name] = addresses
        let end = entry.addresses.map(\.until).min()
        names.sources[entry.name] =
          "DNS \(resolvers.joined(separator: ", "))" + (end.map { ", until \($0)" } ?? "")
      }
    }
    names.observed.sort()
    return names
  }
}
