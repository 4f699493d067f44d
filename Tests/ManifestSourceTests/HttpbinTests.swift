import ClusterModel
import ManifestSource
import NetworkValues
import Testing

@Suite struct HttpbinTests {
  let folder = httpbin

  @Test func everyObjectIsRead() {
    let reading = loadManifests(paths: [folder])
    #expect(reading.errors.isEmpty)
    #expect(reading.documentCount == 26)
    #expect(reading.notes.count == 1)
    #expect(reading.notes.first?.contains("MoatConfiguration") == true)
    let snapshot = reading.snapshot
    #expect(snapshot.namespaces.count == 5)
    #expect(snapshot.nodes.count == 2)
    #expect(snapshot.serviceAccounts.count == 6)
    #expect(snapshot.services.count == 2)
    #expect(snapshot.pods.count == 7)
    #expect(snapshot.problems.isEmpty)
    #expect(snapshot.ignoredKinds.isEmpty)
    #expect(snapshot.externalServices.count == 1)
  }
}
