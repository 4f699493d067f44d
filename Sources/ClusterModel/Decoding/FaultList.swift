/// Collects what is wrong while the rest is read on.
struct FaultList: Sendable {
  private(set) var faults: [ManifestFault] = []

  var misunderstandings: [Misunderstanding] { faults.map(\.misunderstanding) }

  mutating func note(_ fault: ManifestFault) { faults.append(fault) }

  /// What `read` makes of a value; `nil` where there is no value, and where it is wrong.
  mutating func read<Value>(_ reader: ManifestReader?, _ read: Reading<Value>) -> Value? {
    guard let reader else { return nil }
    do { return try read(reader)() } catch {
      note(error)
      return nil
    }
  }

  /// Replaces `target` with what `read` makes of a value, if it is there and right.
  mutating func set<Value>(_ target: inout Value, from reader: ManifestReader?, _ read: Reading<Value>) {
    if let value = self.read(reader, read) { target = value }
  }

  /// The elements of a list, each understood or not; `nil` where there is no list.
  mutating func parts<Value>(_ reader: ManifestReader?, _ read: Reading<Value>) -> [Part<Value>]? {
    self.read(reader, ManifestReader.elements)?.map { $0.part(read) }
  }

  /// Replaces `target` with the elements of a list, if there is one.
  mutating func setParts<Value>(
    _ target: inout [Part<Value>], from reader: ManifestReader?, _ read: Reading<Value>
  ) {
    if let parts = parts(reader, read) { target = parts }
  }

  /// The elements of a list that are right; the others are left out.
  mutating func each<Value>(_ reader: ManifestReader?, _ read: Reading<Value>) -> [Value] {
    let elements = self.read(reader, ManifestReader.elements) ?? []
    return elements.compactMap { self.read($0, read) }
  }

  /// Replaces `target` with the elements of a list that are right, if there is a list.
  mutating func setEach<Value>(_ target: inout [Value], from reader: ManifestReader?, _ read: Reading<Value>) {
    if let reader { target = each(reader, read) }
  }

  /// What `read` makes of a member that must be there; `nil` where it is not, or is wrong.
  mutating func required<Value>(_ name: String, of fields: ObjectReader, _ read: Reading<Value>) -> Value? {
    do { return try read(fields.required(name))() } catch {
      note(error)
      return nil
    }
  }

  /// The members of an object; `nil` for anything else. Unknown fields are noted.
  mutating func object(_ reader: ManifestReader, of known: [String]) -> ObjectReader? {
    let object = read(reader, ManifestReader.object)
    if let object { noteUnknown(in: object, besides: known) }
    return object
  }

  /// Notes every member that is not called one of `known`.
  mutating func noteUnknown(in object: ObjectReader, besides known: [String]) {
    faults += object.unknownFields(besides: known)
  }

  /// The members of an object, without any where it is absent or wrong. Unknown fields are noted where `known` is given.
  mutating func section(_ reader: ManifestReader?, of known: [String]? = nil) -> ObjectReader {
    guard let reader else { return ObjectReader(members: [], reader: ManifestReader(ManifestValue(.null))) }
    guard let object = read(reader, ManifestReader.object) else { return ObjectReader(members: [], reader: reader) }
    if let known { noteUnknown(in: object, besides: known) }
    return object
  }
}
