import CLibnftnl
import CNetfilter
import Netlink
import Nftables

extension NetlinkBatch {
  /// Appends `rule` to a chain.
  mutating func addRule(_ table: TableID, chain: String, _ rule: Rule, step: Int) throws(KernelError) {
    guard let object = nftnl_rule_alloc() else { throw .outOfMemory }
    defer { nftnl_rule_free(object) }
    nftnl_rule_set_str(object, UInt16(NFTNL_RULE_TABLE.rawValue), table.name)
    nftnl_rule_set_str(object, UInt16(NFTNL_RULE_CHAIN.rawValue), chain)
    for expression in RuleEncoder(rule.statements, in: table.family).expressions {
      guard let expression = expression.makeObject() else { throw .outOfMemory }
      nftnl_rule_add_expr(object, expression.handle)
    }
    if let comment = rule.comment { try setComment(comment, of: object) }
    let flags = NLM_F_CREATE | NLM_F_APPEND
    appendMessage(UInt16(NFT_MSG_NEWRULE), flags: flags, family: table.family.number, step: step) {
      nftnl_rule_nlmsg_build_payload($0, object)
    }
  }

  /// The comment as nft keeps it: a record of type, length, text and zero in the rule's user data.
  private func setComment(_ comment: String, of rule: OpaquePointer) throws(KernelError) {
    let text = Array(comment.utf8)
    guard text.count < NFTNL_UDATA_COMMENT_MAXLEN else {
      throw KernelError(operation: "add rule", code: 0, reason: "the comment is longer than 127 bytes")
    }
    let record = [UInt8(NFTNL_UDATA_RULE_COMMENT.rawValue), UInt8(text.count + 1)] + text + [0]
    _ = record.withUnsafeBytes {
      nftnl_rule_set_data(rule, UInt16(NFTNL_RULE_USERDATA.rawValue), $0.baseAddress, UInt32($0.count))
    }
  }
}

/// A rule as the kernel lists it.
struct ListedRule {
  let table: String
  let chain: String
  let rule: Rule

  /// `nil` for a message without names.
  init?(_ message: NetlinkMessage, in family: TableID.Family) {
    guard let table = message.text(NFTA_RULE_TABLE.rawValue), let chain = message.text(NFTA_RULE_CHAIN.rawValue),
      let object = nftnl_rule_alloc()
    else { return nil }
    defer { nftnl_rule_free(object) }
    self.table = table
    self.chain = chain
    // libnftnl refuses a rule with an expression that is younger than itself.
    let isReadable = nftnl_rule_nlmsg_parse(message.header, object) == 0
    rule = isReadable ? Rule(object, in: family) : Rule([], comment: notOurs("a rule that could not be read"))
  }
}

extension Rule {
  /// The rule of a libnftnl object; a rule that our values cannot say becomes a marker, which no rule of ours equals.
  fileprivate init(_ object: OpaquePointer, in family: TableID.Family) {
    var expressions: [Expression] = []
    guard let iterator = nftnl_expr_iter_create(object) else {
      self.init([], comment: notOurs("a rule that could not be read"))
      return
    }
    defer { nftnl_expr_iter_destroy(iterator) }
    while let handle = nftnl_expr_iter_next(iterator) {
      let object = ExpressionObject(handle)
      guard let expression = Expression(object) else {
        self.init([], comment: notOurs("a rule with \(object.name)"))
        return
      }
      expressions.append(expression)
    }
    guard let statements = RuleDecoder.statements(of: expressions, in: family) else {
      self.init([], comment: notOurs("a rule of other statements"))
      return
    }
    self.init(statements, comment: text(ofCommentIn: object))
  }
}

/// The comment in a rule's user data.
private func text(ofCommentIn rule: OpaquePointer) -> String? {
  var count: UInt32 = 0
  guard let start = nftnl_rule_get_data(rule, UInt16(NFTNL_RULE_USERDATA.rawValue), &count) else { return nil }
  var rest = UnsafeRawBufferPointer(start: start, count: Int(count))[...]
  while rest.count >= 2 {
    let (type, length) = (rest[rest.startIndex], Int(rest[rest.startIndex + 1]))
    let value = rest.dropFirst(2).prefix(length)
    if type == UInt8(NFTNL_UDATA_RULE_COMMENT.rawValue) {
      return String(decoding: value.prefix { $0 != 0 }, as: UTF8.self)
    }
    rest = rest.dropFirst(2 + length)
  }
  return nil
}
