import NameResolution
import NetworkValues

/// Asks resolvers for names, both address types of each, not too many at once. Belongs to one thread.
final class NameQuestions {
  /// What became of a name's two questions together.
  struct Outcome {
    var name: String
    var answers: [DNSMessage.Answer] = []

    /// Why a type could not be asked for, by type; empty where all is known.
    var failures: [DNSMessage.AddressType: String] = [:]
  }

  /// How many names are asked for at a time; more wait.
  private let limit = 128

  private var resolver: DNSResolver?
  private var servers: [IPAddress] = []
  private var waiting: [String] = []
  private var underway: [String: (left: Int, outcome: Outcome)] = [:]
  private var done: [Outcome] = []

  /// Why nobody can be asked; `nil` where somebody can.
  private(set) var fault: String?

  /// Chooses whom to ask from now on. What is under way to others fails.
  func use(_ servers: [IPAddress]) {
    guard servers != self.servers || resolver == nil else { return }
    self.servers = servers
    resolver = nil
    guard !servers.isEmpty else {
      fault = "no resolver is known: set names.resolvers, or write one into /etc/resolv.conf"
      return
    }
    do throws(DNSResolverError) {
      resolver = try DNSResolver(servers: servers)
      fault = nil
    } catch {
      fault = "\(error)"
    }
  }

  /// Asks for names.
  func ask(_ names: [String]) {
    waiting += names
    askWaiting()
  }

  private func askWaiting() {
    while underway.count < limit, !waiting.isEmpty {
      let name = waiting.removeFirst()
      guard underway[name] == nil else { continue }
      guard let resolver else {
        done.append(Outcome(name: name, failures: [.a: fault ?? "nobody to ask"]))
        continue
      }
      underway[name] = (DNSMessage.AddressType.allCases.count, Outcome(name: name))
      for type in DNSMessage.AddressType.allCases {
        resolver.ask(DNSMessage.Question(name: name, type: type)) { [unowned self] in take($0, of: name, type) }
      }
    }
  }

  private func take(_ outcome: DNSResolver.Outcome, of name: String, _ type: DNSMessage.AddressType) {
    guard var (left, known) = underway[name] else { return }
    switch outcome {
    case .answered(let answers): known.answers += answers
    case .missing: break
    case .failed(let reason): known.failures[type] = reason
    }
    left -= 1
    underway[name] = left > 0 ? (left, known) : nil
    if left == 0 { done.append(known) }
  }

  /// What to wait for.
  var descriptors: (readable: [Int32], writable: [Int32]) { resolver?.descriptors ?? ([], []) }

  /// When to call `process` even if nothing can be read.
  func deadline(after now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
    done.isEmpty ? resolver?.patience.map { now + $0 } : now
  }

  /// Takes in what has come.
  ///
  /// - Returns: names whose questions are over.
  func process() -> [Outcome] {
    resolver?.process()
    askWaiting()
    defer { done = [] }
    return done
  }
}
