// SPDX-License-Identifier: AGPL-3.0-or-later
import SIPMessage
import SIPStack
import Timing

/// A phone that subscribes at the first agent of a wire, with the little a subscriber needs: it repeats its SUBSCRIBE
/// until it is answered, answers each NOTIFY once, and refuses those out of order.
final class Subscriber {
    struct Notice: Hashable {
        var state: SubscriptionStateHeader.State?
        var reason: String?
        var body: String
    }

    var event = "dialog"
    /// Further headers of each SUBSCRIBE.
    var headers: [SIPHeader] = []
    /// What NOTIFYs are answered; nil leaves them alone.
    var notifyStatus: Int? = 200
    /// The final responses to its SUBSCRIBEs, by CSeq number.
    private(set) var answers: [UInt32: SIPMessage] = [:]
    private(set) var notices: [Notice] = []
    private(set) var requests: [SIPMessage] = []
    private(set) var refusedOutOfOrder = 0
    private var localSequence: UInt32 = 0
    private var remoteSequence: UInt32 = 0
    private var remoteTag: String?
    private var replies: [String: SIPMessage] = [:]

    /// Whether it knows the dialog its SUBSCRIBE made.
    var isSubscribed: Bool { remoteTag != nil }

    /// The status of the last SUBSCRIBE.
    var status: Int? { answers[localSequence]?.status }

    func attach(to wire: inout SimulatedWire) {
        wire.onStranger = { [self] in receive(&$0, $1) }
    }

    /// Subscribes, or renews when it has before.
    func subscribe(_ wire: inout SimulatedWire, expires: Int?) {
        localSequence += 1
        var request = SIPMessage(
            startLine: .request(.subscribe, SimulatedWire.uri(0)),
            vias: [
                Via(
                    transport: "UDP", host: SimulatedWire.address(SimulatedWire.stranger), port: 5060,
                    parameters: [SIPParameter("branch", "z9hG4bKsub\(localSequence)")])
            ],
            from: NameAddress(
                uri: SimulatedWire.uri(SimulatedWire.stranger), parameters: [SIPParameter("tag", "subscriber")]),
            to: NameAddress(uri: SimulatedWire.uri(0)), callID: "subscription",
            cseq: CSeq(localSequence, .subscribe), maxForwards: 70,
            contacts: [NameAddress(uri: SimulatedWire.uri(SimulatedWire.stranger))],
            headers: [SIPHeader("Event", event)] + headers)
        request.to.tag = remoteTag
        if let expires { request.headers.append(SIPHeader("Expires", String(expires))) }
        transmit(&wire, request, interval: .milliseconds(500), left: 10)
    }

    private func transmit(_ wire: inout SimulatedWire, _ request: SIPMessage, interval: Duration, left: Int) {
        guard answers[request.cseq.number] == nil, left > 0 else { return }
        wire.post(request, from: SimulatedWire.stranger, to: SimulatedWire.flow(to: 0))
        wire.after(interval) { [self] in
            transmit(&$0, request, interval: min(interval * 2, .seconds(4)), left: left - 1)
        }
    }

    private func receive(_ wire: inout SimulatedWire, _ message: SIPMessage) {
        if let status = message.status {
            answers[message.cseq.number] = message
            if (200..<300).contains(status) { remoteTag = message.to.tag }
            return
        }
        guard message.method == .notify, let status = notifyStatus, let branch = message.vias.first?.branch else {
            return
        }
        if let reply = replies[branch] {
            wire.post(reply, from: SimulatedWire.stranger, to: SimulatedWire.flow(to: 0))
            return
        }
        requests.append(message)
        var reply = message.response(status)
        if message.cseq.number <= remoteSequence {
            refusedOutOfOrder += 1
            reply = message.response(500)
        } else {
            remoteSequence = message.cseq.number
            // It may come before the 200 (RFC 6665 §4.1.2.4).
            remoteTag = message.from.tag
            let state = message.single(SubscriptionStateHeader.self).value
            if status < 300 {
                notices.append(
                    Notice(
                        state: state?.state, reason: state?.reason, body: String(decoding: message.body, as: UTF8.self))
                )
            }
        }
        replies[branch] = reply
        wire.post(reply, from: SimulatedWire.stranger, to: SimulatedWire.flow(to: 0))
    }
}
