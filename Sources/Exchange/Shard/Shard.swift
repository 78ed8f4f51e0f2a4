// SPDX-License-Identifier: AGPL-3.0-or-later
public import CallModel
public import SIPStack
public import Timing

/// A shard of call control: an executor, and all calls whose Call-ID leads here.
///
/// The actor is the border: everything behind it is plain, synchronous code on plain objects, and the
/// dialplans of its calls run as `async` functions on the same executor, so that nothing in a call
/// needs a lock.
public actor Shard {
    private nonisolated let executor: any SerialExecutor
    /// The same thread as a preference of tasks: without it a resumed continuation would first be run by
    /// the global pool, only to hop from there to the shard.
    private let preference: any TaskExecutor
    private let board: Switchboard

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// `executor` and `preference` are the same event loop; `door` is made by the caller and belongs to the shard from here on.
    public init(
        executor: any SerialExecutor, preference: any TaskExecutor, environment: ShardEnvironment,
        services: SwitchServices,
        configuration: UserAgent.Configuration, door: sending any MediaDoor
    ) {
        self.executor = executor
        self.preference = preference
        board = Switchboard(
            environment: environment, services: services, configuration: configuration, door: door)
    }

    /// Starts what runs by itself: expiry of bindings, keep-alives. Once.
    public func start() {
        board.startBackground()
        startScripts()
    }

    /// A SIP message as it came; `bytes` is read before this returns.
    public func received(_ bytes: UnsafeRawBufferPointer, from flow: Flow, at now: Instant) {
        board.received(bytes, from: flow, at: now)
        startScripts()
    }

    /// The same for bytes that come from another thread.
    public func received(_ bytes: [UInt8], from flow: Flow, at now: Instant) {
        bytes.withUnsafeBytes { board.received($0, from: flow, at: now) }
        startScripts()
    }

    public func flowClosed(_ flow: Flow) {
        board.flowClosed(flow)
        startScripts()
    }

    /// The alarm asked for by `ShardEnvironment.setAlarm` has gone off.
    public func wake() {
        board.wake()
        startScripts()
    }

    /// Media events wait at the door.
    public func mediaEventsWait() {
        board.drainMedia()
        startScripts()
    }

    /// The calls of this shard as they are now.
    public func snapshot() -> [CallSnapshot] { board.calls.values.map(\.snapshot).sorted { $0.id < $1.id } }

    /// Ends a call; false when it is not here.
    public func hangUp(_ id: CallID) -> Bool { board.hangUp(id) }

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

    private func startScripts() {
        for id in board.takeScripts() {
            Task(executorPreference: preference) { await self.runScript(of: id) }
        }
    }

    private func runScript(of id: CallID) async {
        guard let call = board.calls[id], let entry = call.entry else { return }
        await entry.runner(call, entry)
        call.scriptFinished()
        board.rearm()
        startScripts()
    }
}
