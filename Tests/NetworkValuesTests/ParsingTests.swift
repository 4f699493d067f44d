import SeededRandom
import Testing

@testable import NetworkValues

@Suite struct ParsingTests {
  @Test(arguments: ["0.0.0.0", "10.1.2.3", "255.255.255.255", "::", "::1", "1::", "fe80::1", "2001:db8::1:0:0:1"])
  func canonicalTextReadsAndPrintsItself(text: String) throws {
    #expect(try IPAddress(parsing: text).description == text)
  }

  @Test(arguments: [
    ("0:0:0:0:0:0:0:0", "::"), ("2001:DB8::A", "2001:db8::a"), ("::FFFF:192.0.2.1", "::ffff:192.0.2.1"),
    ("::ffff:c000:201", "::ffff:192.0.2.1"), ("1:0:0:2:0:0:0:3", "1:0:0:2::3"), ("1:0:0:2:3:0:0:4", "1::2:3:0:0:4"),
    ("1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
    ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
    ("0001:0002::", "1:2::"), ("64:ff9b::192.0.2.1", "64:ff9b::c000:201"),
    ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"),
    ("::1.2.3.4", "::102:304"),
  ])
  func otherTextPrintsCanonically(text: String, canonical: String) throws {
    // See: RFC 5952, section 4
    #expect(try IPAddress(parsing: text).description == canonical)
  }

  @Test(arguments: [
    "", " ", ".", ":", ":::", "1", "1.2.3", "1.2.3.4.5", "1.2.3.", ".1.2.3", "1..2.3", "01.2.3.4", "1.2.3.00",
    "256.0.0.1",
    "1.2.3.4 ", " 1.2.3.4", "1.2.3.-4", "1.2.3.+4", "0x1.2.3.4", "1.2.3.4/32", "fe80::1%eth0", "1.2.3.4%1",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9", "1::2::3", ":1:2:3:4:5:6:7", "1:2:3:4:5:6:7:", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8",
    "12345::",
    "g::", "::1.2.3", "::1.2.3.4:5", "1.2.3.4::", "::01.2.3.4", "1:2:3:4:5:6:7:1.2.3.4", "::+1", "::-1", "[::1]",
    "\u{0661}.2.3.4", "::\u{ff11}", "1:2:3:4:5:6:7:8:", "::1:", ":1::",
  ])
  func whatIsNoAddressIsRefused(text: String) {
    #expect(throws: NetworkSyntaxError.self) { try IPAddress(parsing: text) }
  }

  @Test func refusalsSayWhatIsWrong() {
    expect("fe80::1%eth0", "has a zone id; write the address without it") { try IPAddress(parsing: $0) }
    expect("010.0.0.1", "has a number with a leading zero; write it in decimal") { try IPAddress(parsing: $0) }
    expect("1.2.3.256", "has a number above 255") { try IPAddress(parsing: $0) }
    expect("10.0.0.1/8", "has host bits set; did you mean 10.0.0.0/8?") { try Prefix(parsing: $0) }
    expect("10.0.0.0/33", "has no prefix length from 0 to 32") { try Prefix(parsing: $0) }
  }

  private func expect<Value>(_ text: String, _ reason: String, parse: (String) throws -> Value) {
    let error = #expect(throws: NetworkSyntaxError.self) { _ = try parse(text) }
    #expect(error?.reason == reason)
    #expect(error?.text == text)
  }

  @Test(arguments: [
    ("10.0.0.0/8", "10.0.0.0/8"), ("0.0.0.0/0", "0.0.0.0/0"), ("::/0", "::/0"), ("192.0.2.1", "192.0.2.1/32"),
    ("2001:DB8::1", "2001:db8::1/128"), ("fc00::/7", "fc00::/7"),
  ])
  func prefixesRead(text: String, canonical: String) throws {
    #expect(try Prefix(parsing: text).description == canonical)
  }

  @Test(arguments: [
    "10.0.0.0/", "/8", "10.0.0.0/08", "10.0.0.0/8/8", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/ 8", "10.0.0.0/129",
    "::/129",
    "10.0.0.0/99999999999999999999", "10.0.0.0/255.0.0.0", "10/8", "::1/64", "10.0.0.0/\u{0668}",
  ])
  func whatIsNoPrefixIsRefused(text: String) {
    #expect(throws: NetworkSyntaxError.self) { try Prefix(parsing: text) }
  }

  @Test func everyAddressReadsItsOwnText() throws {
    var random = Seeded(1)
    for _ in 0..<5_000 {
      let address = random.address()
      #expect(try IPAddress(parsing: address.description) == address)
      #expect(address.bytes.count == address.family.bitWidth / 8)
    }
  }
}
