// SPDX-License-Identifier: AGPL-3.0-or-later
public import SIPMessage
public import Timing

/// What all sessions share: being found, leaving, ending.
extension UserAgent {
    /// What is known of a session's dialog, for screens, Replaces and diagnosis.
    public struct DialogDescription: Hashable, Sendable {
        public var callID: String
        public var localTag: String
        /// nil before the peer's first response with a tag.
        public var remoteTag: String?
        public var remoteTarget: SIPURI
        public var flow: Flow
        /// Whether the call is ours: who called is told in lamps (RFC 4235 §4.1.2), and may have an early dialog replaced.
        public var isCaller: Bool
        /// Whether there is a 2xx; until then the dialog is early, if it is one at all.
        public var isConfirmed: Bool

        /// What replaces this session at the peer, e.g. within a Refer-To (RFC 3891 §3: tags as the receiver sees
        /// them). nil while there is no dialog.
        public var replacesAtPeer: ReplacesHeader? {
            remoteTag.map { ReplacesHeader(callID: callID, toTag: $0, fromTag: localTag) }
        }

        /// What replaces this session at us, e.g. for a lamp that shows it. nil while there is no dialog.
        public var replacesHere: ReplacesHeader? {
            remoteTag.map { ReplacesHeader(callID: callID, toTag: localTag, fromTag: $0) }
        }
    }

    /// nil when the session is gone.
    public func dialog(of id: SessionID) -> DialogDescription? {
        sessions[id].map {
            DialogDescription(
                callID: $0.dialog.callID, localTag: $0.dialog.localTag, remoteTag: $0.dialog.remoteTag,
                remoteTarget: $0.dialog.remoteTarget, flow: $0.flow, isCaller: $0.isCaller,
                isConfirmed: $0.phase != .calling && $0.phase != .ringing)
        }
    }

    /// Ends a session in whatever state it is. An outgoing call is cancelled (only after a provisional response;
    /// a 2xx that crosses is acknowledged and hung up), an unanswered incoming one refused with the status of a
    /// `Reason: SIP;cause=…` header or 480, an established one ended with BYE, after its ACK if that is still
    /// to come. `ended(.local)` follows when that is settled or given up.
    public mutating func hangUp(_ id: SessionID, headers: [SIPHeader] = [], now: Instant) -> [Action] {
        guard let session = sessions[id], !session.isOver else { return [] }
        var out: [Action] = []
        switch session.phase {
        case .ringing:
            let status = headers.first { $0.name.equalsIgnoringASCIICase("Reason") }.flatMap {
                Self.status(in: $0.value)
            }
            return reject(id, status: status ?? 480, headers: headers, now: now)
        case .calling:
            sessions[id]?.farewell = headers
            withdraw(id, now: now, out: &out)
        case .accepted:
            sessions[id]?.farewell = headers
            sessions[id]?.leavesWhenAcknowledged = true
        case .confirmed:
            sessions[id]?.farewell = headers
            leave(id, now: now, out: &out)
        case .leaving:
            break
        }
        return out
    }

    /// `SIP;cause=486;text="…"` (RFC 3326).
    private static func status(in reason: String) -> Int? {
        let parts = reason.split(separator: ";").map { $0.filter { !$0.isWhitespace }.lowercased() }
        guard parts.first == "sip", let cause = parts.first(where: { $0.hasPrefix("cause=") }),
            let status = Int(cause.dropFirst(6)), (300...699).contains(status)
        else { return nil }
        return status
    }

    // MARK: Leaving

    /// Sends BYE (RFC 3261 §15.1.1).
    mutating func leave(_ id: SessionID, now: Instant, out: inout [Action]) {
        guard let cause = sessions[id]?.cause, sessions[id]?.phase != .leaving else { return }
        closeReferrals(of: id, isDialogLost: cause != .local, now: now, out: &out)
        guard var session = sessions[id] else { return }
        for timer in SessionTimer.allCases { cancelTimer(timer, of: id) }
        session.phase = .leaving
        session.unacknowledged = nil
        session.referral = nil
        abandonOffer(&session, now: now, out: &out)
        var bye = session.dialog.request(.bye)
        bye.headers = session.farewell
        let isLost = cause != .local && !session.isOver
        if isLost { session.isOver = true }
        let flow = session.flow
        sessions[id] = session
        _ = send(bye, to: flow, owner: .bye(id), now: now, out: &out)
        if isLost { out.append(.event(.ended(id, cause))) }
    }

    mutating func byeSettled(_ id: SessionID, report: TransactionReport, now: Instant, out: inout [Action]) {
        guard let session = sessions[id] else { return }
        if case .response(let response) = report.kind {
            guard let status = response.status, status >= 200 else { return }
            if status == 401 || status == 407,
                retryInDialog(id, response, request: report.request, owner: .bye(id), now: now, out: &out) != nil
            {
                return
            }
        }
        finish(id, .ended(id, session.cause), out: &out)
        resumeReferrals(of: id, now: now, out: &out)
    }

    /// Answers what the peer still asks, and stops waiting for what we asked, when the session goes away under it.
    mutating func abandonOffer(_ session: inout Session, now: Instant, out: inout [Action]) {
        switch session.renegotiation {
        case .offered(let transaction, _):
            if let request = layer[transaction]?.request?.message {
                respond(request.response(487), to: transaction, now: now, out: &out)
            }
        case .offering(let transaction, _, _):
            layer.limit(transaction, now: now)
        case .none, .waiting:
            break
        }
        session.renegotiation = .none
        session.queuedOffer = nil
    }

    /// The session is gone; its user hears of it once.
    mutating func finish(_ id: SessionID, _ event: Event, out: inout [Action]) {
        guard let session = sessions[id] else { return }
        for timer in SessionTimer.allCases { cancelTimer(timer, of: id) }
        sessions[id] = nil
        if session.referrals.isEmpty {
            sessionsByTag[session.dialog.localTag] = nil
        } else {
            lingering[id] = LingeringDialog(
                dialog: session.dialog, flow: session.flow, contactUser: session.contactUser,
                referrals: session.referrals)
        }
        if !session.isOver { out.append(.event(event)) }
    }

    // MARK: Finding

    /// The session of a request in a dialog, by our tag, Call-ID and the peer's tag (RFC 3261 §12.2.2).
    func sessionID(of request: SIPMessage) -> SessionID? {
        guard let tag = request.to.tag, let id = sessionsByTag[tag], let dialog = sessions[id]?.dialog,
            dialog.belongs(request)
        else { return nil }
        return id
    }

    // MARK: Timers

    mutating func setTimer(_ timer: SessionTimer, of id: SessionID, at due: Instant) {
        layer.heap.set(.session(id, timer), at: due)
    }

    mutating func cancelTimer(_ timer: SessionTimer, of id: SessionID) {
        layer.heap.cancel(.session(id, timer))
    }

    mutating func fired(_ timer: SessionTimer, of id: SessionID, now: Instant, out: inout [Action]) {
        switch timer {
        case .ring: ringingTooLong(id, now: now, out: &out)
        case .silence:
            ringingTooLong(id, now: now, out: &out)
            if case .offering = sessions[id]?.renegotiation { dialogGone(id, status: 408, now: now, out: &out) }
        case .cancelled: cancelUnanswered(id, out: &out)
        case .nextHop: nextHopIsSilent(id, now: now, out: &out)
        case .provisional: repeatProvisional(id, now: now, out: &out)
        case .answer: answerDue(id, now: now, out: &out)
        case .acknowledgement: acknowledgementMissing(id, now: now, out: &out)
        case .reoffer: reofferAgain(id, now: now, out: &out)
        case .referral: referralSilent(id, out: &out)
        }
    }

    private mutating func repeatProvisional(_ id: SessionID, now: Instant, out: inout [Action]) {
        guard let session = sessions[id], session.phase == .ringing, let transaction = session.invite else { return }
        layer.repeated(transaction, now: now, out: &out)
        setTimer(.provisional, of: id, at: now.advanced(by: configuration.timers.provisionalRefresh))
    }
}
