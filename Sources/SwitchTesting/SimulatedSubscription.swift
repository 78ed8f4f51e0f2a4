// SPDX-License-Identifier: AGPL-3.0-or-later
public import SIPMessage
internal import SIPStack
public import Timing

/// A telephone's subscription to a lamp (RFC 6665): what a subscriber needs and no more.
///
/// Sendable unchecked: the simulated world has one thread.
public final class SimulatedSubscription: @unchecked Sendable {
    /// A NOTIFY that came.
    public struct Notice: Hashable, Sendable {
        public var at: Instant
        public var state: SubscriptionStateHeader.State?
        public var reason: String?
        public var expires: UInt32?
        public var contentType: String?
        public var body: String
    }

    public let number: String
    public let package: String
    public let callID: String
    /// The last answer to a SUBSCRIBE.
    public private(set) var answer: SIPMessage?
    public private(set) var notices: [Notice] = []
    /// What NOTIFYs are answered; nil leaves them alone.
    public var notifyStatus: Int? = 200

    private unowned let phone: SimulatedPhone
    private let world: SimulatedSwitch
    private let localTag: String
    private var remoteTag: String?
    private var port: UInt16
    private var sequence: UInt32 = 1
    private var lastNotify: UInt32 = 0

    init(_ phone: SimulatedPhone, world: SimulatedSwitch, number: String, package: String) {
        self.phone = phone
        self.world = world
        self.number = number
        self.package = package
        port = phone.port
        callID = world.entropy.token()
        localTag = world.entropy.token()
    }

    public var status: Int? { answer?.status }
    public var bodies: [String] { notices.map(\.body) }
    /// It lives, as far as the telephone knows.
    public var isActive: Bool { notices.last?.state == .active }

    var from: NameAddress {
        NameAddress(uri: SIPURI(user: phone.user, host: "martlet"), parameters: [SIPParameter("tag", localTag)])
    }
    var to: NameAddress {
        var address = NameAddress(uri: SIPURI(user: number, host: "martlet"))
        address.tag = remoteTag
        return address
    }
    func headers(expires: Int?, accept: String?) -> [SIPHeader] {
        [SIPHeader("Event", package)] + (expires.map { [SIPHeader("Expires", String($0))] } ?? [])
            + (accept.map { [SIPHeader("Accept", $0)] } ?? [])
    }

    // MARK: What the telephone does

    /// Renews the subscription, or with 0 ends it.
    public func renew(expires: Int = 600) {
        sequence += 1
        var request = SIPMessage(
            startLine: .request(.subscribe, SIPURI(user: number, host: "martlet")),
            vias: [
                Via(
                    transport: "UDP", host: "127.0.0.1", port: Int(port),
                    parameters: [SIPParameter("branch", "z9hG4bK\(callID)\(sequence)")])
            ],
            from: from, to: to, callID: callID, cseq: CSeq(sequence, .subscribe), maxForwards: 70,
            contacts: [NameAddress(uri: SIPURI(user: phone.user, host: "127.0.0.1", port: Int(port)))],
            headers: headers(expires: expires, accept: nil))
        request.to.tag = remoteTag
        world.network.send(request.serialize(), from: port, to: 5060)
    }

    /// The telephone is at another address from now on; the switch learns it with the next renewal.
    public func move(to port: UInt16) {
        self.port = port
        world.network.attach(port: port) { [weak self] bytes, _ in
            guard let message = bytes.withUnsafeBytes({ try? SIPMessage.parse($0) }) else { return }
            self?.received(message)
        }
    }

    // MARK: Inside

    func answered(_ message: SIPMessage) {
        answer = message
        sequence = max(sequence, message.cseq.number)
        if message.status == 200 { remoteTag = message.to.tag }
    }

    func received(_ message: SIPMessage) {
        if message.status != nil { return answered(message) }
        guard let status = notifyStatus else { return }
        world.network.send(message.response(status).serialize(), from: port, to: 5060)
        guard message.cseq.number > lastNotify, status < 300 else { return }
        lastNotify = message.cseq.number
        // It may come before the 200 (RFC 6665 §4.1.2.4).
        remoteTag = message.from.tag
        let state = message.single(SubscriptionStateHeader.self).value
        notices.append(
            Notice(
                at: world.clock.now, state: state?.state, reason: state?.reason, expires: state?.expires,
                contentType: message.contentType, body: String(decoding: message.body, as: UTF8.self)))
    }
}
