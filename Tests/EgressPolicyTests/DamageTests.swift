import ClusterModel
import EgressPolicy
import Foundation
import ManifestSource
import NetworkValues
import SeededRandom
import Testing

/// Damaged manifests of the main scenario, by seed: whatever is damaged, nothing crashes, and nothing is allowed that
/// the whole manifests do not allow (S11), but for what the model itself says of parts that are not there.
@Suite struct DamageTests {
  /// 10,000 cases in a release build: four trees to every text.
  #if DEBUG
    private static let count: UInt64 = 1_000
  #else
    private static let count: UInt64 = 10_000
  #endif

  @Test func `A damaged object allows nothing new`() throws {
    let manifests = try MainManifests()
    for seed in 0..<Self.count * 4 / 5 {
      var generator = Seeded(seed)
      let index = Int.random(in: 0..<manifests.objects.count, using: &generator)
      let object = manifests.objects[index]
      let damaged = object.damaged(using: &generator)
      let damage = Damage(of: object, lost: lostPaths(object, damaged))
      let news = manifests.news(in: manifests.allowances(replacing: index, with: damaged), after: damage)
      #expect(news.isEmpty, "seed \(seed): \(damage) allows \(news.sorted())")
    }
  }

  @Test func `A text that is cut off or corrupt allows nothing new`() throws {
    let manifests = try MainManifests()
    for seed in 0..<Self.count / 5 {
      var generator = Seeded(seed)
      var texts = manifests.texts.map { Array($0.utf8) }
      let index = Int.random(in: 0..<texts.count, using: &generator)
      let change = Bool.random(using: &generator) ? corrupted : cut
      let (text, damage) = change(manifests.texts[index], &generator)
      texts[index] = text
      let news = manifests.news(in: manifests.allowances(of: texts), after: damage)
      #expect(news.isEmpty, "seed \(seed): \(damage.map { "\($0)" } ?? "") allows \(news.sorted())")
    }
  }
}

/// The text up to the end of some line, and what the object has lost in which it ends.
private func cut(_ text: String, using generator: inout Seeded) -> ([UInt8], Damage?) {
  let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
  let rest = lines[..<Int.random(in: 0..<lines.count, using: &generator)].joined(separator: "\n")
  let parts = rest.components(separatedBy: "\n---\n")
  let whole = manifestValue(ofYAML: text.components(separatedBy: "\n---\n")[parts.count - 1])
  let part = parts.last.flatMap { manifestValue(ofYAML: $0) }
  return (Array(rest.utf8), whole.map { Damage(of: $0, lost: lostPaths($0, part)) })
}

/// The text with a byte in it, or instead of one, that no YAML text has; the object is lost in which it is.
private func corrupted(_ text: String, using generator: inout Seeded) -> ([UInt8], Damage?) {
  var bytes = Array(text.utf8)
  let place = Int.random(in: 0..<bytes.count, using: &generator)
  let before = String(decoding: bytes[..<place], as: UTF8.self).components(separatedBy: "\n---\n").count
  let strange: [UInt8] = [0, 1, 0x7f, 0xc3, 0xff]
  let byte = strange.randomElement(using: &generator) ?? 0
  if Bool.random(using: &generator) { bytes[place] = byte } else { bytes.insert(byte, at: place) }
  let whole = manifestValue(ofYAML: text.components(separatedBy: "\n---\n")[before - 1])
  return (bytes, whole.map { Damage(of: $0, lost: [""]) })
}
