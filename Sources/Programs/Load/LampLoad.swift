// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Glibc

/// Calls to seats that others watch: from a telephone's 180 to the NOTIFY at each watcher.
final class LampLoad {
    private let remote: Endpoint
    private let phones: [LampPhone]
    private let byDescriptor: [Int32: LampPhone]
    private let caller: SIPSocket
    private let lamps: [String]
    private let watchers: Int
    /// Dialled before a seat's number.
    private let prefix: String
    private let run = String(UInt64(Clock.realtime()), radix: 36)
    /// When each lamp was made to blink last; nil while it is dark.
    private var rangAt: [String: Int64] = [:]
    /// The INVITE each lamp's telephone has to refuse in the end.
    private var ringing: [String: (message: SIPText, phone: LampPhone)] = [:]
    private var toldThisTime: [String: Int] = [:]
    private(set) var delays = DelayHistogram()
    private(set) var changes = 0
    /// NOTIFYs that did not come while the lamp blinked.
    private(set) var missing = 0
    private var calls = 0

    /// `seats` are numbers and secrets: all watch, the first `lamps` of them are watched, `subscriptions` in all.
    init(
        seats: [(number: String, secret: String)], lamps: Int, subscriptions: Int, prefix: String, remote: Endpoint,
        local: UInt32
    ) throws {
        self.remote = remote
        self.prefix = prefix
        let run = run
        phones = try seats.map {
            try LampPhone(seat: $0.number, secret: $0.secret, local: local, remote: remote, run: run)
        }
        byDescriptor = Dictionary(phones.map { ($0.socket.descriptor, $0) }) { first, _ in first }
        caller = try SIPSocket(Endpoint(address: local, port: 0))
        self.lamps = phones.prefix(lamps).map(\.seat)
        watchers = subscriptions / max(1, self.lamps.count)
    }

    /// Registers the watched and subscribes the watchers; false when the switch would not have it.
    func prepare() -> Bool {
        for phone in phones.prefix(lamps.count) { phone.register() }
        guard settle() else { return false }
        var next = 0
        for lamp in lamps {
            for _ in 0..<watchers {
                phones[next % phones.count].watch(lamp)
                next += 1
                if next.isMultiple(of: 50), !settle() { return false }
            }
        }
        return settle() && phones.allSatisfy { $0.refused == 0 }
    }

    private func settle() -> Bool {
        let began = Clock.monotonic()
        var again = began + ScriptedCall.t1
        while phones.contains(where: { !$0.waiting.isEmpty }) {
            let now = Clock.monotonic()
            guard now - began < ScriptedCall.giveUpAfter else { return false }
            if now >= again {
                for phone in phones { phone.repeatRequests() }
                again = now + ScriptedCall.t1
            }
            turn(until: min(again, now + 20_000_000))
        }
        return true
    }

    /// Makes one lamp blink after the other, each for half of `pause`.
    func measure(seconds: Double, pause: Double) {
        let end = Clock.monotonic() + seconds.asNanoseconds
        while Clock.monotonic() < end {
            let lamp = lamps[changes % lamps.count]
            invite(lamp)
            wait(pause.asNanoseconds / 2)
            missing += max(0, watchers - toldThisTime[lamp, default: 0])
            refuse(lamp)
            wait(pause.asNanoseconds / 2)
        }
    }

    private func wait(_ duration: Int64) {
        let end = Clock.monotonic() + duration
        while Clock.monotonic() < end { turn(until: end) }
    }

    private func invite(_ lamp: String) {
        changes += 1
        calls += 1
        toldThisTime[lamp] = 0
        let here = Endpoint(address: caller.local.address, port: 9)
        let body = SIPText.description(of: here, payloadType: 8)
        let text = """
            INVITE sip:\(prefix)\(lamp)@\(remote.host) SIP/2.0\r
            Via: SIP/2.0/UDP \(caller.local.host):\(caller.local.port);rport;branch=z9hG4bK\(run)c\(calls)\r
            Max-Forwards: 70\r
            From: <sip:load@\(caller.local.host)>;tag=c\(calls)\r
            To: <sip:\(prefix)\(lamp)@\(remote.host)>\r
            Call-ID: \(run)-call-\(calls)\r
            CSeq: 1 INVITE\r
            Contact: <sip:load@\(caller.local.host):\(caller.local.port)>\r
            Content-Type: application/sdp\r
            Content-Length: \(body.utf8.count)\r
            \r\n
            """
        caller.send(text + body, to: remote)
    }

    /// The telephone is busy after all: the call ends and the lamp goes dark.
    private func refuse(_ lamp: String) {
        rangAt[lamp] = nil
        guard let (message, phone) = ringing.removeValue(forKey: lamp) else { return }
        phone.socket.send(
            message.response("486 Busy Here", toTag: "p", contact: "sip:\(lamp)@\(phone.socket.local.host)"), to: remote
        )
    }

    // MARK: Turns

    private func turn(until deadline: Int64) {
        var polled = ([caller] + phones.map(\.socket)).map {
            pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0)
        }
        let left = max(0, deadline - Clock.monotonic())
        poll(&polled, nfds_t(polled.count), Int32((left + 999_999) / 1_000_000))
        for entry in polled where entry.revents != 0 {
            if let phone = byDescriptor[entry.fd] {
                while let (message, _) = phone.socket.receive() { take(message, phone) }
            } else {
                while let (message, _) = caller.receive() { acknowledge(message) }
            }
        }
    }

    private func acknowledge(_ message: SIPText) {
        guard let status = message.status, status >= 300, message.method == "INVITE" else { return }
        let callID = message.first("call-id") ?? ""
        let number = callID.split(separator: "-").last ?? ""
        let to = message.first("to") ?? ""
        caller.send(
            """
            ACK \(SIPText.uri(to)) SIP/2.0\r
            Via: SIP/2.0/UDP \(caller.local.host):\(caller.local.port);rport;branch=z9hG4bK\(run)c\(number)\r
            Max-Forwards: 70\r
            From: \(message.first("from") ?? "")\r
            To: \(to)\r
            Call-ID: \(callID)\r
            CSeq: 1 ACK\r
            Content-Length: 0\r
            \r\n
            """, to: remote)
    }

    private func take(_ message: SIPText, _ phone: LampPhone) {
        let now = Clock.monotonic()
        let contact = "sip:\(phone.seat)@\(phone.socket.local.host):\(phone.socket.local.port)"
        switch (message.status, message.method) {
        case (.some, _): phone.answered(message)
        case (nil, "NOTIFY"):
            phone.socket.send(message.response("200 OK", toTag: "p", contact: contact), to: remote)
            guard message.body.contains("<state>early</state>"),
                let lamp = phone.watched[message.first("call-id") ?? ""],
                let rang = rangAt[lamp]
            else { return }
            delays.add(nanoseconds: now - rang)
            toldThisTime[lamp, default: 0] += 1
        case (nil, "INVITE"):
            let isNew = ringing[phone.seat] == nil
            ringing[phone.seat] = (message, phone)
            if isNew { rangAt[phone.seat] = now }
            phone.socket.send(message.response("180 Ringing", toTag: "p", contact: contact), to: remote)
        case (nil, "ACK"): break
        default: phone.socket.send(message.response("200 OK", toTag: "p", contact: contact), to: remote)
        }
    }
}
