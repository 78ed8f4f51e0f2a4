// SPDX-License-Identifier: AGPL-3.0-or-later
public import CallModel
public import Dialplan
public import Timing

/// A dialplan together with everything it may call: what a call runs on from its beginning to its
/// end, whatever is reloaded meanwhile. Made once a load, shared by all calls.
public struct DialplanProgram: Sendable {
    public let dialplan: Dialplan
    public let globals: GlobalVariables
    /// The site's wall clock, for time conditions.
    let civilTime: @Sendable (WallTime) -> CivilTime
    let moduleApplications: [String: (module: String, application: ModuleApplication)]

    public init(
        dialplan: Dialplan, modules: [any Module] = [], globals: GlobalVariables,
        civilTime: @escaping @Sendable (WallTime) -> CivilTime = LocalTime.civil
    ) {
        self.dialplan = dialplan
        self.globals = globals
        self.civilTime = civilTime
        self.moduleApplications = Dictionary(
            modules.flatMap { module in
                module.applications.map { ($0.name.lowercased(), (module: module.name, application: $0)) }
            }, uniquingKeysWith: { first, _ in first })
    }

    /// What the checker is to know of: the core's applications and those of `modules`.
    public static func applicationSignatures(modules: [any Module] = []) -> [ApplicationSignature] {
        let core = CoreApplications.all.map(\.signature)
        let taken = Set(core.map { $0.name.lowercased() })
        let offered = modules.flatMap(\.applications).filter { !taken.contains($0.name.lowercased()) }
        return core
            + offered.map {
                ApplicationSignature(
                    name: $0.name, minimumArguments: $0.minimumArguments, maximumArguments: $0.maximumArguments)
            }
    }

    /// The functions of the core.
    public static var functionSignatures: [FunctionSignature] { CoreFunctions.all.map(\.signature) }

    /// Runs a call through the dialplan, from `extension` in `context` to the end, `h` included.
    /// Afterwards the call is hung up. Must be awaited on the exchange's executor.
    public func run(
        _ call: any CallControl, context: String, extension name: String, variables: [String: String] = [:]
    ) async {
        let interpreter = Interpreter(program: self, call: call, context: context, exten: name)
        for (name, value) in variables { interpreter.setVariable(name, value) }
        await interpreter.run()
    }

    /// Runs one application instead of the dialplan: a feature code. Afterwards the call is hung up.
    public func run(
        _ call: any CallControl, application: String, arguments: [String], context: String, extension name: String,
        variables: [String: String] = [:]
    ) async {
        let interpreter = Interpreter(program: self, call: call, context: context, exten: name)
        for (name, value) in variables { interpreter.setVariable(name, value) }
        await interpreter.run(application: application, arguments: arguments)
    }
}
