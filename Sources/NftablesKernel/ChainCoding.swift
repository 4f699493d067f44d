import CLibnftnl
import CNetfilter
import Netlink
import Nftables

extension Hook.Point {
  /// The hook's number, the same in inet and bridge. See: linux/netfilter.h, enum nf_inet_hooks
  fileprivate var number: UInt32 {
    switch self {
    case .prerouting: NF_INET_PRE_ROUTING.rawValue
    case .input: NF_INET_LOCAL_IN.rawValue
    case .forward: NF_INET_FORWARD.rawValue
    case .output: NF_INET_LOCAL_OUT.rawValue
    }
  }
}

extension NetlinkBatch {
  /// Adds a chain without rules.
  mutating func addChain(_ table: TableID, name: String, hook: Hook?, step: Int) throws(KernelError) {
    guard let object = nftnl_chain_alloc() else { throw .outOfMemory }
    defer { nftnl_chain_free(object) }
    nftnl_chain_set_str(object, UInt16(NFTNL_CHAIN_TABLE.rawValue), table.name)
    nftnl_chain_set_str(object, UInt16(NFTNL_CHAIN_NAME.rawValue), name)
    if let hook {
      nftnl_chain_set_str(object, UInt16(NFTNL_CHAIN_TYPE.rawValue), "filter")
      nftnl_chain_set_u32(object, UInt16(NFTNL_CHAIN_HOOKNUM.rawValue), hook.point.number)
      nftnl_chain_set_s32(object, UInt16(NFTNL_CHAIN_PRIO.rawValue), hook.priority)
      let policy = UInt32(hook.policy == .accept ? NF_ACCEPT : NF_DROP)
      nftnl_chain_set_u32(object, UInt16(NFTNL_CHAIN_POLICY.rawValue), policy)
    }
    appendMessage(UInt16(NFT_MSG_NEWCHAIN), flags: NLM_F_CREATE, family: table.family.number, step: step) {
      nftnl_chain_nlmsg_build_payload($0, object)
    }
  }
}

/// A chain as the kernel lists it, without rules.
struct ListedChain {
  let table: String
  let name: String
  let hook: Hook?

  /// What about it moat does not use; `nil` for a chain as moat makes them.
  let peculiarity: String?

  /// `nil` for a message without names.
  init?(_ message: NetlinkMessage) {
    guard let table = message.text(NFTA_CHAIN_TABLE.rawValue), let name = message.text(NFTA_CHAIN_NAME.rawValue) else {
      return nil
    }
    self.table = table
    self.name = name
    guard let object = nftnl_chain_alloc() else { return nil }
    defer { nftnl_chain_free(object) }
    guard nftnl_chain_nlmsg_parse(message.header, object) == 0 else {
      hook = nil
      peculiarity = "a chain that could not be read"
      return
    }
    guard nftnl_chain_is_set(object, UInt16(NFTNL_CHAIN_HOOKNUM.rawValue)) else {
      hook = nil
      peculiarity = nil
      return
    }
    hook = Hook(object)
    peculiarity = hook == nil ? "a base chain of another type or hook" : nil
  }
}

extension Hook {
  /// The hook of a base chain; `nil` for one that moat does not use.
  fileprivate init?(_ object: OpaquePointer) {
    let number = nftnl_chain_get_u32(object, UInt16(NFTNL_CHAIN_HOOKNUM.rawValue))
    let type = nftnl_chain_get_str(object, UInt16(NFTNL_CHAIN_TYPE.rawValue)).map { String(cString: $0) }
    let flags = nftnl_chain_get_u32(object, UInt16(NFTNL_CHAIN_FLAGS.rawValue))
    guard let point = Point.allCases.first(where: { $0.number == number }), type == "filter",
      flags & ~UInt32(NFT_CHAIN_BASE.rawValue) == 0,
      !nftnl_chain_is_set(object, UInt16(NFTNL_CHAIN_DEV.rawValue))
    else { return nil }
    let policy = nftnl_chain_get_u32(object, UInt16(NFTNL_CHAIN_POLICY.rawValue))
    self.init(
      point, priority: nftnl_chain_get_s32(object, UInt16(NFTNL_CHAIN_PRIO.rawValue)),
      policy: policy == UInt32(NF_DROP) ? .drop : .accept)
  }
}

extension NetlinkMessage {
  /// The message as libnftnl takes it.
  var header: UnsafePointer<nlmsghdr>? { bytes.baseAddress?.assumingMemoryBound(to: nlmsghdr.self) }

  /// The first attribute of this type, as a text.
  func text(_ type: UInt32) -> String? {
    var attributes = attributes(after: 4)
    while let attribute = attributes.next() {
      if UInt32(attribute.type) == type { return attribute.text }
    }
    return nil
  }
}
