// SPDX-License-Identifier: AGPL-3.0-or-later
public import Timing

/// The names a site needs, what they lead to, and when each is to be asked for again. A value without I/O.
///
/// An answer is kept as long as DNS lets it be, 5 seconds at least and an hour at most; after a failure the last good
/// answer stays in use and the question is put again every 30 seconds: a name server that is down must not take the trunks
/// down with it.
public struct NameWatch: Sendable {
    public enum State: Hashable, Sendable {
        /// Never answered yet.
        case asking
        case known(ServerList)
        /// The last question failed.
        case failing(NameFailure, last: ServerList?)
    }

    /// What has changed with an answer, for the log.
    public enum News: Hashable, Sendable {
        /// It resolves, for the first time or again.
        case found(ServerList)
        case failed(NameFailure, isKept: Bool)
    }

    public static let retry = Duration.seconds(30)
    public static let lifetimes = Duration.seconds(5)...Duration.seconds(3600)
    /// A question whose answer is lost is put again after this time.
    static let patience = Duration.seconds(300)

    private var states: [NameService: State] = [:]
    private var deadlines = TimerHeap<NameService>()

    public init() {}

    public var nextDeadline: Instant? { deadlines.nextDeadline }

    /// nil when the service is not watched.
    public func state(of service: NameService) -> State? { states[service] }

    /// What the service is known to lead to, be it by an older answer.
    public func servers(of service: NameService) -> ServerList? {
        switch states[service] {
        case .known(let list), .failing(_, .some(let list)): list
        case .asking, .failing(_, nil), nil: nil
        }
    }

    /// Watches these and no others; returns those that are new and have to be asked for now.
    public mutating func follow(_ services: Set<NameService>, now: Instant) -> [NameService] {
        for gone in states.keys where !services.contains(gone) {
            states[gone] = nil
            deadlines.cancel(gone)
        }
        let new = services.filter { states[$0] == nil }.sorted { $0.description < $1.description }
        for service in new {
            states[service] = .asking
            deadlines.set(service, at: now.advanced(by: Self.patience))
        }
        return new
    }

    /// Those to be asked for again now.
    public mutating func due(_ now: Instant) -> [NameService] {
        var due: [NameService] = []
        while let service = deadlines.popDue(now) { due.append(service) }
        for service in due { deadlines.set(service, at: now.advanced(by: Self.patience)) }
        return due
    }

    /// Takes an answer; nil when it changes nothing, or nobody wants it any more.
    public mutating func answered(
        _ service: NameService, _ result: Result<ServerList, NameFailure>, now: Instant
    ) -> News? {
        guard let old = states[service] else { return nil }
        switch result {
        case .success(let list):
            states[service] = .known(list)
            let life = min(max(list.lifetime, Self.lifetimes.lowerBound), Self.lifetimes.upperBound)
            deadlines.set(service, at: now.advanced(by: life))
            if case .known(let before) = old, before.servers == list.servers { return nil }
            return .found(list)
        case .failure(let failure):
            let last = servers(of: service)
            states[service] = .failing(failure, last: last)
            deadlines.set(service, at: now.advanced(by: Self.retry))
            if case .failing(failure, _) = old { return nil }
            return .failed(failure, isKept: last != nil)
        }
    }
}
