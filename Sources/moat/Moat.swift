import ArgumentParser

/// The command line. See: README.md, Using it
@main
struct Moat: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "moat",
    abstract: "A node's egress firewall for service meshes.",
    discussion: """
      moat reads a mesh's egress model and the cluster's pods, derives what one node must enforce, and programs it \
      into nftables: pods reach the outside only through the egress gateway, and only the gateway node's gateway pods \
      reach the outside, and only what the model names.

      A first look, without touching the kernel:
        moat render  --manifests DIR --node NAME
        moat check   --manifests DIR --node NAME
        moat explain --manifests DIR --from NAMESPACE/POD --to HOST

      Then, as root:
        moat plan  --manifests DIR --node NAME
        moat apply --manifests DIR --node NAME
        moat run   --manifests DIR --node NAME
      """,
    version: Version.current,
    subcommands: [
      Render.self, Plan.self, Apply.self, Run.self, Hold.self, Status.self, Names.self, Flows.self, Lock.self,
      Unlock.self,
      Check.self, Explain.self, Graph.self, Doctor.self, Version.self,
    ])
}
