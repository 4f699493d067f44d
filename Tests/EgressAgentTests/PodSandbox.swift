import APIServerLab
import Foundation
import NamespaceLab
import Testing

/// Runs the containers of a DaemonSet on a lab's node as a kubelet and a container runtime do: with the volumes, the
/// environment and the capabilities that the object says, a read-only root, and a cgroup namespace. There is no image:
/// the root is this machine's, and the entry point moat.
struct PodSandbox {
  let cluster: ClusterLab
  let node: String

  /// The DaemonSet as the API server has it.
  let workload: [String: Any]

  init(_ name: String, on node: String, of cluster: ClusterLab) throws {
    self.cluster = cluster
    self.node = node
    let path = "/apis/apps/v1/namespaces/moat-system/daemonsets/\(name)"
    workload = try cluster.server.get(path).json
    try #require(workload["kind"] as? String == "DaemonSet", "\(name)")
  }

  /// The pod's spec.
  var pod: [String: Any] { object(object(workload["spec"])["template"])["spec"] as? [String: Any] ?? [:] }

  /// Where a folder of the node is on this machine.
  func hostPath(_ path: String) -> String { "\(cluster.daemon.folder.path)/\(node)\(path)" }

  /// Runs a container of `initContainers` to its end.
  func initialize(_ name: String) throws -> ProgramOutput {
    try start(name, among: "initContainers").wait()
  }

  /// Starts one of `containers`.
  func start(_ name: String) throws -> RunningProgram { try start(name, among: "containers") }

  private func start(_ name: String, among list: String) throws -> RunningProgram {
    let container = try #require(objects(pod[list]).first { $0["name"] as? String == name }, "\(name)")
    let script = try mounts(of: container) + "exec \"$@\""
    let words =
      ["unshare", "--mount", "--cgroup", "--propagation", "private", "sh", "-ec", script, "sh", "env", "-i"]
      + environment(of: container) + privileges(of: container) + [moatPath]
      + (container["args"] as? [String] ?? [])
    return try cluster.lab.start(in: .node(node), words)
  }

  private func environment(of container: [String: Any]) -> [String] {
    let own = objects(container["env"]).map { entry in
      let source = object(object(entry["valueFrom"])["fieldRef"])["fieldPath"] as? String
      return "\(entry["name"] ?? "")=\(source == "spec.nodeName" ? node : entry["value"] ?? "")"
    }
    return own + [
      "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "KUBERNETES_SERVICE_HOST=172.18.0.10",
      "KUBERNETES_SERVICE_PORT=\(cluster.proxy.port)",
    ]
  }

  /// Root with those capabilities alone that the container asks for.
  private func privileges(of container: [String: Any]) -> [String] {
    let context = object(container["securityContext"])
    let capabilities = object(context["capabilities"])
    #expect(capabilities["drop"] as? [String] == ["ALL"])
    #expect(context["allowPrivilegeEscalation"] as? Bool == false)
    #expect(context["privileged"] == nil)
    let added = (capabilities["add"] as? [String] ?? []).map { ",+\($0.lowercased())" }.joined()
    return ["setpriv", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all\(added)"]
  }

  /// Shell commands that mount what the container sees.
  private func mounts(of container: [String: Any]) throws -> String {
    var lines = [
      "mount -t tmpfs none /run", "mount -t tmpfs none /var/lib", "cp -a /etc /run/etc", "mount --bind /run/etc /etc",
    ]
    for mount in objects(container["volumeMounts"]) {
      let name = try #require(mount["name"] as? String)
      let target = try #require(mount["mountPath"] as? String)
      lines += ["mkdir -p \(target)", "mount --bind \(try source(of: name)) \(target)"]
      if mount["readOnly"] as? Bool == true { lines.append("mount -o remount,bind,ro \(target)") }
    }
    #expect(object(container["securityContext"])["readOnlyRootFilesystem"] as? Bool == true)
    lines += ["/run", "/var/lib", "/etc", "/"].map { "mount -o remount,bind,ro \($0)" }
    return lines.map { "\($0); " }.joined()
  }

  /// The folder on this machine that a volume is.
  private func source(of name: String) throws -> String {
    let volume = try #require(objects(pod["volumes"]).first { $0["name"] as? String == name }, "\(name)")
    let folder = cluster.daemon.folder
    if let path = object(volume["hostPath"])["path"] as? String {
      try folder.makeFolder("\(node)\(path)")
      return hostPath(path)
    }
    let place = "\(node)/volumes/\(name)"
    try folder.makeFolder(place)
    if let map = object(volume["configMap"])["name"] as? String {
      let object = try cluster.server.get("/api/v1/namespaces/moat-system/configmaps/\(map)").json
      for (file, text) in try #require(object["data"] as? [String: String], "\(map)") {
        try folder.write(text, to: "\(place)/\(file)")
      }
    } else {
      #expect(volume["projected"] != nil)
      try folder.write(try cluster.server.token(), to: "\(place)/token")
      try folder.write(try String(contentsOfFile: cluster.server.authority, encoding: .utf8), to: "\(place)/ca.crt")
    }
    return "\(folder.path)/\(place)"
  }
}

private func object(_ value: Any?) -> [String: Any] { value as? [String: Any] ?? [:] }
private func objects(_ value: Any?) -> [[String: Any]] { value as? [[String: Any]] ?? [] }
