/// What is wrong with one value of a manifest, and where it stands.
package struct ManifestFault: Error, Hashable, Sendable {
  /// What was not understood.
  package var misunderstanding: Misunderstanding

  /// Counted from 1 within the document's text; absent where unknown.
  package var line: Int?

  package init(_ misunderstanding: Misunderstanding, line: Int?) {
    self.misunderstanding = misunderstanding
    self.line = line
  }
}

/// A function of `ManifestReader` as an argument: `ManifestReader.port`.
typealias Reading<Value> = (ManifestReader) -> () throws(ManifestFault) -> Value

/// A value together with its path: what decoders read from.
///
/// Every function either gives what the field must hold or throws what is wrong with it. None of them guesses.
struct ManifestReader: Sendable {
  let value: ManifestValue
  let path: FieldPath

  init(_ value: ManifestValue, path: FieldPath = .root) {
    self.value = value
    self.path = path
  }

  /// A fault of this value.
  func fault(_ reason: String) -> ManifestFault {
    ManifestFault(
      Misunderstanding(path: path.description, value: value.summary, reason: reason),
      line: value.line == 0 ? nil : Int(value.line))
  }

  /// The members of an object whose fields are `known`.
  ///
  /// - Throws: for anything but an object, and for the first field that is not known.
  func object(of known: [String]) throws(ManifestFault) -> ObjectReader {
    let object = try object()
    if let fault = object.unknownFields(besides: known).first { throw fault }
    return object
  }

  /// The members of an object, whatever they are called.
  func object() throws(ManifestFault) -> ObjectReader {
    guard case .object(let members) = value.content else { throw fault("is \(value.kindName), not an object") }
    return ObjectReader(members: members, reader: self)
  }

  /// The elements of a list.
  func elements() throws(ManifestFault) -> [ManifestReader] {
    guard case .array(let elements) = value.content else { throw fault("is \(value.kindName), not a list") }
    return elements.enumerated().map { ManifestReader($0.element, path: path.index($0.offset)) }
  }

  /// A list of which each element is understood alone.
  func parts<Value>(_ read: Reading<Value>) throws(ManifestFault) -> [Part<Value>] {
    try elements().map { $0.part(read) }
  }

  /// A list that is understood as a whole.
  func list<Value>(_ read: Reading<Value>) throws(ManifestFault) -> [Value] {
    var result: [Value] = []
    for element in try elements() { result.append(try read(element)()) }
    return result
  }

  /// This value understood, or the reason why not.
  func part<Value>(_ read: Reading<Value>) -> Part<Value> {
    do { return .understood(try read(self)()) } catch { return .notUnderstood(error.misunderstanding) }
  }

  /// A string of printable characters, not empty, in which nothing was left to be filled in.
  func text() throws(ManifestFault) -> String {
    guard case .string(let text) = value.content else { throw fault("is \(value.kindName), not a string") }
    guard !text.isEmpty else { throw fault("is empty") }
    guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else { throw fault("has a control character") }
    try checkVariables()
    return text
  }

  /// Refuses text in which something was left to be filled in: `${VAR}`, `$(command)`, `{{ .Value }}`.
  private func checkVariables() throws(ManifestFault) {
    guard case .string(let text) = value.content else { return }
    if text.contains("${") || text.contains("$(") || text.contains("{{") {
      throw fault("has a variable that was not filled in")
    }
  }

  func boolean() throws(ManifestFault) -> Bool {
    guard case .bool(let value) = value.content else {
      throw fault("is \(value.kindName), not a boolean; write true or false")
    }
    return value
  }

  /// An integer within `range`.
  func integer(in range: ClosedRange<Int>) throws(ManifestFault) -> Int {
    try checkVariables()
    guard case .integer(let number) = value.content else { throw fault("is \(value.kindName), not an integer") }
    guard range.contains(number) else {
      throw fault("is not a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// One of the words of a type. Numbers are no words here.
  func keyword<Word: RawRepresentable & CaseIterable>() throws(ManifestFault) -> Word
  where Word.RawValue == String {
    guard case .string(let text) = value.content, let word = Word(rawValue: text) else {
      throw fault("is none of \(Word.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return word
  }

  /// One of `words`, or its number: the place in `words`, as proto3 counts enumerations.
  func word(of words: [String]) throws(ManifestFault) -> String {
    if case .integer(let number) = value.content, words.indices.contains(number) { return words[number] }
    guard case .string(let word) = value.content, words.contains(word) else {
      throw fault("is none of \(words.joined(separator: ", "))")
    }
    return word
  }

  /// An enumeration by its word or number; its cases stand in the order of their numbers.
  func word<Word: RawRepresentable & CaseIterable>(_: Word.Type) throws(ManifestFault) -> Word
  where Word.RawValue == String {
    let word = try word(of: Word.allCases.map(\.rawValue))
    guard let result = Word(rawValue: word) else { throw fault("is unknown") }
    return result
  }

  /// Label names with their values, strings all.
  func labels() throws(ManifestFault) -> [String: String] {
    var result: [String: String] = [:]
    for member in try object().all {
      guard case .string(let text) = member.value.content else {
        throw member.fault("is \(member.value.kindName), not a string; put it in quotes")
      }
      try member.checkVariables()
      result[member.name] = text
    }
    return result
  }

  /// The field's own name.
  var name: String { path.lastName }
}

/// An object's members, to be asked for by name.
struct ObjectReader: Sendable {
  let members: [ManifestMember]
  let reader: ManifestReader

  /// Whether nothing is written in it.
  var isEmpty: Bool { members.isEmpty }

  /// The member called `name`, if there is one. A member that is null is there.
  subscript(name: String) -> ManifestReader? {
    guard let member = members.first(where: { $0.name == name }) else { return nil }
    return ManifestReader(member.value, path: reader.path.field(name))
  }

  /// Every member, in order.
  var all: [ManifestReader] { members.map { ManifestReader($0.value, path: reader.path.field($0.name)) } }

  /// The member called `name`.
  func required(_ name: String) throws(ManifestFault) -> ManifestReader {
    guard let member = self[name] else {
      throw ManifestFault(
        Misunderstanding(path: reader.path.field(name).description, value: "", reason: "is missing"),
        line: reader.value.line == 0 ? nil : Int(reader.value.line))
    }
    return member
  }

  /// The member called `name`, unless it is null: for objects where Kubernetes takes null for absent.
  subscript(present name: String) -> ManifestReader? {
    guard let member = self[name], member.value.content != .null else { return nil }
    return member
  }

  /// Checks that fields which moat does not use hold objects, if they are there.
  func accept(objects names: [String]) throws(ManifestFault) {
    for name in names { _ = try self[name]?.object() }
  }

  /// Checks that fields which moat does not use hold lists, if they are there.
  func accept(lists names: [String]) throws(ManifestFault) {
    for name in names { _ = try self[name]?.elements() }
  }

  /// A fault for every member that is not called one of `known`.
  func unknownFields(besides known: [String]) -> [ManifestFault] {
    all.filter { !known.contains($0.name) }.map { $0.fault("is an unknown field") }
  }
}
