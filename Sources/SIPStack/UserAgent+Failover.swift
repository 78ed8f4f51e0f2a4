// SPDX-License-Identifier: AGPL-3.0-or-later
internal import SIPMessage
internal import Timing

/// A call whose next hop fails goes to the next one (RFC 3263 §4.3): after 503, a transport failure, or silence.
extension UserAgent {
    /// With others to try, a next hop that says nothing is left after 8 × T1 (4 s), not after 64 × T1 as §4.3 has it:
    /// nobody listens to silence for half a minute.
    mutating func armNextHop(_ id: SessionID, now: Instant) {
        guard sessions[id]?.alternatives.isEmpty == false else { return cancelTimer(.nextHop, of: id) }
        setTimer(.nextHop, of: id, at: now.advanced(by: configuration.timers.t1 * 8))
    }

    /// Sends the INVITE of a session to its next alternative: the same call under a new CSeq number (RFC 3261 §8.1.3.5).
    /// False when there is none, or nobody wants it any more.
    mutating func tryNextHop(
        _ id: SessionID, instead request: HeldMessage?, now: Instant, out: inout [Action]
    ) -> Bool {
        guard let session = sessions[id], session.phase == .calling, session.cancellation == .none, !session.isOver,
            let request, let next = session.alternatives.first
        else { return false }
        cancelTimer(.silence, of: id)
        let sequence = session.dialog.localSequence &+ 1
        var again = request.message
        again.cseq = CSeq(sequence, .invite)
        again.contacts = [contact(user: session.contactUser, for: next)]
        sessions[id]?.alternatives.removeFirst()
        sessions[id]?.flow = next
        sessions[id]?.dialog.localSequence = sequence
        sessions[id]?.dialog.remote.tag = nil
        counters.failovers += 1
        let transaction = send(again, to: next, owner: .invite(id), now: now, out: &out)
        sessions[id]?.invite = transaction
        armNextHop(id, now: now)
        return true
    }

    /// Nothing was heard from the next hop.
    mutating func nextHopIsSilent(_ id: SessionID, now: Instant, out: inout [Action]) {
        guard let transaction = sessions[id]?.invite, let silent = layer[transaction], !silent.isProceedingClient,
            !silent.hasFinalResponse, tryNextHop(id, instead: silent.request, now: now, out: &out)
        else { return }
        layer.disown(transaction)
    }

    /// What was left as silent has woken up: its call is taken back. A 2xx is turned away like that of a fork.
    mutating func cancelUnwanted(
        _ response: SIPMessage, report: TransactionReport, now: Instant, out: inout [Action]
    ) {
        guard response.method == .invite, let status = response.status, status < 200,
            let invite = report.request?.message, let branch = invite.vias.first?.branch,
            layer.id(for: .client(branch: branch, method: .cancel)) == nil
        else { return }
        var cancel = SIPMessage.cancel(invite, headers: [])
        cancel.headers.append(SIPHeader("User-Agent", configuration.userAgentHeader))
        _ = layer.send(cancel, to: report.flow, owner: .none, now: now, out: &out)
    }
}
