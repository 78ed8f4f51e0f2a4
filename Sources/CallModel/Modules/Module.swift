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

/// A day of the calendar; as text `2026-11-21`.
public struct CivilDay: Hashable, Sendable, CustomStringConvertible {
    public var year: Int
    /// 1…12.
    public var month: Int
    /// 1…31.
    public var day: Int

    public init(year: Int, month: Int, day: Int) {
        self.year = year
        self.month = month
        self.day = day
    }

    public var description: String {
        func two(_ n: Int) -> String { n < 10 ? "0\(n)" : "\(n)" }
        return "\(year)-\(two(month))-\(two(day))"
    }
}

/// What an application is given besides the call.
public struct ApplicationContext {
    public let call: any CallControl
    /// Split at the commas, variables replaced.
    public let arguments: [String]
    public let variables: any VariableStore
    /// Today by the site's clock, which is not the day of UTC.
    public let today: CivilDay
    /// The module the application is of, at work; nil where none runs (a test of the application alone).
    public let module: (any RunningModule)?

    public init(
        call: any CallControl, arguments: [String], variables: any VariableStore, today: CivilDay,
        module: (any RunningModule)? = nil
    ) {
        self.call = call
        self.arguments = arguments
        self.variables = variables
        self.today = today
        self.module = module
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
    /// The code used when the site says nothing, e.g. `*43`. One that ends in `{seat}` or `{number}` takes the digits dialled
    /// behind it, which become the application's last argument: `**{seat}`.
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

/// A feature of the switch as a target of its own under `Sources/Modules`.
///
/// It sees the exchange only through its host, the scripts its applications run on, and ledger events: never SIP, RTP or
/// another module. Where two modules must meet, they meet through a destination by its name.
public protocol Module: Sendable {
    var name: String { get }
    var applications: [ModuleApplication] { get }
    var featureCodes: [FeatureCode] { get }
    var talkFeatures: [TalkFeature] { get }
    /// A file of the site that is the module's own.
    var section: (any SiteSection.Type)? { get }
    /// Schemes of destinations that are this module's, in lower case, and the application that serves each: it is given
    /// the destination's name as its only argument (`Park/701`).
    var destinations: [String: String] { get }
    var ledgerReaders: [any LedgerReader] { get }
    var ledgerFolds: [any LedgerFold] { get }
    /// Called once, on the exchange's executor.
    func start(_ host: any ModuleHost) -> any RunningModule
}

extension Module {
    public var applications: [ModuleApplication] { [] }
    public var featureCodes: [FeatureCode] { [] }
    public var talkFeatures: [TalkFeature] { [] }
    public var section: (any SiteSection.Type)? { nil }
    public var destinations: [String: String] { [:] }
    public var ledgerReaders: [any LedgerReader] { [] }
    public var ledgerFolds: [any LedgerFold] { [] }
    public func start(_ host: any ModuleHost) -> any RunningModule { IdleModule() }
}

/// A module at work, confined to the exchange's executor. Nothing here may block or take long: a turn over a millisecond is
/// counted under the module's name.
public protocol RunningModule: AnyObject {
    /// Something has happened; `event` has the number the ledger gives it and may not be on disk yet.
    func heard(_ event: NumberedLedgerEvent)
    /// The site was replaced by a reload.
    func reloaded()
    /// The switch ends.
    func stop()
}

extension RunningModule {
    public func heard(_ event: NumberedLedgerEvent) {}
    public func reloaded() {}
    public func stop() {}
}

/// A module without a state of its own.
public final class IdleModule: RunningModule {
    public init() {}
}
