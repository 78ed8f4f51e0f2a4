// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Logging
internal import SIPStack
internal import Site
internal import Timing

/// A module at work, and its window on the exchange.
final class HostedModule: ModuleHost {
    let name: String
    private unowned let board: Switchboard
    private(set) var running: (any RunningModule)?
    private var timers: [ModuleTimer: () -> Void] = [:]
    private var lastTimer: UInt64 = 0

    init(_ module: any Module, board: Switchboard) {
        name = module.name
        self.board = board
        running = module.start(self)
    }

    var now: Instant { board.now }
    var wallTime: WallTime { board.wallNow }

    func perform(_ command: Command) throws(CommandRefusal) -> CommandResult {
        try board.perform(command, by: name)
    }

    func after(_ delay: Duration, _ body: @escaping () -> Void) -> ModuleTimer {
        lastTimer += 1
        let timer = ModuleTimer(rawValue: lastTimer)
        timers[timer] = body
        board.setTimer(.module(name, timer), after: delay)
        return timer
    }

    func cancel(_ timer: ModuleTimer) {
        timers[timer] = nil
        board.timers.cancel(.module(name, timer))
    }

    func due(_ timer: ModuleTimer) {
        if let body = timers.removeValue(forKey: timer) { measured(body) }
    }

    func heard(_ event: NumberedLedgerEvent) { measured { running?.heard(event) } }
    func reloaded() { measured { running?.reloaded() } }
    func stop() { running?.stop() }

    /// A module that takes long holds everybody up: it is named.
    private func measured(_ body: () -> Void) {
        let start = board.now
        body()
        let spent = start.duration(to: board.now)
        guard spent >= Self.slow else { return }
        board.services.counters.add(.slowTurns)
        board.log.warning("module \(name) took \(spent.milliseconds) ms at once")
    }

    private static let slow = Duration.milliseconds(5)

    func note(_ fact: any LedgerFact, call: CallID?, leg: LegID?) { board.note(fact, call: call, leg: leg) }
    func rows() -> [String: String] { board.services.tables.all(in: name) }
    func setRow(_ key: String, _ value: String?) { board.services.tables.set(key, value, in: name) }

    func section<Section: SiteSection>(_ type: Section.Type) -> Section? { board.services.site.site.section(type) }

    var legs: [LegDescription] { board.legs.values.map(\.description).sorted { $0.id < $1.id } }
    func leg(_ id: LegID) -> LegDescription? { board.legs[id]?.description }
    func state(ofSeat number: String) -> SeatState { board.state(ofSeat: number) }
    func pickupGroups(ofSeat number: String) -> Set<String> { board.pickupGroups(ofSeat: number) }

    func setLamp(_ lamp: String, _ state: LampState?) { board.turn { board.setLamp(lamp, state, of: name) } }

    func log(_ level: ModuleLogLevel, _ text: String) {
        let level: Logger.Level =
            switch level {
            case .debug: .debug
            case .info: .info
            case .notice: .notice
            case .warning: .warning
            case .error: .error
            }
        board.log.log(level: level, "\(name): \(text)")
    }
}

extension Leg {
    var description: LegDescription {
        LegDescription(
            id: id, call: call.id, party: party, isIncoming: isIncoming,
            state: LegDescription.State(rawValue: stateName) ?? .ended, caller: caller,
            partner: bridge.map { $0.other(than: self).id })
    }
}

extension Switchboard {
    func state(ofSeat number: String) -> SeatState {
        let isRegistered = services.location.bindings(of: number, now: now).contains { $0.way != nil }
        let limit = services.site.site.seat(number)?.calls ?? 1
        return seats.state(of: number, isRegistered: isRegistered, limit: limit)
    }

    func pickupGroups(ofSeat number: String) -> Set<String> {
        services.site.site.seat(number)?.pickupGroups ?? []
    }
}
