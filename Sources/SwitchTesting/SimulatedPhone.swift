// SPDX-License-Identifier: AGPL-3.0-or-later
public import SDP
public import SIPMessage
public import SIPStack
internal import Timing

/// A phone, or a gateway's line: a real SIP stack without sound, at a port of the simulated network.
///
/// Sendable unchecked: the simulated world has one thread.
public final class SimulatedPhone: @unchecked Sendable {
    /// What it does when called.
    public enum Manner: Sendable {
        case answers(after: Duration)
        /// 486 or another final response.
        case refuses(status: Int)
        case ringsForEver
        /// 183 with a description after half a second, then an answer.
        case earlyMediaThenAnswers(after: Duration)
        /// 180, a second later 183 with a description, then an answer.
        case ringsThenEarlyMedia(answers: Duration)
        /// 180, then a final refusal.
        case ringsThenRefuses(status: Int, after: Duration)
        /// 183 with a description, then a final refusal.
        case earlyMediaThenRefuses(status: Int, after: Duration)
        /// Rings for a second and answers with `sendonly`.
        case answersHolding
        /// Answers with these codecs alone; later offers are answered with all the phone has.
        case answersIn([AudioCodec], after: Duration)
        /// Rings, then answers with a body that is no description, or with none.
        case answersWithBody([UInt8], after: Duration)
        /// Says nothing at all.
        case isDead
    }

    public enum Happening: Hashable, Sendable {
        case called(from: String)
        case ringing(status: Int)
        case earlyMedia
        case connected
        case failed(status: Int)
        case cancelled
        case ended
        /// A call that was set aside is over.
        case asideEnded
        /// What the switch told of a transfer that was asked for.
        case transfer(status: Int)
    }

    /// A call of the phone.
    public struct Line: Sendable {
        public var session: SessionID
        /// The switch's RTP port for the call, once a description came.
        public var switchPort: UInt16?
        public var codec: AudioCodec?
        var offer: SessionDescription?
    }

    public let user: String
    public let port: UInt16
    public let mediaPort: UInt16
    public var manner: Manner = .answers(after: .seconds(1))
    /// A gateway rings for a second call; a phone says busy.
    public var hasManyLines = false
    /// What it offers and takes, most wanted first; a later `reoffer` says what is set here then.
    public var codecs: [AudioCodec]
    public private(set) var log: [Happening] = []
    public private(set) var isRegistered = false
    /// The session that is up or ringing.
    public internal(set) var session: SessionID?
    /// The switch's RTP port for that session, once a description came.
    public internal(set) var switchPort: UInt16?
    public internal(set) var codec: AudioCodec?
    /// Calls set aside for another one, the latest last.
    public internal(set) var aside: [Line] = []
    public private(set) var lastStatus: Int?
    /// The last answer to a request outside dialogs.
    public private(set) var lastAnswer: SIPMessage?
    public internal(set) var agent: UserAgent
    /// The last INVITE that came, and the Reason of the last CANCEL.
    public private(set) var lastInvite: SIPMessage?
    /// The same as it came.
    public private(set) var lastInviteText = ""
    public private(set) var lastReason: String?
    /// Re-INVITEs of the switch that have come, and whether it takes them.
    public private(set) var reoffers = 0
    public var takesReoffers = true

    /// Lamps it watches, those that were refused or are over included.
    public internal(set) var subscriptions: [SimulatedSubscription] = []
    var subscribing: [ClientRequestID: SimulatedSubscription] = [:]

    private let password: String?
    let world: SimulatedSwitch
    private var registration: ClientRequestID?
    var referring: SessionID?
    private var alarm: UInt64?
    var offer: SessionDescription?
    /// Set while the answer to the switch's own offer is to go into our ACK.
    private var answersInAck = false
    private var ackBody: [UInt8] = []

    init(
        world: SimulatedSwitch, user: String, password: String?, port: UInt16, codecs: [AudioCodec],
        entropy: Entropy
    ) {
        self.world = world
        self.user = user
        self.password = password
        self.port = port
        self.codecs = codecs
        mediaPort = port + 1000
        agent = UserAgent(
            configuration: UserAgent.Configuration(
                listeners: [ListenerIdentity(transport: .udp, host: "127.0.0.1", port: port)],
                userAgentHeader: "Simulated"),
            entropy: entropy)
        world.network.attach(port: port) { [weak self] bytes, _ in self?.received(bytes) }
    }

    var flow: Flow { Flow(transport: .udp, address: "127.0.0.1", port: 5060) }
    /// An empty user is none: a caller without a number.
    func address(_ user: String) -> SIPURI { SIPURI(user: user.isEmpty ? nil : user, host: "martlet") }
    var login: DigestLogin? { password.map { DigestLogin(username: user, password: $0) } }

    // MARK: What a person does

    public func register(expires: Int = 3600) {
        let (id, actions) = agent.request(
            OutOfDialogRequest(
                method: .register, requestURI: SIPURI(host: "martlet"), flow: flow,
                from: NameAddress(uri: address(user)), to: NameAddress(uri: address(user)),
                headers: [SIPHeader("Expires", String(expires))],
                contacts: [NameAddress(uri: SIPURI(user: user, host: "127.0.0.1", port: Int(port)))],
                credentials: login),
            now: world.clock.now)
        registration = id
        perform(actions)
    }

    /// What the INVITE says of media.
    public enum Offering: Sendable {
        case offer
        /// No offer; the answer to the switch's goes into the ACK (RFC 3261 §13.2.1).
        case late
        /// No offer, and an ACK without an answer.
        case never
    }

    public func call(
        _ number: String, from: String? = nil, offering: Offering = .offer, maxForwards: Int = 70,
        replacing: ReplacesHeader? = nil
    ) {
        let description = OfferAnswer.offer(
            capabilities: AudioCapabilities(codecs: codecs), sessionID: 1, localAddress: "127.0.0.1", port: mediaPort)
        offer = nil
        if case .offer = offering { offer = description }
        answersInAck = false
        if case .late = offering { answersInAck = true }
        let (id, actions) = agent.invite(
            Invitation(
                requestURI: address(number), flow: flow, from: NameAddress(uri: address(from ?? user)),
                to: NameAddress(uri: address(number)), headers: replacing.map { [SIPHeader($0)] } ?? [],
                body: offer?.serialize(), credentials: login, maxForwards: maxForwards),
            now: world.clock.now)
        session = id
        perform(actions)
    }

    public func hangUp() {
        guard let session else { return }
        perform(agent.hangUp(session, headers: [], now: world.clock.now))
    }

    public func press(_ key: Character) {
        if let switchPort { world.media.press(key, atPort: switchPort) }
    }

    /// The first packet of its speech.
    public func speak() {
        if let switchPort { world.media.setFarSide(.speaks, atPort: switchPort) }
    }

    /// A key as phones without RFC 4733 send it.
    public func pressByInfo(_ key: Character) {
        guard let session else { return }
        let body = Array("Signal=\(key)\r\nDuration=160\r\n".utf8)
        perform(agent.sendInfo(session, contentType: "application/dtmf-relay", body: body, now: world.clock.now))
    }

    /// Puts the other side on hold, or takes it back.
    public func hold(_ on: Bool) { reoffer(on ? .sendOnly : .sendReceive) }

    /// A re-INVITE with another direction.
    public func reoffer(_ direction: MediaDirection, address: String = "127.0.0.1") {
        guard let session else { return }
        let description = OfferAnswer.offer(
            capabilities: AudioCapabilities(codecs: codecs), sessionID: 1, localAddress: address, port: mediaPort,
            direction: direction, after: offer)
        offer = description
        perform(agent.reoffer(session, body: description.serialize(), now: world.clock.now))
    }

    /// A re-INVITE without an offer; the answer to the switch's goes into the ACK.
    public func askForOffer() {
        guard let session else { return }
        answersInAck = true
        perform(agent.reoffer(session, body: [], now: world.clock.now))
    }

    /// Power gone: nothing is sent or heard any more.
    public func vanish() { world.network.detach(port: port) }

    // MARK: Inside

    private func received(_ bytes: [UInt8]) {
        guard let message = bytes.withUnsafeBytes({ try? SIPMessage.parse($0) }) else { return }
        if let subscription = subscriptions.first(where: { $0.callID == message.callID }),
            message.status == nil || subscription.answer != nil
        {
            return subscription.received(message)
        }
        if case .request(.invite, _) = message.startLine { lastInviteText = String(decoding: bytes, as: UTF8.self) }
        if answersInAck, message.status == 200, message.method == .invite,
            let theirs = try? SessionDescription.parse(message.body), let (description, audio) = answer(theirs)
        {
            ackBody = description.serialize()
            switchPort = audio.remotePort
            codec = audio.codec
        }
        perform(agent.receive(message, from: flow, now: world.clock.now))
    }

    func perform(_ actions: [Action]) {
        for action in actions {
            switch action {
            case .send(var message, _):
                if answersInAck, message.method == .ack, message.body.isEmpty, !ackBody.isEmpty {
                    message.body = ackBody
                    message.contentType = "application/sdp"
                }
                world.network.send(message.serialize(), from: port, to: 5060)
            case .event(let event): handle(event)
            }
        }
        if let alarm { world.clock.cancel(alarm) }
        alarm = agent.nextDeadline.map { deadline in
            world.clock.at(deadline) { [self] in
                alarm = nil
                perform(agent.advance(to: world.clock.now))
            }
        }
    }

    private func handle(_ event: Event) {
        switch event {
        case .incomingInvite(let id, let message, _): called(id, message)
        case .provisional(_, let status, let message):
            log.append(.ringing(status: status))
            if learn(answer: message) { log.append(.earlyMedia) }
        case .answered(_, let message):
            _ = learn(answer: message)
            log.append(.connected)
        case .failed(let id, let status, _):
            lastStatus = status
            over(id, .failed(status: status))
        case .cancelled(let id, let reason):
            lastReason = reason
            over(id, .cancelled)
        case .acknowledged: log.append(.connected)
        case .reoffered(let id, let message):
            reoffers += 1
            guard takesReoffers, let theirs = try? SessionDescription.parse(message.body),
                let (description, audio) = answer(theirs)
            else { return perform(agent.rejectOffer(id, status: 488, now: world.clock.now)) }
            if id == session { codec = audio.codec }
            perform(agent.acceptOffer(id, body: description.serialize(), now: world.clock.now))
        case .ended(let id, _): over(id, .ended)
        case .response(let id, let message):
            if let subscription = subscribing.removeValue(forKey: id) { return subscription.answered(message) }
            lastStatus = message.status
            lastAnswer = message
            if id == registration { isRegistered = message.status == 200 }
        case .requestFailed(_, let status): lastStatus = status
        case .incomingRequest(let id, let message, _):
            perform(agent.respond(id, with: message.response(200), now: world.clock.now))
        case .reofferAnswered(let id, let message): if id == session { _ = learn(answer: message) }
        case .referred(_, let id, _): perform(agent.rejectRefer(id, status: 603, now: world.clock.now))
        case .subscribed(let id, _, _): perform(agent.rejectSubscription(id, status: 489, now: world.clock.now))
        case .referAnswered(let id, let status):
            if id == referring, status >= 300 { log.append(.transfer(status: status)) }
        case .referProgress(let id, let status, _):
            if id == referring { log.append(.transfer(status: status)) }
        case .reofferFailed, .inDialogRequest, .subscriptionRefreshed, .subscriptionEnded: break
        }
    }

    /// A call that was refused because another is up, is none of the phone's.
    private func over(_ id: SessionID, _ happening: Happening) {
        if let index = aside.firstIndex(where: { $0.session == id }) {
            aside.remove(at: index)
            log.append(.asideEnded)
        }
        guard id == session else { return }
        log.append(happening)
        session = nil
        switchPort = nil
    }

    private func learn(answer message: SIPMessage) -> Bool {
        guard let offer, let theirs = try? SessionDescription.parse(message.body),
            let audio = OfferAnswer.accept(answer: theirs, of: offer)
        else { return false }
        switchPort = audio.remotePort
        codec = audio.codec
        return true
    }

    private func answer(
        _ theirs: SessionDescription, codecs: [AudioCodec]? = nil, direction: MediaDirection = .sendReceive
    ) -> (SessionDescription, NegotiatedAudio)? {
        OfferAnswer.answer(
            to: theirs, capabilities: AudioCapabilities(codecs: codecs ?? self.codecs), sessionID: 2,
            localAddress: "127.0.0.1", port: mediaPort, direction: direction)
    }

    private func called(_ id: SessionID, _ message: SIPMessage) {
        log.append(.called(from: message.from.uri.user ?? ""))
        lastInvite = message
        guard session == nil || hasManyLines else {
            return perform(agent.reject(id, status: 486, reason: nil, headers: [], now: world.clock.now))
        }
        guard let theirs = try? SessionDescription.parse(message.body), let (description, audio) = answer(theirs)
        else { return perform(agent.reject(id, status: 488, reason: nil, headers: [], now: world.clock.now)) }
        session = id
        let body = description.serialize()
        func later(_ delay: Duration, _ act: @escaping @Sendable () -> Void) {
            world.clock.after(delay) { [self] in
                if session == id { act() }
            }
        }
        switch manner {
        case .isDead: break
        case .refuses(let status):
            session = nil
            perform(agent.reject(id, status: status, reason: nil, headers: [], now: world.clock.now))
        case .ringsForEver:
            perform(agent.progress(id, status: 180, body: nil, headers: [], now: world.clock.now))
        case .answers(let delay):
            perform(agent.progress(id, status: 180, body: nil, headers: [], now: world.clock.now))
            later(delay) { [self] in
                switchPort = audio.remotePort
                codec = audio.codec
                perform(agent.accept(id, body: body, headers: [], now: world.clock.now))
            }
        case .answersIn(let codecs, let delay):
            perform(agent.progress(id, status: 180, body: nil, headers: [], now: world.clock.now))
            later(delay) { [self] in
                guard let (body, audio) = answer(theirs, codecs: codecs) else { return }
                switchPort = audio.remotePort
                codec = audio.codec
                perform(agent.accept(id, body: body.serialize(), headers: [], now: world.clock.now))
            }
        case .answersHolding:
            perform(agent.progress(id, status: 180, body: nil, headers: [], now: world.clock.now))
            later(.seconds(1)) { [self] in
                let holding = answer(theirs, direction: .sendOnly)?.0 ?? description
                switchPort = audio.remotePort
                codec = audio.codec
                perform(agent.accept(id, body: holding.serialize(), headers: [], now: world.clock.now))
            }
        case .answersWithBody(let body, let delay):
            perform(agent.progress(id, status: 180, body: nil, headers: [], now: world.clock.now))
            later(delay) { [self] in perform(agent.accept(id, body: body, headers: [], now: world.clock.now)) }
        case .ringsThenRefuses(let status, let delay):
            perform(agent.progress(id, status: 180, body: nil, headers: [], now: world.clock.now))
            later(delay) { [self] in
                session = nil
                perform(agent.reject(id, status: status, reason: nil, headers: [], now: world.clock.now))
            }
        case .earlyMediaThenRefuses(let status, let delay):
            perform(agent.progress(id, status: 183, body: body, headers: [], now: world.clock.now))
            later(delay) { [self] in
                session = nil
                perform(agent.reject(id, status: status, reason: nil, headers: [], now: world.clock.now))
            }
        case .earlyMediaThenAnswers(let delay), .ringsThenEarlyMedia(let delay):
            var silence: Duration = .milliseconds(500)
            if case .ringsThenEarlyMedia = manner {
                perform(agent.progress(id, status: 180, body: nil, headers: [], now: world.clock.now))
                silence = .seconds(1)
            }
            later(silence) { [self] in
                switchPort = audio.remotePort
                perform(agent.progress(id, status: 183, body: body, headers: [], now: world.clock.now))
            }
            later(delay) { [self] in
                codec = audio.codec
                perform(agent.accept(id, body: body, headers: [], now: world.clock.now))
            }
        }
    }
}
