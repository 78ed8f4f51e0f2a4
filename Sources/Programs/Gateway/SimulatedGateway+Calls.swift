// SPDX-License-Identifier: AGPL-3.0-or-later
internal import SDP
internal import SIPMessage
internal import SIPStack
internal import Timing

/// Calls in both directions.
extension SimulatedGateway {
    func handle(_ event: Event) {
        switch event {
        case .incomingInvite(let session, let message, let flow): incoming(session, message, flow)
        case .incomingRequest(let id, let message, _):
            let status = message.method == .options ? 200 : 405
            perform(agent.respond(id, with: message.response(status), now: now))
        case .provisional(let session, let status, let message): provisional(session, status, message)
        case .answered(let session, let message): answered(session, message)
        case .failed(let session, let status, let message): failed(session, status, message)
        case .cancelled(let session, _):
            guard let id = sessions[session] else { return }
            tell(id, "hung up by far end")
            clear(id)
        case .acknowledged(let session, let message):
            guard let id = sessions[session], ports[id]?.call?.audio == nil else { return }
            settle(id, answer: message)
        case .reoffered(let session, let message): reoffered(session, message)
        case .ended(let session, let cause): ended(session, cause)
        case .response(let id, let message): registrationAnswered(id, message)
        case .requestFailed(let id, let status): registrationFailed(id, status: status)
        case .referred(_, let id, _): perform(agent.rejectRefer(id, status: 603, now: now))
        case .subscribed(let id, _, _): perform(agent.rejectSubscription(id, status: 489, now: now))
        case .reofferAnswered, .reofferFailed, .inDialogRequest, .referAnswered, .referProgress, .subscriptionRefreshed,
            .subscriptionEnded:
            break
        }
    }

    // MARK: From the switch

    private func incoming(_ session: SessionID, _ message: SIPMessage, _ flow: Flow) {
        let caller = message.from.uri.user ?? "anonymous"
        let number = message.requestURI?.user ?? ""
        let port: PortID
        if flow.listener == 0 {
            // A gateway hunts: the first line on hook.
            guard let free = lineIDs.first(where: { ports[$0]?.state == .idle }) else {
                console.print("lines all busy: \(caller) dialled \(number)")
                perform(agent.reject(session, status: 503, now: now))
                return
            }
            port = free
        } else {
            guard let index = settings.telephones.firstIndex(where: { $0.number == number }) else {
                perform(agent.reject(session, status: 404, now: now))
                return
            }
            port = .phone(index + 1)
        }
        guard let state = ports[port], state.state == .idle, !state.isEngaged else {
            tell(port, "busy: call from \(caller) refused")
            perform(agent.reject(session, status: 486, now: now))
            return
        }
        guard openCall(port, session) else {
            perform(agent.reject(session, status: 500, now: now))
            return
        }
        if !message.body.isEmpty {
            guard let offer = try? SessionDescription.parse(message.body), accept(port, offer: offer, isRinging: true)
            else {
                perform(agent.reject(session, status: 488, now: now))
                tell(port, "refused 488 Not Acceptable Here")
                return clear(port)
            }
        }
        ports[port]?.state = .ringing
        ports[port]?.other = flow.listener == 0 ? number : caller
        ports[port]?.forgetEvents()
        perform(agent.progress(session, status: 180, now: now))
        if flow.listener == 0 { tell(port, "dialled \(number) from \(caller)") }
        tell(port, flow.listener == 0 ? "ringing" : "ringing from \(caller)")
        if let seconds = ports[port]?.answerAfterSeconds {
            answers.set(port, at: now.advanced(by: .milliseconds(Int64(seconds * 1_000))))
        }
    }

    /// The outside party, or whoever sits at the telephone, answers.
    func answer(_ id: PortID) {
        guard let call = ports[id]?.call, ports[id]?.state == .ringing else { return }
        answers.cancel(id)
        if ports[id]?.call?.description == nil { makeOffer(id) }
        let body = ports[id]?.call?.description?.serialize() ?? []
        ports[id]?.state = .connected
        beginSpeech(id)
        perform(agent.accept(call.session, body: body, now: now))
        tell(id, "connected")
    }

    func refuse(_ id: PortID) {
        guard let call = ports[id]?.call, ports[id]?.state == .ringing else { return }
        perform(agent.reject(call.session, status: 486, now: now))
        tell(id, "refused 486 Busy Here")
        clear(id)
    }

    // MARK: To the switch

    /// Calls the switch: from an outside number, or from a telephone's.
    func call(_ id: PortID, from: String, to number: String, login: DigestLogin) {
        let listener = if case .line = id { 0 } else { 1 }
        let session = SessionID(rawValue: 0)
        guard openCall(id, session) else { return }
        makeOffer(id)
        let host = switchURI(user: nil).host
        let (made, actions) = agent.invite(
            Invitation(
                requestURI: switchURI(user: number), flow: flow(listener: listener),
                from: NameAddress(uri: SIPURI(user: from, host: host)),
                to: NameAddress(uri: SIPURI(user: number, host: host)),
                body: ports[id]?.call?.description?.serialize(), credentials: login, ringTimeout: .seconds(180),
                contactUser: login.username),
            now: now)
        sessions[session] = nil
        sessions[made] = id
        ports[id]?.call?.session = made
        ports[id]?.state = .calling
        ports[id]?.other = listener == 0 ? from : number
        ports[id]?.forgetEvents()
        tell(id, "calling \(number)")
        perform(actions)
    }

    private func provisional(_ session: SessionID, _ status: Int, _ message: SIPMessage) {
        guard let id = sessions[session] else { return }
        if !message.body.isEmpty { settle(id, answer: message) }
        guard status == 180, ports[id]?.call?.toldRinging == false else { return }
        ports[id]?.call?.toldRinging = true
        tell(id, "ringing")
    }

    private func answered(_ session: SessionID, _ message: SIPMessage) {
        guard let id = sessions[session] else { return }
        settle(id, answer: message)
        ports[id]?.state = .connected
        tell(id, "connected")
    }

    private func failed(_ session: SessionID, _ status: Int, _ message: SIPMessage?) {
        guard let id = sessions[session] else { return }
        var reason = SIPMessage.reasonPhrase(for: status)
        if case .response(_, let words)? = message?.startLine, !words.isEmpty { reason = words }
        tell(id, "refused \(status) \(reason)")
        clear(id)
    }

    // MARK: Both

    /// Puts the receiver down.
    func hangUp(_ id: PortID) {
        answers.cancel(id)
        guard let call = ports[id]?.call else {
            ports[id]?.state = .idle
            return
        }
        if ports[id]?.state == .ringing {
            refuse(id)
            return
        }
        ports[id]?.call?.isEndedHere = true
        perform(agent.hangUp(call.session, now: now))
        // A telephone is on hook at once, whatever the switch says; its session ends by itself.
        if ports[id]?.call != nil {
            tell(id, "hung up")
            clear(id)
        }
    }

    private func ended(_ session: SessionID, _ cause: EndCause) {
        guard let id = sessions[session], let call = ports[id]?.call, call.session == session else {
            sessions[session] = nil
            return
        }
        switch cause {
        case .remote: tell(id, "hung up by far end")
        case .local: if call.isEndedHere { tell(id, "hung up") }
        case .notAcknowledged: tell(id, "hung up: the switch never acknowledged the answer")
        case .refused(let status): tell(id, "hung up: \(status) from the switch")
        }
        clear(id)
    }
}
