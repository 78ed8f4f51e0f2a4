// SPDX-License-Identifier: AGPL-3.0-or-later
public import CallModel
internal import Names
public import SIPStack
public import Timing

/// Call control: one executor a node, and on it every call, leg, room, offer, bridge and script.
///
/// The actor is the border: everything behind it is plain, synchronous code on plain objects, and the dialplans run as
/// `async` functions on the same executor. So nothing in a call needs a lock, any leg can be joined with any other in one
/// step, and what happens between two awaits happens at once. One thread sets up some 650 to 1,100 calls a second; a site
/// that needs more runs more nodes.
public actor Exchange {
    private nonisolated let executor: any SerialExecutor
    /// The same thread as a preference of tasks: without it a resumed continuation would first be run by
    /// the global pool, only to hop from there to the exchange.
    private let preference: any TaskExecutor
    private let board: Switchboard
    private nonisolated let names: any NameResolving

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// `executor` and `preference` are the same event loop; `door` is made by the caller and belongs to the exchange from here on.
    public init(
        executor: any SerialExecutor, preference: any TaskExecutor, environment: ExchangeEnvironment,
        services: SwitchServices, modules: [any Module] = [],
        configuration: UserAgent.Configuration, door: sending any MediaDoor
    ) {
        self.executor = executor
        self.preference = preference
        names = services.names
        let board = Switchboard(
            environment: environment, services: services, configuration: configuration, door: door)
        self.board = board
        board.start(modules)
        board.launch = { [weak self] in self?.launch($0) }
        board.ask = { [weak self] in self?.ask($0) }
    }

    /// Starts what runs by itself: expiry of bindings, keep-alives. Once.
    public func start() {
        board.startBackground()
    }

    /// A SIP message as it came; `bytes` is read before this returns.
    public func received(_ bytes: UnsafeRawBufferPointer, from flow: Flow, at now: Instant) {
        board.received(bytes, from: flow, at: now)
    }

    /// The same for bytes that come from another thread.
    public func received(_ bytes: [UInt8], from flow: Flow, at now: Instant) {
        bytes.withUnsafeBytes { board.received($0, from: flow, at: now) }
    }

    public func flowClosed(_ flow: Flow) {
        board.flowClosed(flow)
    }

    /// A message of ours cannot be sent, though others on the same flow can.
    public func undelivered(_ bytes: [UInt8]) {
        board.undelivered(bytes)
    }

    /// `SwitchServices.site` has another site: trunks and their names are followed from now on, what it no longer knows
    /// is forgotten.
    public func siteReplaced() {
        board.siteReplaced()
    }

    /// The alarm asked for by `ExchangeEnvironment.setAlarm` has gone off.
    public func wake() {
        board.wake()
    }

    /// Media events wait at the door.
    public func mediaEventsWait() {
        board.drainMedia()
    }

    /// The calls as they are now.
    public func snapshot() -> [CallSnapshot] { board.calls.values.map(\.snapshot).sorted { $0.id < $1.id } }

    /// Who watches which lamp.
    public func lamps() -> [LampSnapshot] { board.lampSnapshots }
    public func lampCount() -> Int { board.lamps.count }

    /// Ends a call; false when it is not here.
    public func hangUp(_ id: CallID) -> Bool { board.hangUp(id) }

    /// Asks for something; `origin` is who asks, for the ledger.
    public func perform(_ command: Command, by origin: String) throws(CommandRefusal) -> CommandResult {
        try board.perform(command, by: origin)
    }

    /// Refuses new calls (503) from now on and says how many are left.
    public func drain() -> Int {
        board.isDraining = true
        return board.calls.count
    }

    /// Ends every call at once, for the end of the process.
    public func endAllCalls() { board.endAllCalls() }

    public func counters() -> UserAgent.Counters { board.agent.counters }

    /// What is still kept for calls, for tests to see that nothing is when all calls are over.
    func leftovers() -> [String] { board.leftovers() }

    /// Runs a script as a task of its own, on this executor.
    private nonisolated func launch(_ pending: PendingScript) {
        nonisolated(unsafe) let pending = pending
        Task(executorPreference: preference) { await self.run(pending) }
    }

    /// Looks up the server of a trunk that is given by name.
    private nonisolated func ask(_ service: NameService) {
        let preference = preference
        names.resolve(service) { [weak self] answer in
            Task(executorPreference: preference) { await self?.answered(service, answer) }
        }
    }

    private func answered(_ service: NameService, _ answer: Result<ServerList, NameFailure>) {
        board.answered(service, answer)
    }

    private func run(_ pending: sending PendingScript) async {
        await pending.body()
        board.turn { pending.script.finished() }
    }
}
