// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Names
internal import Synchronization
internal import Timing

/// Where trunks given by name are, and which of their targets answer.
extension LocationService {
    // MARK: Answers to OPTIONS

    /// Notes whether a target answered. Returns whether the trunk as a whole is reachable when that is news: one target
    /// that answers is enough.
    func noteAnswer(of trunk: String, target: ServerTarget, _ answers: Bool) -> Bool? {
        state.withLock { state in
            let before = state.answers[trunk]?.values.contains(true)
            state.answers[trunk, default: [:]][target] = answers
            let after = state.answers[trunk]?.values.contains(true)
            return after == before ? nil : after
        }
    }

    /// Forgets targets that a trunk no longer has.
    func keepAnswers(of trunk: String, from targets: Set<ServerTarget>) {
        state.withLock { state in
            let kept = state.answers[trunk]?.filter { targets.contains($0.key) } ?? [:]
            state.answers[trunk] = kept.isEmpty ? nil : kept
        }
    }

    func forgetAnswers(of trunk: String) { state.withLock { $0.answers[trunk] = nil } }

    /// nil when the trunk is never asked.
    public func isReachable(_ trunk: String) -> Bool? {
        state.withLock { $0.answers[trunk]?.values.contains(true) }
    }

    /// The targets of a trunk that did not answer last time.
    func silentTargets(of trunk: String) -> Set<ServerTarget> {
        state.withLock { Set($0.answers[trunk]?.filter { !$0.value }.keys.map { $0 } ?? []) }
    }

    // MARK: Names

    func followNames(_ services: Set<NameService>, now: Instant) -> [NameService] {
        state.withLock { $0.names.follow(services, now: now) }
    }

    func dueNames(now: Instant) -> [NameService] { state.withLock { $0.names.due(now) } }

    var nextNameDeadline: Instant? { state.withLock { $0.names.nextDeadline } }

    func nameAnswered(
        _ service: NameService, _ answer: Result<ServerList, NameFailure>, now: Instant
    ) -> NameWatch.News? {
        state.withLock { $0.names.answered(service, answer, now: now) }
    }

    func servers(of service: NameService) -> ServerList? { state.withLock { $0.names.servers(of: service) } }

    func nameState(of service: NameService) -> NameWatch.State? { state.withLock { $0.names.state(of: service) } }
}
