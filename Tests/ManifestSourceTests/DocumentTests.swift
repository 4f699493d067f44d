import ClusterModel
import ManifestSource
import Testing

/// Texts that are broken, hostile or odd. None may crash, hang or be taken for something else.
@Suite struct DocumentTests {
  private let pod = "apiVersion: v1\nkind: Pod\nmetadata: { name: NAME }\n"

  private func pods(_ names: String...) -> String {
    names.map { pod.replacing("NAME", with: $0) }.joined(separator: "---\n")
  }

  @Test func brokenDocumentInTheMiddle() {
    let reading = read(
      "# head\n" + pods("a") + "---\nkind: [Pod\n--- # c\n" + pods("b") + "...\n%YAML 1.2\n" + "---\n" + pods("c"))
    #expect(reading.snapshot.pods.map(\.metadata.name) == ["a", "b", "c"])
    #expect(reading.documentCount == 4)
    #expect(
      reading.errors.map(\.description) == [
        "test.yaml:7 (document 2): is no YAML: while parsing a flow sequence: did not find expected ',' or ']'"
      ])
  }

  @Test func duplicates() {
    let reading = read(pods("a", "b") + "---\n" + pods("a") + "---\n" + pods("a"))
    #expect(reading.snapshot.pods.map(\.metadata.name) == ["b"])
    #expect(
      reading.errors.map(\.description) == [
        "test.yaml:1 (document 1): Pod default/a is given again at test.yaml:9 (document 3)"
          + " and test.yaml:13 (document 4); none is used"
      ])
  }

  @Test func lists() {
    let item = #"{"metadata": {"name": "NAME"}, "spec": {}}"#
    let list =
      #"{"apiVersion": "v1", "kind": "PodList", "items": ["# + item.replacing("NAME", with: "a") + ",\n"
      + item.replacing("NAME", with: "b") + ",\n{\"kind\": \"Node\"}]}"
    for isJSON in [true, false] {
      let reading = read(list, isJSON: isJSON)
      #expect(reading.snapshot.pods.map(\.metadata.name) == ["a", "b"])
      #expect(reading.errors.map(\.place.item) == [3])
      #expect(reading.errors.map(\.place.line) == [3])
    }
    let nested = read("apiVersion: v1\nkind: List\nitems:\n- { apiVersion: v1, kind: List, items: [] }\n- 1\n")
    #expect(nested.errors.count == 1)
  }

  @Test(arguments: [
    ("a: 1\na: 2", "has the key \"a\" twice"), ("a: {b: 1, \"b\": 2}", "has the key \"b\" twice"),
    ("<<: {a: 1}", "has a merge key (<<), which moat does not follow; write the fields out"),
    ("a: !!binary x", "has the tag tag:yaml.org,2002:binary, which moat does not know"),
    ("a: !ruby/object x", "has the tag !ruby/object, which moat does not know"),
    ("? [a]\n: b", "has a key that is no text"),
    ("~: b", "has an empty key"), ("a: *b", "is no YAML: found undefined alias"),
    ("a: \u{1}", "has the control character 0x1"),
    ("a: b\0", "has the control character 0x0"),
    (
      "a:\n\tb: 1",
      "is no YAML: while scanning for the next token: found character that cannot start any token"
    ),
    ("a: b\u{2028}--- c", "has a second document that does not begin a line of its own"),
  ])
  func refused(_ text: String, reason: String) { #expect(read(text).errors.map(\.message) == [reason]) }

  @Test func scalars() {
    let text =
      "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  labels: {a: on, b: no, c: 0x1F, d: 017, e: 1_0, f: 1e3, g: +1, h: ~,"
      + " i: 99999999999999999999, j: 2024-01-01, k: 1:30, l: 'true', m: True, n: !!str 5, o: -}\n"
    let labels = read(text).snapshot.pods.first?.metadata.labels
    #expect(
      labels == [
        "a": "on", "b": "no", "c": "0x1F", "d": "017", "e": "1_0", "f": "1e3", "g": "1", "i": "99999999999999999999",
        "j": "2024-01-01", "k": "1:30", "l": "true", "m": "true", "n": "5", "o": "-",
      ])
  }

  @Test func odd() {
    #expect(read("").notes == ["test.yaml: holds no document"])
    #expect(read("---\n# nothing\n---\n~\n...\n").documentCount == 0)
    #expect(read("\u{feff}" + pods("a")).snapshot.pods.count == 1)
    #expect(read(pods("a", "b").replacing("\n", with: "\r\n")).snapshot.pods.count == 2)
    #expect(read("--- {apiVersion: v1, kind: Pod, metadata: {name: a}}\n").snapshot.pods.count == 1)
    var collector = ManifestCollector()
    collector.add(Array("a: b\n".utf8) + [0x61, 0xff], file: "x.yaml")
    collector.add([0xff, 0xfe, 0x61, 0], file: "y.yaml")
    #expect(
      collector.finish().errors.map(\.description) == [
        "x.yaml:2 (document 1): is not UTF-8", "y.yaml (document 1): is UTF-16; moat reads UTF-8",
      ])
  }

  @Test func deepNesting() {
    let open = String(repeating: "[", count: 1 << 20)
    #expect(read(open).errors.count == 1)
    #expect(read(open, isJSON: true).errors.map(\.message) == ["is no JSON: is nested more than 200 levels deep"])
    #expect(read(String(repeating: "{a: ", count: 1 << 18)).errors.count == 1)
    #expect(read(String(repeating: "- ", count: 1 << 18) + "a").errors.count == 1)
    let block = (0..<3000).map { String(repeating: " ", count: $0) + "a:\n" }.joined()
    #expect(read(block).errors.count == 1)
    let level = String(repeating: "[", count: 250) + String(repeating: "]", count: 250)
    #expect(read("a: \(level)").errors.map(\.message) == ["is nested more than 200 levels deep"])
  }

  @Test func aliases() {
    let shared = "a: &x { app: b }\napiVersion: v1\nkind: Pod\nmetadata: { name: a, labels: *x }\n"
    #expect(read(shared).snapshot.pods.first?.metadata.labels == ["app": "b"])
    let levels = (1...40).map { level in
      "a\(level): &a\(level) [\(Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", "))]\n"
    }
    let bomb = "a0: &a0 [x, y]\n" + levels.joined()
    #expect(read(bomb).errors.map(\.message) == ["grows out of bounds by its aliases"])
    // In keys, which are looked at before they are resolved.
    for key in ["? *a3\n: x\n", "*a3 : x\n", "b: { [*a3]: x }\n"] {
      let text = "a0: &a0 [x, y]\n" + levels[..<3].joined() + key
      #expect(read(text).errors.map(\.message) == ["has a key that is no text"])
    }
  }

  @Test(arguments: [
    (#"{"a": 1, "a": 2}"#, "has the name \"a\" twice"), (#"{"a": 1, "\u0061": 2}"#, "has the name \"a\" twice"),
    (#"{"a": 01}"#, "has a number with a leading zero"), (#"{"a": 1,}"#, "has a comma before a closing bracket"),
    (#"{"a": tru}"#, "has something that is no value"), ("{\"a\": \"\u{1}\"}", "has a control character in a string"),
    (#"{"a": "\ud800"}"#, "has half a surrogate pair in a string"),
    (#"{"a": "\x"}"#, "has an unknown escape in a string"),
    (#"{"a": "b"#, "ends inside of a string"), (#"{"a": [1"#, "ends inside of a list or an object"),
    (#"{"a" 1}"#, "lacks a colon after a name"), (#"{"a": 1 "b": 2}"#, "lacks a comma"),
    (#"{"a":"#, "ends where a value is expected"),
    (#"{a: 1}"#, "has something else than a name in quotes in an object"),
    (#"{"a": -}"#, "has a number without digits"),
    (#"{"a": "\u12g4"}"#, "has an escape without four hexadecimal digits"),
    (#"{"a": NaN}"#, "has something that is no value"),
  ])
  func brokenJSON(_ text: String, reason: String) {
    let (values, error) = ManifestValue.documents(ofJSON: Array("\n\(text)".utf8))
    #expect(values.isEmpty)
    #expect(error == JSONSyntaxError(reason: reason, line: 2))
  }

  @Test func goodJSON() {
    let text = #"{"a": [true, false, null, -1, 1.50, 1e3, "\ud83d\ude00\n\"ü", {}], "é": 9223372036854775808} [] 1"#
    let (values, error) = ManifestValue.documents(ofJSON: Array(text.utf8))
    #expect(error == nil)
    #expect(
      values == [
        [
          "a": [true, false, nil, -1, ManifestValue(.number("1.50")), ManifestValue(.number("1e3")), "😀\n\"ü", [:]],
          "é": ManifestValue(.number("9223372036854775808")),
        ], [], 1,
      ])
    #expect(
      read(pods("a").isEmpty ? "" : #"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}"#).snapshot.pods.count
        == 1)
  }
}
