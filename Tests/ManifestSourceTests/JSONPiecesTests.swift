import ClusterModel
import SeededRandom
import Testing

/// JSON that comes in parts, wherever they are cut.
@Suite struct JSONPiecesTests {
  /// Cuts `text` where `generator` says, and gathers the pieces.
  private func pieces(
    of text: String, as subject: JSONPieces.Subject, limit: Int = 1 << 20, _ generator: inout Seeded
  ) throws -> (pieces: [JSONPieces.Piece], isComplete: Bool) {
    var cutter = JSONPieces(of: subject, limit: limit)
    var rest = Array(text.utf8)[...]
    var found: [JSONPieces.Piece] = []
    while !rest.isEmpty {
      let part = rest.prefix(Int.random(in: 1...max(1, rest.count), using: &generator))
      rest = rest.dropFirst(part.count)
      found += try cutter.append(Array(part))
    }
    return (found, cutter.isComplete)
  }

  private let event = #"{"type":"ADDED","object":{"a\"}":["\\",{"b":"]}\\\""}],"c":1.5e3}}"#

  @Test(arguments: 1...200)
  func `Events are the same however they are cut`(seed: UInt64) throws {
    var generator = Seeded(seed)
    let others = ["{}", #"{"x":[[[]]]}"#, "[\"\u{1F600}\"]"]
    let texts = (0..<5).map { $0 == 2 ? event : others[$0 % 3] }
    let (found, isComplete) = try pieces(of: texts.joined(separator: "\n") + "\n", as: .documents, &generator)
    #expect(found == texts.map { .document(Array($0.utf8)) } && isComplete)
  }

  @Test(arguments: 1...200)
  func `A list is cut into its members and items`(seed: UInt64) throws {
    var generator = Seeded(seed)
    let list =
      "{ \"kind\" : \"PodList\",\"metadata\":{\"resourceVersion\":\"7\"} ,\n\"items\":[ \(event) , {},\(event)],\"n\":-5}"
    let (found, isComplete) = try pieces(of: list, as: .list, &generator)
    let texts: [JSONPieces.Piece] = [
      .member("kind", Array("\"PodList\"".utf8)), .member("metadata", Array(#"{"resourceVersion":"7"}"#.utf8)),
      .item(Array(event.utf8)), .item(Array("{}".utf8)), .item(Array(event.utf8)), .member("n", Array("-5".utf8)),
    ]
    #expect(found == texts && isComplete)
  }

  @Test func `Lists without items`() throws {
    var generator = Seeded(1)
    #expect(try pieces(of: "{}", as: .list, &generator).pieces.isEmpty)
    #expect(try pieces(of: #"{"items":[]}"#, as: .list, &generator).pieces.isEmpty)
    let null = try pieces(of: #"{"items":null}"#, as: .list, &generator)
    #expect(null.pieces == [.member("items", Array("null".utf8))] && null.isComplete)
  }

  @Test(arguments: [#"{"items":[{"#, #"{"items":[{}"#, #"{"items":[{}]"#, "{", #"{"kind":"#, ""])
  func `A list that was cut off is not complete`(text: String) throws {
    var generator = Seeded(1)
    #expect(try !pieces(of: text, as: .list, &generator).isComplete)
  }

  @Test(arguments: [
    "[]", "404 page not found", "}", #"{"a" "b"}"#, #"{"items":[{}{}]}"#, "{} {}", "{a:1}", #"{"a":,}"#,
  ])
  func `What is no list is an error`(text: String) throws {
    var generator = Seeded(1)
    #expect(throws: JSONSyntaxError.self) { try pieces(of: text, as: .list, &generator) }
  }

  @Test func `A piece beyond the limit is an error, and many within it are not`() throws {
    var generator = Seeded(3)
    let item = #"{"a":"\#(String(repeating: "x", count: 90))"}"#
    let list = #"{"items":[\#(Array(repeating: item, count: 50).joined(separator: ","))]}"#
    #expect(try pieces(of: list, as: .list, limit: 100, &generator).pieces.count == 50)
    #expect(throws: JSONSyntaxError.self) { try pieces(of: list, as: .list, limit: 90, &generator) }
    #expect(throws: JSONSyntaxError.self) { try pieces(of: item + item, as: .documents, limit: 90, &generator) }
  }

  @Test func `A depth that would not be read is cut all the same`() throws {
    var generator = Seeded(4)
    let deep = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
    #expect(try pieces(of: #"{"items":[\#(deep)]}"#, as: .list, &generator).pieces == [.item(Array(deep.utf8))])
  }
}

/// What is passed over in reading.
@Suite struct KeptFieldsTests {
  @Test func `Only what is kept is there`() throws {
    let text =
      #"{"x":[{"deep":"}"},1],"metadata":{"name":"a","managedFields":[{}]},"list":[{"a":1,"b":2},3],"y":"\"" }"#
    let kept = KeptFields.only(["metadata": .named("name"), "list": .named("b")])
    let value = try ManifestValue(ofJSON: Array(text.utf8), keeping: kept)
    let expected = #"{"metadata":{"name":"a"},"list":[{"b":2},3]}"#
    #expect(value == (try ManifestValue(ofJSON: Array(expected.utf8))))
  }

  @Test func `What is passed over may be nested without end, what is kept may not`() throws {
    let deep = String(repeating: "[", count: 300) + String(repeating: "]", count: 300)
    let text = #"{"metadata":{"name":"a"},"spec":\#(deep)}"#
    let value = try ManifestValue(ofJSON: Array(text.utf8), keeping: .only(["metadata": .metadata]))
    #expect(value["metadata"]?["name"]?.content == .string("a"))
    #expect(throws: JSONSyntaxError.self) { try ManifestValue(ofJSON: Array(text.utf8)) }
  }

  @Test(arguments: ["{}{}", "{\"a\":[}", "{\"a\"", ""])
  func `Broken text is an error`(text: String) {
    #expect(throws: JSONSyntaxError.self) {
      try ManifestValue(ofJSON: Array(text.utf8), keeping: text.isEmpty ? .all : .only([:]))
    }
  }
}
