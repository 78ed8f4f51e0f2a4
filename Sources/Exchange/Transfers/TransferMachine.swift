// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel

/// A transfer as a value: one for REFER, feature code, command and dialplan.
///
/// *Blind*: the transferee is sent to a destination while the transferor waits; he is released when it takes the transferee,
/// and when it does not, the two talk again, or the transferor is rung. *Attended*: two talks of the transferor become one
/// of the others.
struct TransferMachine: Sendable {
    enum Kind: Hashable, Sendable {
        case blind
        case attended
    }

    enum State: Hashable, Sendable {
        case waiting
        /// The transferee is on its way to the destination.
        case moving(transferorIsGone: Bool, told: Bool)
        /// It failed and the transferor has hung up: he is rung.
        case recalling
        case over
    }

    enum Input: Hashable, Sendable {
        case begin
        /// Somebody rings at the destination.
        case rings
        /// The destination has taken the transferee: somebody talks to it, or a service does.
        case taken
        case failed(HangupCause)
        case transferorGone
        case transfereeGone
        /// The transferor was rung and has answered, or has not.
        case recalled
        case recallFailed(HangupCause)
        /// The two others of an attended transfer have been joined, or could not be.
        case joined
    }

    enum Action: Hashable, Sendable {
        /// What the transferor is told (the sipfrag of RFC 3515 §2.4.5).
        case progress(Int)
        case result(Int)
        /// The transferee is sent to the destination.
        case move
        /// The others of both talks are joined.
        case join
        /// The transferee has left for good: what waited for it is over.
        case letGo
        case releaseTransferor
        /// The transferor is still there: the two talk again.
        case rejoin
        case recall
        /// Nobody wants the transferee back: its own next step.
        case resume(HangupCause)
        case over(succeeded: Bool, HangupCause)
    }

    let kind: Kind
    private(set) var state = State.waiting

    init(kind: Kind) { self.kind = kind }

    mutating func handle(_ input: Input) -> [Action] {
        switch (state, input) {
        case (.waiting, .begin):
            state = .moving(transferorIsGone: false, told: false)
            return [.progress(100), kind == .blind ? .move : .join]
        case (.moving(let isGone, let told), .rings):
            guard !told else { return [] }
            state = .moving(transferorIsGone: isGone, told: true)
            return [.progress(180)]
        case (.moving(let isGone, _), .taken):
            state = .over
            return [.result(200), .letGo] + (isGone ? [] : [.releaseTransferor])
                + [.over(succeeded: true, .normalClearing)]
        case (.moving, .joined):
            state = .over
            return [.result(200), .releaseTransferor, .over(succeeded: true, .normalClearing)]
        case (.moving(let isGone, _), .failed(let cause)):
            let result = Action.result(cause.sipStatus)
            guard kind == .blind else {
                // Both talks are as they were.
                state = .over
                return [result, .over(succeeded: false, cause)]
            }
            state = isGone ? .recalling : .over
            return [result] + (isGone ? [.recall] : [.rejoin, .over(succeeded: false, cause)])
        case (.moving(_, let told), .transferorGone):
            // He may hang up right after 202 (RFC 5589 §6.1); the transferee goes on.
            state = .moving(transferorIsGone: true, told: told)
            return []
        case (.moving(let isGone, _), .transfereeGone):
            state = .over
            return [.result(487)] + (isGone ? [] : [.releaseTransferor]) + [.over(succeeded: false, .normalClearing)]
        case (.recalling, .recalled):
            state = .over
            return [.over(succeeded: false, .normalClearing)]
        case (.recalling, .recallFailed(let cause)):
            state = .over
            return [.resume(cause), .over(succeeded: false, cause)]
        case (.recalling, .transfereeGone):
            state = .over
            return [.over(succeeded: false, .normalClearing)]
        case (.waiting, _), (.moving, _), (.recalling, _), (.over, _): return []
        }
    }
}
