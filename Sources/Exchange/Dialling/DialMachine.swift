// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Timing

/// One `Dial`: several legs ring, the first answer wins, the others are cancelled.
///
/// A value: inputs and times go in, actions come out. It knows legs by their index within the call.
struct DialMachine: Sendable {
    enum Input: Hashable, Sendable {
        /// 101…199; `media` when the response carried a session description.
        case provisional(UInt16, status: Int, media: Bool)
        case answered(UInt16)
        /// Final failure, by its SIP status; 408 also when nothing was ever heard.
        case failed(UInt16, status: Int)
        /// The ring time is over.
        case timedOut
        /// The caller hung up.
        case callerGone
    }

    enum Action: Hashable, Sendable {
        /// Tell the caller that a phone rings (180).
        case ring
        /// Let the caller hear this leg before the answer (183). Only when one leg rings.
        case earlyMedia(UInt16)
        case connect(UInt16)
        case cancel(UInt16)
        /// The same because another leg has answered: its phone is to show no missed call.
        case dismiss(UInt16)
        /// Over without an answer.
        case finish(DialStatus, HangupCause)
    }

    private enum LegState: Hashable, Sendable {
        /// INVITE sent, nothing heard.
        case trying
        case ringing
        case failed(HangupCause)
    }

    private var legs: [UInt16: LegState]
    private let order: [UInt16]
    private var hasRung = false
    /// Set by the answer, the end, or the caller's leaving; every later input is ignored.
    private(set) var isFinished = false

    /// `legs` in the order the dialplan named them.
    init(legs: [UInt16]) {
        order = legs
        self.legs = Dictionary(legs.map { ($0, .trying) }, uniquingKeysWith: { first, _ in first })
    }

    mutating func handle(_ input: Input) -> [Action] {
        guard !isFinished else { return [] }
        switch input {
        case .provisional(let leg, let status, let media):
            guard let state = legs[leg] else { return [] }
            if case .failed = state { return [] }
            legs[leg] = .ringing
            if media, order.count == 1 {
                // What the called side plays is the ringing; none of ours goes over it.
                hasRung = true
                return [.earlyMedia(leg)]
            }
            guard status == 180 || status == 183, !hasRung else { return [] }
            hasRung = true
            return [.ring]

        case .answered(let winner):
            guard let state = legs[winner] else { return [] }
            if case .failed = state { return [] }
            isFinished = true
            return ringingLegs.filter { $0 != winner }.map { .dismiss($0) } + [.connect(winner)]

        case .failed(let leg, let status):
            guard legs[leg] != nil else { return [] }
            legs[leg] = .failed(HangupCause(sipStatus: status))
            // A 6xx speaks for the whole number: nobody else is to be tried (RFC 3261 §16.7 step 5),
            // but another seat's refusal does not end a ring group, so it holds for one target only.
            return ringingLegs.isEmpty ? finish() : []

        case .timedOut:
            isFinished = true
            let cause: HangupCause = legs.values.contains(.ringing) ? .noAnswer : .noUserResponding
            return cancellations + [.finish(.noAnswer, cause)]

        case .callerGone:
            isFinished = true
            return cancellations + [.finish(.cancel, .normalClearing)]
        }
    }

    private var ringingLegs: [UInt16] {
        order.filter { leg in
            switch legs[leg] {
            case .trying, .ringing: true
            case .failed, nil: false
            }
        }
    }

    private var cancellations: [Action] { ringingLegs.map { .cancel($0) } }

    /// Everybody failed: the kindest truth is told. Busy says most, then no answer, then congestion.
    private mutating func finish() -> [Action] {
        isFinished = true
        let causes = order.compactMap { leg -> HangupCause? in
            if case .failed(let cause) = legs[leg] { cause } else { nil }
        }
        func first(_ wanted: Set<HangupCause>) -> HangupCause? { causes.first { wanted.contains($0) } }
        if let cause = first([.userBusy, .callRejected]) { return [.finish(.busy, cause)] }
        if let cause = first([.noAnswer]) { return [.finish(.noAnswer, cause)] }
        if let cause = first([.switchCongestion, .noCircuit, .temporaryFailure, .networkOutOfOrder]) {
            return [.finish(.congestion, cause)]
        }
        return [.finish(.unavailable, causes.first ?? .subscriberAbsent)]
    }
}
