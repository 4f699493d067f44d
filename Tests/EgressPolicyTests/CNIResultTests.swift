import ClusterModel
import NetworkValues
import Testing

/// Files of the CNI result cache.
struct CNIResultTests {
  private func parse(_ text: String) throws -> ManifestValue {
    let documents = ManifestValue.documents(ofJSON: Array(text.utf8))
    return try #require(documents.values.first)
  }

  private let bridged = """
    {"kind":"cniCacheV1","containerId":"4f0c","ifName":"eth0","networkName":"cbr0","netns":"/var/run/netns/cni-1",
     "cniArgs":[["IgnoreUnknown","1"],["K8S_POD_NAMESPACE","client"],["K8S_POD_NAME","curl"],["K8S_POD_UID","u-1"]],
     "result":{"cniVersion":"1.0.0","dns":{},
       "interfaces":[{"mac":"0a:58:0a:f4:00:01","name":"cni0"},{"mac":"AA:bb:cc:dd:ee:ff","name":"veth1"},
         {"mac":"0a:58:0a:f4:00:05","name":"eth0","sandbox":"/var/run/netns/cni-1"}],
       "ips":[{"address":"10.244.0.5/24","gateway":"10.244.0.1","interface":2},{"address":"fd00::5/64"}],
       "routes":[{"dst":"0.0.0.0/0"}]}}
    """

  @Test func bridge() throws {
    let result = try #require(try CNIResult.read(parse(bridged)))
    #expect(result.podUID == "u-1")
    #expect(result.podNamespace == "client")
    #expect(result.podName == "curl")
    #expect(result.interfaces.map(\.name) == ["cni0", "veth1", "eth0"])
    #expect(result.interfaces.map(\.isInSandbox) == [false, false, true])
    #expect(result.interfaces[1].hardwareAddress == [0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff])
    #expect(result.addresses == [try IPAddress(parsing: "10.244.0.5"), try IPAddress(parsing: "fd00::5")])
  }

  @Test(arguments: [
    "{}", #"{"cniArgs":null,"result":{}}"#, #"{"cniArgs":[["K8S_POD_NAME","a"]],"result":{}}"#,
    #"{"cniArgs":[["K8S_POD_NAME","a"],["K8S_POD_NAMESPACE","b"]]}"#,
  ])
  func noPod(text: String) throws {
    #expect(try CNIResult.read(parse(text)) == nil)
  }

  @Test(arguments: [
    "[]", #"{"cniArgs":[["a"]]}"#, #"{"cniArgs":{}}"#,
    #"{"cniArgs":[["K8S_POD_NAME","a"],["K8S_POD_NAMESPACE","b"]],"result":{"ips":[{"address":"x"}]}}"#,
    #"{"cniArgs":[["K8S_POD_NAME","a"],["K8S_POD_NAMESPACE","b"]],"result":{"interfaces":[{}]}}"#,
  ])
  func notUnderstood(text: String) throws {
    let value = try parse(text)
    #expect(throws: ManifestFault.self) { try CNIResult.read(value) }
  }
}
