/// Whether a document might hold an alias bomb in a key.
///
/// Yams hashes keys before we see them, and a key that is an alias to aliases to aliases takes for ever. Such a document
/// needs anchors, many aliases and a key that is no plain scalar; all three are looked for in the text, without telling
/// block scalars apart. Real manifests have aliases in values only.
func mightHideAliasesInKeys(_ bytes: ArraySlice<UInt8>) -> Bool {
  var anchors = 0
  var aliases = 0
  var hasComplexKey = false
  var previous = UInt8(ascii: "\n")
  var isAfterAlias = false
  for (place, byte) in zip(bytes.indices, bytes) {
    let next = place + 1 < bytes.endIndex ? bytes[place + 1] : UInt8(ascii: "\n")
    switch byte {
    case UInt8(ascii: "&") where mayBegin(after: previous): anchors += 1
    case UInt8(ascii: "*") where mayBegin(after: previous) && !isBlank(next):
      aliases += 1
      isAfterAlias = true
    case UInt8(ascii: "?") where mayBegin(after: previous) && isBlank(next): hasComplexKey = true
    case UInt8(ascii: ":") where isAfterAlias: hasComplexKey = true
    case UInt8(ascii: "]"), UInt8(ascii: "}"): isAfterAlias = true
    case UInt8(ascii: ","), UInt8(ascii: "\n"): isAfterAlias = false
    default: break
    }
    previous = byte
  }
  return anchors > 0 && aliases > 12 && hasComplexKey
}

/// Whether an indicator may stand after this byte.
private func mayBegin(after byte: UInt8) -> Bool { isBlank(byte) || "[{,-?:".utf8.contains(byte) }

private func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d }
