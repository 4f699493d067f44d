import EgressPolicy
import NetworkValues
import Nftables

/// The NFLOG group of what resolvers and gateway pods tell each other.
package let nameGroup: UInt16 = 28016

/// What of a conversation with a resolver is copied.
enum NameMessage { case query, answer }

/// Copies to NFLOG what this node's gateway pods ask the resolvers that are believed, and what they are told (S4): whole
/// packets, as they are after translation. Which resolver a pod asked is what connection tracking says it was before.
/// Nothing on nodes that carry no gateways.
func copies(of messages: [NameMessage], on role: NodeRole) -> [Rule] {
  guard role == .gateway else { return [] }
  return messages.flatMap { message in
    IPFamily.allCases.map { family in
      let client = message == .query ? family.source : family.destination
      let direction: [Statement] = message == .query ? [] : [.connectionDirection(.reply)]
      return Rule(
        [.lookup([client], .isIn, set: SetName.name_clients.of(family))] + direction + [
          .lookup([family.originalDestination], .isIn, set: SetName.resolvers.of(family)),
          .log(prefix: "dns", group: nameGroup, snaplen: 0),
        ], comment: message == .query ? "S4 what is asked" : "S4 what is told")
    }
  }
}

/// Refuses a gateway pod that may be ahead of what moat heard its resolver say: in silence, so that its next try finds
/// the address open. Counted and logged as any other.
func unansweredNames(_ rules: EnforcementRules) -> Chain {
  let silent = refusalChains(rules, of: [.external], answering: false)[0]
  return Chain("refuse-unanswered", rules: silent.rules)
}

/// Where it is: before S1's refusal.
func aheadOfNames(_ family: IPFamily) -> Rule {
  Rule(
    [
      .lookup([family.source], .isIn, set: SetName.name_clients.of(family)),
      .lookup([.tcpDestinationPort], .isIn, set: namePorts),
      .tcpFlags(mask: [.fin, .syn, .rst, .ack], .equal, .syn), .verdict(.goto("refuse-unanswered")),
    ], comment: "S4 perhaps ahead of its resolver's answer")
}

extension IPFamily {
  fileprivate var originalDestination: Field { self == .v4 ? .originalDestination4 : .originalDestination6 }
}
