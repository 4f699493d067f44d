import ClusterModel
import ManifestSource
import Testing

/// What YAML texts mean. The values are those that another composer, Yams 6.2, has for the same texts, so that no text
/// means something else to moat because it reads libyaml's events itself.
@Suite struct YAMLTests {
  @Test(arguments: [
    // Words that YAML 1.1 takes for booleans are none in 1.2.
    ("yes", "\"yes\""), ("no", "\"no\""), ("on", "\"on\""), ("off", "\"off\""), ("NO", "\"NO\""), ("y", "\"y\""),
    ("true", "true"), ("True", "true"), ("TRUE", "true"), ("tRUE", "\"tRUE\""),
    ("false", "false"), ("False", "false"), ("FALSE", "false"),
    ("~", "null"), ("null", "null"), ("Null", "null"), ("NULL", "null"), ("nuLL", "\"nuLL\""),
    ("0", "0"), ("1", "1"), ("-1", "-1"), ("+1", "1"), ("-0", "0"), ("+0", "0"),
    ("9223372036854775807", "9223372036854775807"), ("-9223372036854775808", "-9223372036854775808"),
    // Too large for an integer: a number as it is written.
    ("9223372036854775808", "9223372036854775808"), ("-9223372036854775809", "-9223372036854775809"),
    // Octal, hexadecimal, binary, with separators, sexagesimal, times: texts.
    ("00", "\"00\""), ("01", "\"01\""), ("017", "\"017\""), ("0o17", "\"0o17\""), ("0x1F", "\"0x1F\""),
    ("0X1f", "\"0X1f\""), ("0b11", "\"0b11\""), ("1_000", "\"1_000\""), ("1:30", "\"1:30\""),
    ("190:20:30", "\"190:20:30\""), ("2024-01-01", "\"2024-01-01\""),
    ("2024-01-01T00:00:00Z", "\"2024-01-01T00:00:00Z\""),
    ("1.5", "1.5"), ("1.", "1."), (".5", ".5"), ("+.5", "+.5"), ("-.5e-3", "-.5e-3"), ("0.0", "0.0"), ("00.5", "00.5"),
    ("1e3", "1e3"), ("1E3", "1E3"), ("1e+5", "1e+5"), ("12e03", "12e03"), ("1e400", "1e400"), ("1e-400", "1e-400"),
    (".inf", "\".inf\""), ("-.inf", "\"-.inf\""), (".INF", "\".INF\""), (".nan", "\".nan\""), (".NaN", "\".NaN\""),
    ("inf", "\"inf\""), ("NaN", "\"NaN\""), ("Infinity", "\"Infinity\""), ("0x1p3", "\"0x1p3\""),
    ("1e", "\"1e\""), ("1e+", "\"1e+\""), ("1-2", "\"1-2\""), ("1.2.3", "\"1.2.3\""), ("--1", "\"--1\""),
    ("-+1", "\"-+1\""), ("+", "\"+\""), (".", "\".\""), ("..", "\"..\""), ("=", "\"=\""), ("1\u{301}", "\"1\u{301}\""),
    ("１", "\"１\""), ("10.0.0.1", "\"10.0.0.1\""), ("10.0.0.0/8", "\"10.0.0.0/8\""), ("fd00::1", "\"fd00::1\""),
  ])
  func `A scalar without quotes has its type, one with quotes or !!str is a string`(_ text: String, json: String) {
    for form in ["- VALUE", "- a: VALUE", "[ VALUE ]", "[ { a: VALUE } ]", "[ &x VALUE ]", "- &x VALUE # *x"] {
      let value = manifestValue(ofYAML: form.replacing("VALUE", with: text))
      #expect(value?.json == (form.contains("a:") ? "[{\"a\": \(json)}]" : "[\(json)]"), "\(form)")
    }
    for form in ["'VALUE'", "\"VALUE\"", "|-\n  VALUE", ">-\n  VALUE", "!!str VALUE", "!<tag:yaml.org,2002:str> VALUE"]
    {
      #expect(manifestValue(ofYAML: form.replacing("VALUE", with: text))?.content == .string(text), "\(form)")
    }
    #expect(manifestValue(ofYAML: "'\(text)': b")?.json == "{\"\(text)\": \"b\"}")
    let key = json == "null" ? nil : "{\"\(text)\": \"b\"}"
    #expect(manifestValue(ofYAML: "\(text): b")?.json == key)
  }

  @Test(arguments: [
    ("a: &x {b: 1}\nc: *x", #"{"a": {"b": 1}, "c": {"b": 1}}"#), ("&x a: *x", #"{"a": "a"}"#),
    ("a: &x 1\nb: &x [*x]\nc: *x", #"{"a": 1, "b": [1], "c": [1]}"#),
    ("a: &x\nb: *x", #"{"a": null, "b": null}"#), ("{a: &x b, c: {*x : d}}", #"{"a": "b", "c": {"b": "d"}}"#),
    ("a: &x 1\n*x : 2", #"{"a": 1, "1": 2}"#), ("k: &a !!str 1\nl: !!str &b 2\n", #"{"k": "1", "l": "2"}"#),
    ("[&x {a: b}, *x, *x]", #"[{"a": "b"}, {"a": "b"}, {"a": "b"}]"#),
    ("a: <<", #"{"a": "<<"}"#), ("a: !!seq [b]", #"{"a": ["b"]}"#), ("a: !!map {b: c}", #"{"a": {"b": "c"}}"#),
    ("a: !!str", #"{"a": ""}"#), ("'': a", #"{"": "a"}"#), ("'<<': a", #"{"<<": "a"}"#),
    ("? a\n? b", #"{"a": null, "b": null}"#), ("[a,]", #"["a"]"#), ("{a, b: c}", #"{"a": null, "b": "c"}"#),
    ("[a: b, c: d, e]", #"[{"a": "b"}, {"c": "d"}, "e"]"#), ("[? a : b]", #"[{"a": "b"}]"#),
    ("a:\n- b\n- c:\n  - d", #"{"a": ["b", {"c": ["d"]}]}"#), ("- - - a", #"[[["a"]]]"#), ("-", "[null]"),
    (#"a: "\x41\u00e9\U0001F600\n""#, #"{"a": "Aé😀\u000a"}"#), (#"a: "\0""#, #"{"a": "\u0000"}"#),
    ("a: |\n  x\n  y\n", #"{"a": "x\u000ay\u000a"}"#), ("a: >-\n  x\n  y\n\n  z\n", #"{"a": "x y\u000az"}"#),
    ("a: |+\n  x\n\n", #"{"a": "x\u000a\u000a"}"#), ("a: |2\n   x", #"{"a": " x"}"#), ("a: 'it''s'", #"{"a": "it's"}"#),
    ("a: b\n  c\n\n  d", #"{"a": "b c\u000ad"}"#), ("a: b\n - c", #"{"a": "b - c"}"#), ("a: b#c", #"{"a": "b#c"}"#),
    ("a: {b:c}", #"{"a": {"b:c": null}}"#), ("a: [b?, http://x:8]", #"{"a": ["b?", "http://x:8"]}"#),
    (#"{"a":b}"#, #"{"a": "b"}"#), ("a: b\u{85}c: d", #"{"a": "b", "c": "d"}"#), ("%FOO\n---\na", #""a""#),
  ])
  func `Anchors, keys, blocks and flows`(_ text: String, json: String) {
    #expect(manifestValue(ofYAML: text)?.json == json)
  }

  @Test func `Every value knows its line`() throws {
    let text = "# c\nkind: &k Pod\nspec:\n  a: [1,\n    2]\n  b: |\n    x\n  c: *k\n"
    let value = try #require(manifestValue(ofYAML: text))
    let spec = try #require(value["spec"])
    guard case .array(let list) = spec["a"]?.content else {
      Issue.record("\(spec)")
      return
    }
    #expect(
      [value, spec, spec["a"], list[0], list[1], spec["b"], spec["c"]].map { $0?.line } == [2, 4, 4, 4, 5, 6, 2])
  }

  @Test(arguments: [
    ("b: 1\na: 2\nc: 3\na: 4\n", 2, "has the key \"a\" twice"),
    ("é: 1\ne\u{301}: 2", 1, "has the key \"e\u{301}\" twice"),
    ("{&x a: b, *x : c}", 1, "has the key \"a\" twice"),
    ("a: &x {b: 1}\n<<: *x", 2, "has a merge key (<<), which moat does not follow; write the fields out"),
    ("!!str <<: b", 1, "has a merge key (<<), which moat does not follow; write the fields out"),
    ("a: &x [*x]", 1, "is no YAML: found undefined alias"),
    ("&a [a, &b [b, *a]]", 1, "is no YAML: found undefined alias"),
    ("a: &x [b]\n*x : c", 2, "has a key that is no text"), ("{a: b}: c", 1, "has a key that is no text"),
    ("? ", 1, "has an empty key"), ("!!str : b", 1, "has an empty key"), ("&x : b\n", 1, "has an empty key"),
    ("a: &x ~\n*x : b\n", 2, "has an empty key"),
    ("a: !!seq {b: c}", 1, "has the tag tag:yaml.org,2002:seq, which moat does not know"),
    ("a: !!int 5", 1, "has the tag tag:yaml.org,2002:int, which moat does not know"),
    ("a:\n  b: ! 5", 2, "has the tag !, which moat does not know"),
    ("! a: 5", 1, "has the tag !, which moat does not know"),
    ("a: b: c", 1, "is no YAML: mapping values are not allowed in this context"),
    ("a: 'x\n\n", 3, "is no YAML: while scanning a quoted scalar: found unexpected end of stream"),
    ("a:\n  b\n c: d", 3, "is no YAML: mapping values are not allowed in this context"),
    (
      "a: \"\\ud800\"", 1, "is no YAML: while parsing a quoted scalar: found invalid Unicode character escape code"
    ),
    ("a: b\nc: \u{80}", 2, "is no YAML: control characters are not allowed"),
    ("a: b\nc: \u{ffff}", 2, "is no YAML: control characters are not allowed"),
    ("a: b\n\n\u{2028}--- c", 4, "has a second document that does not begin a line of its own"),
  ])
  func `What is refused has its line`(_ text: String, line: Int, reason: String) {
    #expect(read(text).errors.map(\.description) == ["test.yaml:\(line) (document 1): \(reason)"])
    let below = "--- # first\nkind: [\n--- # second\n" + text
    #expect(read(below).errors.last?.description == "test.yaml:\(line + 3) (document 2): \(reason)")
  }

  @Test func `Aliases reach no deeper than what is written out, and count as often as they are written`() {
    func list(_ levels: Int, around inner: String = "") -> String {
      String(repeating: "[", count: levels) + inner + String(repeating: "]", count: levels)
    }
    // One level for the mapping, and 199 below it.
    #expect(read("x: &x \(list(100))\ny: \(list(99, around: "*x"))\n").errors.map(\.message) != [tooDeep])
    #expect(read("x: &x \(list(100))\ny: \(list(100, around: "*x"))\n").errors.map(\.message) == [tooDeep])
    let chain = (1...250).map { "a\($0): &a\($0) [*a\($0 - 1)]\n" }.joined()
    #expect(read("a0: &a0 []\n" + chain).errors.map(\.description) == ["test.yaml:200 (document 1): \(tooDeep)"])
    let elements = Array(repeating: "*x", count: 11).joined(separator: ", ")
    let thousand = "x: &x [\(Array(repeating: "a", count: 999).joined(separator: ", "))]\ny: [\(elements)]\n"
    #expect(manifestValue(ofYAML: thousand) != nil)
    let elevenThousand = thousand + "z: &z [\(elements)]\nw: [*z, *z]\n"
    #expect(read(elevenThousand).errors.map(\.message) == ["grows out of bounds by its aliases"])
  }

  private let tooDeep = "is nested more than 200 levels deep"

  @Test func `A mapping of many keys is read in time, and the one that comes again is found`() {
    let keys = (0..<200_000).map { "k\($0): \($0)\n" }.joined()
    #expect(read(keys).errors.map(\.message) == ["kind: is missing"])
    #expect(
      read(keys + "k17: 1\n").errors.map(\.description) == ["test.yaml:18 (document 1): has the key \"k17\" twice"])
  }
}
