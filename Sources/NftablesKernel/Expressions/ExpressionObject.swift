import CLibnftnl

/// An expression of libnftnl, as a pair of getters and setters. It is not owned.
struct ExpressionObject {
  let handle: OpaquePointer

  /// An expression that was read.
  init(_ handle: OpaquePointer) { self.handle = handle }

  /// A new expression; `nil` when there is no memory.
  init?(name: String) {
    guard let handle = nftnl_expr_alloc(name) else { return nil }
    self.handle = handle
  }

  /// `meta`, `payload`, …
  var name: String { text(NFTNL_EXPR_NAME) ?? "" }

  /// Whether the attribute is there.
  func has(_ attribute: Int) -> Bool { nftnl_expr_is_set(handle, UInt16(attribute)) }

  /// A byte; 0 where the attribute is missing.
  func u8(_ attribute: Int) -> UInt8 { has(attribute) ? nftnl_expr_get_u8(handle, UInt16(attribute)) : 0 }

  /// A short number; 0 where the attribute is missing.
  func u16(_ attribute: Int) -> UInt16 { has(attribute) ? nftnl_expr_get_u16(handle, UInt16(attribute)) : 0 }

  /// A number; 0 where the attribute is missing.
  func u32(_ attribute: Int) -> UInt32 { has(attribute) ? nftnl_expr_get_u32(handle, UInt16(attribute)) : 0 }

  /// A long number; 0 where the attribute is missing.
  func u64(_ attribute: Int) -> UInt64 { has(attribute) ? nftnl_expr_get_u64(handle, UInt16(attribute)) : 0 }

  /// A text.
  func text(_ attribute: Int) -> String? {
    guard has(attribute), let text = nftnl_expr_get_str(handle, UInt16(attribute)) else { return nil }
    return String(cString: text)
  }

  /// Bytes.
  func bytes(_ attribute: Int) -> [UInt8] {
    var count: UInt32 = 0
    guard has(attribute), let start = nftnl_expr_get(handle, UInt16(attribute), &count) else { return [] }
    return Array(UnsafeRawBufferPointer(start: start, count: Int(count)))
  }

  /// A register as the number of its first word; `nil` where it is missing or the verdict register.
  func word(_ attribute: Int) -> Int? {
    guard has(attribute) else { return nil }
    let register = Int(u32(attribute))
    return switch register {
    case 1...4: 4 * (register - 1)
    case 8...23: register - 8
    default: nil
    }
  }

  func set(_ attribute: Int, _ value: UInt32) { nftnl_expr_set_u32(handle, UInt16(attribute), value) }
  func set(_ attribute: Int, u8 value: UInt8) { nftnl_expr_set_u8(handle, UInt16(attribute), value) }
  func set(_ attribute: Int, u16 value: UInt16) { nftnl_expr_set_u16(handle, UInt16(attribute), value) }
  func set(_ attribute: Int, u64 value: UInt64) { nftnl_expr_set_u64(handle, UInt16(attribute), value) }
  func set(_ attribute: Int, _ value: String) { _ = nftnl_expr_set_str(handle, UInt16(attribute), value) }

  func set(_ attribute: Int, _ value: [UInt8]) {
    _ = value.withUnsafeBytes { nftnl_expr_set(handle, UInt16(attribute), $0.baseAddress, UInt32($0.count)) }
  }

  /// Sets a register the way nft counts: 1 to 4 where sixteen bytes begin, else 8 and the word's number.
  func set(_ attribute: Int, word: Int) { set(attribute, UInt32(word % 4 == 0 ? 1 + word / 4 : 8 + word)) }
}
