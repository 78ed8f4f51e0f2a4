// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Glibc

/// Plays callers, and the far party the switch calls, over UDP. One thread; `turn` does what is due.
final class CallScript {
    struct Settings {
        /// The switch.
        var remote: Endpoint
        var local: UInt32
        /// What the callers dial; every `#` becomes the call's number.
        var number: String
        /// Where the switch's trunk leads; nil when calls end in the switch.
        var farPort: UInt16?
        var payloadType: UInt8
        /// Calls last this long; nil: until `hangUpAll`.
        var talkNanoseconds: Int64?
    }

    private let settings: Settings
    private let pump: MediaPump?
    private let near: SIPSocket
    private let far: SIPSocket?
    private var callers: [String: ScriptedCall] = [:]
    private var parties: [String: ScriptedCall] = [:]
    /// Streams no call uses: even ones for callers, odd ones for the far party.
    private var freeNear: [Int]
    private var freeFar: [Int]
    private let run = String(UInt64(Clock.realtime()), radix: 36)
    private var lastSweep: Int64 = 0
    private(set) var tally = CallTally()

    init(_ settings: Settings, pump: MediaPump?, callsAtOnce: Int) throws {
        self.settings = settings
        self.pump = pump
        near = try SIPSocket(Endpoint(address: settings.local, port: 0))
        far = try settings.farPort.map { try SIPSocket(Endpoint(address: settings.local, port: $0)) }
        let twoSided = settings.farPort != nil
        freeNear = (0..<callsAtOnce).reversed().map { twoSided ? $0 * 2 : $0 }
        freeFar = twoSided ? (0..<callsAtOnce).reversed().map { $0 * 2 + 1 } : []
    }

    var talking: Int { callers.values.filter { if case .talking = $0.state { true } else { false } }.count }
    /// Call ends not yet over, both sides.
    var open: Int { callers.count + parties.count }
    var isSettingUp: Bool { callers.values.contains { if case .calling = $0.state { true } else { false } } }

    // MARK: Callers

    func placeCall() {
        let stream = pump == nil ? nil : freeNear.popLast()
        if pump != nil, stream == nil { return }
        tally.attempted += 1
        let index = tally.attempted
        let now = Clock.monotonic()
        let callID = "\(run)-\(index)@\(near.local.host)"
        let number = settings.number.replacing("#", with: String(index))
        var call = ScriptedCall(
            state: .calling, callID: callID, stream: stream,
            from: "<sip:load@\(near.local.host)>;tag=n\(index)", to: "<sip:\(number)@\(settings.remote.host)>",
            target: "sip:\(number)@\(settings.remote.host):\(settings.remote.port)", pending: "",
            repeatAt: now + ScriptedCall.t1, repeatAfter: ScriptedCall.t1 * 2, began: now)
        call.branch = "z9hG4bK\(run)i\(index)"
        let port = stream.flatMap { pump?.port(ofStream: $0) } ?? 9
        let offer = SIPText.description(
            of: Endpoint(address: near.local.address, port: port), payloadType: settings.payloadType)
        call.pending = request("INVITE", call, branch: call.branch, body: offer)
        callers[callID] = call
        near.send(call.pending, to: settings.remote)
    }

    private func request(_ method: String, _ call: ScriptedCall, branch: String, body: String = "") -> String {
        var text = "\(method) \(call.target) SIP/2.0\r\n"
        text += "Via: SIP/2.0/UDP \(near.local.host):\(near.local.port);rport;branch=\(branch)\r\n"
        text += "Max-Forwards: 70\r\nFrom: \(call.from)\r\nTo: \(call.to)\r\nCall-ID: \(call.callID)\r\n"
        text += "CSeq: \(call.sequence) \(method)\r\nContact: <sip:load@\(near.local.host):\(near.local.port)>\r\n"
        if !body.isEmpty { text += "Content-Type: application/sdp\r\n" }
        return text + "Content-Length: \(body.utf8.count)\r\n\r\n" + body
    }

    private func answered(_ call: inout ScriptedCall, _ message: SIPText, _ status: Int, _ now: Int64) {
        switch (status, message.method) {
        case (100..<200, "INVITE"):
            if case .calling = call.state { call.repeatAt = .max }
        case (200..<300, "INVITE"):
            let isFirst = if case .calling = call.state { true } else { false }
            call.to = message.first("to") ?? call.to
            call.target = message.first("contact").map(SIPText.uri) ?? call.target
            near.send(request("ACK", call, branch: "z9hG4bK\(run)a\(call.callID)"), to: settings.remote)
            guard isFirst else { return }
            call.state = .talking
            call.repeatAt = .max
            call.endAt = settings.talkNanoseconds.map { now + $0 }
            tally.answered += 1
            tally.setUp.add(nanoseconds: now - call.began)
            startSpeech(call, message)
        case (300..., "INVITE"):
            var acknowledgement = call
            acknowledgement.to = message.first("to") ?? call.to
            near.send(request("ACK", acknowledgement, branch: call.branch), to: settings.remote)
            tally.refused[status, default: 0] += 1
            closeCaller(call)
        case (200..., "BYE"):
            tally.completed += 1
            closeCaller(call)
        default: break
        }
    }

    private func closeCaller(_ call: ScriptedCall) {
        guard callers.removeValue(forKey: call.callID) != nil, let stream = call.stream else { return }
        pump?.post(.silence(stream: stream))
        freeNear.append(stream)
    }

    private func hangUp(_ call: inout ScriptedCall, _ now: Int64) {
        call.state = .ending
        call.sequence += 1
        call.endAt = nil
        call.pending = request("BYE", call, branch: "z9hG4bK\(run)b\(call.callID)")
        call.repeatAt = now + ScriptedCall.t1
        call.repeatAfter = ScriptedCall.t1 * 2
        near.send(call.pending, to: settings.remote)
    }

    /// Hangs up to `count` calls up; false when none is left.
    func hangUpSome(_ count: Int) -> Bool {
        let now = Clock.monotonic()
        let chosen = callers.values.filter { if case .talking = $0.state { true } else { false } }.prefix(count)
        for call in chosen {
            var call = call
            hangUp(&call, now)
            callers[call.callID] = call
        }
        return !chosen.isEmpty
    }

    private func startSpeech(_ call: ScriptedCall, _ message: SIPText) {
        guard let stream = call.stream, let remote = message.mediaEndpoint else { return }
        pump?.post(.send(stream: stream, to: remote, payloadType: settings.payloadType))
    }

    // MARK: The far party

    private func farRequest(_ message: SIPText, from remote: Endpoint, by socket: SIPSocket, _ now: Int64) {
        let callID = message.first("call-id") ?? ""
        let contact = "sip:far@\(socket.local.host):\(socket.local.port)"
        switch message.method {
        case "INVITE":
            if let known = parties[callID] {
                socket.send(known.pending, to: remote)
                return
            }
            let stream = pump == nil ? nil : freeFar.popLast()
            guard pump == nil || stream != nil else {
                socket.send(message.response("486 Busy Here", toTag: "f", contact: contact), to: remote)
                return
            }
            let port = stream.flatMap { pump?.port(ofStream: $0) } ?? 9
            let answer = SIPText.description(
                of: Endpoint(address: socket.local.address, port: port), payloadType: settings.payloadType)
            let text = message.response("200 OK", toTag: "f\(parties.count)", contact: contact, body: answer)
            parties[callID] = ScriptedCall(
                state: .answering, callID: callID, stream: stream, from: "", to: "", target: "", pending: text,
                repeatAt: now + ScriptedCall.t1, repeatAfter: ScriptedCall.t1 * 2, began: now)
            socket.send(text, to: remote)
            if let call = parties[callID] { startSpeech(call, message) }
        case "ACK":
            parties[callID]?.state = .talking
            parties[callID]?.repeatAt = .max
        case "BYE":
            socket.send(message.response("200 OK", toTag: "f", contact: contact), to: remote)
            if let call = parties.removeValue(forKey: callID), let stream = call.stream {
                pump?.post(.silence(stream: stream))
                freeFar.append(stream)
            }
        default:
            socket.send(message.response("200 OK", toTag: "f", contact: contact), to: remote)
        }
    }

    // MARK: Turns

    /// Waits at most until `deadline` for messages, and does everything that is due.
    func turn(until deadline: Int64) {
        let left = max(0, min(deadline - Clock.monotonic(), 100_000_000))
        var polled = [pollfd(fd: near.descriptor, events: Int16(POLLIN), revents: 0)]
        if let far { polled.append(pollfd(fd: far.descriptor, events: Int16(POLLIN), revents: 0)) }
        poll(&polled, nfds_t(polled.count), Int32((left + 999_999) / 1_000_000))
        if let far { while let (message, remote) = far.receive() { take(message, remote, far) } }
        while let (message, remote) = near.receive() { take(message, remote, near) }
        let now = Clock.monotonic()
        if now - lastSweep > 20_000_000 {
            lastSweep = now
            sweep(now)
        }
    }

    private func take(_ message: SIPText, _ remote: Endpoint, _ socket: SIPSocket) {
        let now = Clock.monotonic()
        if let status = message.status {
            guard let callID = message.first("call-id"), var call = callers[callID] else { return }
            answered(&call, message, status, now)
            if callers[callID] != nil { callers[callID] = call }
        } else if socket === far {
            farRequest(message, from: remote, by: socket, now)
        } else {
            if message.method != "ACK" {
                socket.send(
                    message.response("200 OK", toTag: "n", contact: "sip:load@\(socket.local.host)"), to: remote)
            }
            guard message.method == "BYE", let call = callers[message.first("call-id") ?? ""] else { return }
            tally.endedEarly += 1
            closeCaller(call)
        }
    }

    private func sweep(_ now: Int64) {
        for var call in callers.values {
            if let endAt = call.endAt, endAt <= now {
                hangUp(&call, now)
                callers[call.callID] = call
            } else if isOverdue(&call, now, near) {
                if case .ending = call.state { tally.unfinished += 1 } else { tally.refused[408, default: 0] += 1 }
                closeCaller(call)
            } else {
                callers[call.callID] = call
            }
        }
        guard let far else { return }
        for var call in parties.values {
            _ = isOverdue(&call, now, far)
            parties[call.callID] = call
        }
    }

    /// Repeats what was not answered; true when that has gone on for too long.
    private func isOverdue(_ call: inout ScriptedCall, _ now: Int64, _ socket: SIPSocket) -> Bool {
        guard call.repeatAt <= now else {
            if case .calling = call.state { return now - call.began > ScriptedCall.giveUpAfter }
            return false
        }
        if call.repeatAfter > ScriptedCall.giveUpAfter { return true }
        tally.repeatedRequests += 1
        socket.send(call.pending, to: settings.remote)
        call.repeatAt = now + call.repeatAfter
        call.repeatAfter *= 2
        return false
    }
}
