// SPDX-License-Identifier: AGPL-3.0-or-later

/// What an application leaves to the dialplan.
public enum ApplicationOutcome: Hashable, Sendable {
    /// On to the next priority.
    case next
    /// The call is to end with this cause.
    case hangUp(HangupCause)
}

/// Channel variables as applications see them.
public protocol VariableStore: AnyObject {
    func variable(_ name: String) -> String?
    func setVariable(_ name: String, _ value: String?)
}

/// What an application is given besides the call.
public struct ApplicationContext {
    public let call: any CallControl
    /// Split at the commas, variables replaced.
    public let arguments: [String]
    public let variables: any VariableStore

    public init(call: any CallControl, arguments: [String], variables: any VariableStore) {
        self.call = call
        self.arguments = arguments
        self.variables = variables
    }

    /// The argument at `index`, nil when absent or empty.
    public func argument(_ index: Int) -> String? {
        guard index < arguments.count, !arguments[index].isEmpty else { return nil }
        return arguments[index]
    }
}

/// A dialplan application of a module: `Echo()`, `MixMonitor(file)`.
public struct ModuleApplication: Sendable {
    public typealias Body =
        @Sendable (ApplicationContext) async throws -> ApplicationOutcome

    /// As written in a dialplan; compared without case.
    public var name: String
    public var synopsis: String
    public var minimumArguments: Int
    public var maximumArguments: Int
    public var body: Body

    public init(
        name: String, synopsis: String, minimumArguments: Int = 0, maximumArguments: Int,
        body: @escaping Body
    ) {
        self.name = name
        self.synopsis = synopsis
        self.minimumArguments = minimumArguments
        self.maximumArguments = maximumArguments
        self.body = body
    }
}

/// Something a seat can dial with a `*` code. Which code is the site's to say (`features.toml`).
public struct FeatureCode: Sendable {
    /// The key in `features.toml`, e.g. `echo`.
    public var name: String
    /// The code used when the site says nothing, e.g. `*43`.
    public var defaultCode: String
    public var synopsis: String
    /// Run when the code is dialled, on an answered call.
    public var application: String
    public var arguments: [String]

    public init(
        name: String, defaultCode: String, synopsis: String, application: String,
        arguments: [String] = []
    ) {
        self.name = name
        self.defaultCode = defaultCode
        self.synopsis = synopsis
        self.application = application
        self.arguments = arguments
    }
}

/// A reader of the ledger within the process. Called on the ledger's thread, after the events are
/// durable, in order, each once.
public protocol LedgerReader: Sendable {
    func read(_ events: [LedgerEvent])
}

/// A feature of the switch as a target of its own under `Sources/Modules`.
///
/// It sees the exchange only through `CallControl`, ledger events and what it registers here.
public protocol Module: Sendable {
    var name: String { get }
    var applications: [ModuleApplication] { get }
    var featureCodes: [FeatureCode] { get }
    var ledgerReaders: [any LedgerReader] { get }
}

extension Module {
    public var applications: [ModuleApplication] { [] }
    public var featureCodes: [FeatureCode] { [] }
    public var ledgerReaders: [any LedgerReader] { [] }
}
