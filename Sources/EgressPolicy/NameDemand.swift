import ClusterModel
import NetworkValues

/// Which names a node has to know the addresses of, whom to ask for them, and what resolvers may tell its gateway pods.
package struct NameDemand: Equatable, Sendable {
  /// Names to be asked for.
  package var names: Set<String> = []

  /// Whom to ask, in this order.
  package var resolvers: [IPAddress] = []

  /// What answers to others may open.
  package var openings: NameOpenings?

  /// How long addresses count, and how many.
  package var configuration = Configuration.Names()

  /// Nothing.
  package init() {}

  package init(
    _ model: EgressModel, on node: NodeName, openings: NameOpenings, under configuration: Configuration.Names
  ) {
    names = model.neededNames(on: node)
    resolvers = names.isEmpty ? [] : model.ownResolvers
    self.openings = openings.clients.isEmpty ? nil : openings
    self.configuration = configuration
  }
}
