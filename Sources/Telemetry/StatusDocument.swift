/// What a daemon says of itself: `/status` and `moat status --json`.
package struct StatusDocument: Hashable, Sendable, Codable {
  /// How things stand.
  package enum State: String, Hashable, Sendable, Codable {
    /// Nothing has been enforced by this process yet.
    case starting

    /// The kernel holds what the newest input demands.
    case inSync = "in sync"

    /// Something is wrong; `faults` says what. What was last committed stays in force.
    case degraded

    /// The tables were removed by `moat unlock`; the daemon is about to end.
    case unlocked
  }

  /// Something that is wrong now.
  package struct Fault: Hashable, Sendable, Codable {
    /// `configuration`, `connections`, `manifests`, `kubernetes`, `interfaces`, `model`, `kernel`, `state`,
    /// `listener ADDRESS`.
    package var source: String

    /// One sentence without its final stop: what is wrong, where, and what to do where that is not plain.
    package var message: String

    /// Since when the fault is there.
    package var since: Timestamp
  }

  /// What the kernel holds.
  package struct Enforced: Hashable, Sendable, Codable {
    /// When the last change was committed, or, where nothing had to be, found in place.
    package var since: Timestamp

    /// When the kernel was last read back and found equal.
    package var verified: Timestamp

    /// The kernel's generation at the last commit or reading.
    package var generation: UInt32

    /// `enforce` or `audit`.
    package var mode: String

    /// `gateway` or `application`.
    package var role: String

    /// How much is allowed.
    package var allowances: Allowances

    /// How many findings `moat check` has, by severity.
    package var findings: [String: Int]

    /// Errors, then warnings, of each the first; notes are left out.
    package var shownFindings: [Finding]

    package init(
      since: Timestamp, verified: Timestamp, generation: UInt32, mode: String, role: String, allowances: Allowances,
      findings: [String: Int], shownFindings: [Finding] = []
    ) {
      self.since = since
      self.verified = verified
      self.generation = generation
      self.mode = mode
      self.role = role
      self.allowances = allowances
      self.findings = findings
      self.shownFindings = shownFindings
    }
  }

  /// What a person should know about the input.
  package struct Finding: Hashable, Sendable, Codable {
    /// How many are shown at most.
    package static let limit = 50

    /// `M017`.
    package var code: String

    /// `error` or `warning`.
    package var severity: String

    /// As `moat check` prints it.
    package var text: String

    package init(code: String, severity: String, text: String) {
      self.code = code
      self.severity = severity
      self.text = text
    }
  }

  /// How many allowances of each kind are in force.
  package struct Allowances: Hashable, Sendable, Codable {
    /// Connections from clients to gateways.
    package var hopA: Int

    /// Connections from this node's gateway pods to the outside.
    package var hopB: Int

    /// Connections by exception.
    package var exceptions: Int

    /// Connections of the host itself.
    package var host: Int

    /// Connections to the API server.
    package var apiServer: Int

    package init(hopA: Int, hopB: Int, exceptions: Int, host: Int, apiServer: Int) {
      self.hopA = hopA
      self.hopB = hopB
      self.exceptions = exceptions
      self.host = host
      self.apiServer = apiServer
    }
  }

  /// The cluster that is followed by its API server.
  package struct Cluster: Hashable, Sendable, Codable {
    /// One of the resources that are followed.
    package struct Resource: Hashable, Sendable, Codable {
      /// `accesspolicies.security.policy.gloo.solo.io`.
      package var name: String

      /// `waiting`, `in sync` or `absent`. One that is in sync stays so as it was last known, whatever fails later.
      package var progress: String

      package init(name: String, progress: String) {
        self.name = name
        self.progress = progress
      }
    }

    /// The API server's URL.
    package var server: String

    /// What is followed, sorted by name.
    package var resources: [Resource] = []

    /// How many objects are known.
    package var objects = 0

    /// When something was last new; absent before everything was known once.
    package var changed: Timestamp?

    /// What could not be written into the cluster; absent where nothing is wrong. Nothing that is enforced depends on it.
    package var unwritten: [String]?

    package init(server: String) { self.server = server }
  }

  /// What the newest input was made of.
  package struct Source: Hashable, Sendable, Codable {
    /// The files and folders that are followed.
    package var manifests: [String]

    /// How many files were read.
    package var files: Int

    /// How many objects they held.
    package var objects: Int

    /// When they were last read.
    package var read: Timestamp

    package init(manifests: [String], files: Int, objects: Int, read: Timestamp) {
      self.manifests = manifests
      self.files = files
      self.objects = objects
      self.read = read
    }
  }

  /// What has happened since the start.
  package struct Counts: Hashable, Sendable, Codable {
    /// Inputs that were derived; those overtaken by newer ones are not.
    package var inputs = 0

    /// Commits that changed something.
    package var commits = 0

    /// How often the kernel was read and compared.
    package var readBacks = 0

    /// Commits of others that came in between.
    package var outruns = 0

    /// Times that the kernel held something else than was believed, and was repaired.
    package var repairs = 0

    /// The time that all repairs took, in seconds: reading, comparing, committing, reading back.
    package var repairSeconds = 0.0

    /// The time that the longest repair took.
    package var longestRepairSeconds = 0.0

    /// Errors of the kernel.
    package var kernelErrors = 0

    /// Commits of others that changed moat's tables; what they did was repaired.
    package var tampered = 0

    /// Tracked connections that were cut because they are refused now.
    package var revoked = 0

    /// Allowances that resolvers' answers to gateway pods opened.
    package var opened = 0

    package init() {}

    /// Counts a repair that took so many seconds.
    package mutating func noteRepair(_ seconds: Double) {
      repairs += 1
      repairSeconds += seconds
      longestRepairSeconds = max(longestRepairSeconds, seconds)
    }
  }

  /// moat's version.
  package var version: String

  /// The node that is enforced.
  package var node: String

  /// The daemon's process.
  package var process: Int32

  /// When the daemon started.
  package var started: Timestamp

  /// Whether what is wanted is in force.
  package var state = State.starting

  /// When `state` began.
  package var since: Timestamp

  /// What is in force; absent before the first commit.
  package var enforced: Enforced?

  /// Who keeps the socket that owns the tables when this process dies, `service manager` or `moat hold`: nobody where
  /// empty; absent where the tables have no owner.
  package var keepers: [String]?

  /// What it was made from; absent before the first reading, and where there is a cluster.
  package var source: Source?

  /// The cluster that it was made from; absent where there are manifests.
  package var cluster: Cluster?

  /// Sorted by source, then in the order they were reported.
  package var faults: [Fault] = []

  /// What has happened since the start.
  package var counts = Counts()

  package init(version: String, node: String, process: Int32, started: Timestamp) {
    self.version = version
    self.node = node
    self.process = process
    self.started = started
    since = started
  }
}
