// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Audio
internal import CORTP
internal import Glibc

/// Packets as they arrive: checked, counted, tapped by recorders, and relayed at once.
extension MediaCore {
    /// Takes one datagram of a leg's RTP socket. One for each readiness, so that a flood on one port costs no
    /// other leg its turn.
    func receive(_ slot: Int) {
        guard legs[slot].isOpen else { return }
        let bytes = datagram + 16
        guard let header = take(slot, bytes) else { return }
        let isEvent = header.payloadType == legs[slot].settings.receiveEventType
        let body = bytes + header.payloadOffset
        var isHeld = false
        if isEvent { isHeld = receiveEvent(slot, header, body) } else { tap(slot, header, body) }
        guard legs[slot].mode == .relay else { return }
        if isHeld { skip(slot, header) } else { relay(slot, header, body, isEvent: isEvent) }
    }

    /// The next audio packet of a leg for its jitter buffer, whole; 0 when none waits. Events are dealt with on
    /// the way. Called by oRTP within `tick`.
    func readForDecoder(_ slot: Int, into buffer: UnsafeMutablePointer<UInt8>, capacity: Int) -> Int {
        let bytes = datagram + 16
        var left = 16
        while left > 0 {
            left -= 1
            guard let (header, count) = takeWaiting(slot, bytes) else { return 0 }
            guard let header else { continue }
            let body = bytes + header.payloadOffset
            if header.payloadType == legs[slot].settings.receiveEventType {
                _ = receiveEvent(slot, header, body)
                continue
            }
            guard header.payloadCount > 0, count <= capacity else { continue }
            tap(slot, header, body)
            legs[slot].decoder?.pointee.isALaw = isALaw(header, slot)
            memcpy(buffer, bytes, count)
            return count
        }
        return 0
    }

    private func take(_ slot: Int, _ bytes: UnsafeMutablePointer<UInt8>) -> RTPHeader? {
        takeWaiting(slot, bytes)?.header
    }

    /// nil when no datagram waits; a nil header when the one that did was refused or is not for us.
    @inline(__always)
    private func takeWaiting(
        _ slot: Int, _ bytes: UnsafeMutablePointer<UInt8>
    ) -> (header: RTPHeader?, count: Int)? {
        var from = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let socket = legs[slot].rtpSocket
        let count = withUnsafeMutablePointer(to: &from) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                recvfrom(
                    socket, bytes, Self.datagramLimit, Int32(MSG_DONTWAIT | MSG_TRUNC), $0, &length)
            }
        }
        guard count >= 0 else { return nil }
        state.pointee.counters.received.bump()
        state.pointee.datagramsThisTick &+= 1
        let source = MediaAddress(address: from.sin_addr.s_addr, port: from.sin_port)
        return (accept(slot, bytes, count: count, from: source), count)
    }

    /// Everything that is checked and counted before a packet has any effect.
    func accept(_ slot: Int, _ bytes: UnsafePointer<UInt8>, count: Int, from: MediaAddress) -> RTPHeader? {
        let leg = legs + slot
        guard leg.pointee.isConfigured else { return nil }
        guard count <= Self.datagramLimit, let header = RTPHeader(bytes, count: count) else { return refuse(slot) }
        let type = header.payloadType
        let isEvent = type == leg.pointee.settings.receiveEventType
        let isAudio =
            type == leg.pointee.settings.receiveType || type == leg.pointee.settings.sendType || type == 0 || type == 8
        guard isEvent || isAudio else { return refuse(slot) }
        if leg.pointee.latch.judge(from, now: now) == .refused { return refuse(slot) }
        let arrival = UInt32(truncatingIfNeeded: now / 125_000)
        let outcome = leg.pointee.statistics.receive(
            ssrc: header.ssrc, sequence: header.sequence, timestamp: header.timestamp, arrival: arrival,
            isEvent: isEvent)
        switch outcome {
        case .valid: break
        case .doubtful: return nil
        case .restarted:
            leg.pointee.isAnchored = false
            if let press = leg.pointee.digits.restart() { pressed(slot, press, isHeld: leg.pointee.keyHold.holds) }
            leg.pointee.keyHold = KeyHold()
            if leg.pointee.mode == .decode, let decoder = leg.pointee.decoder {
                LegDecoder.restart(decoder)
            }
        }
        leg.pointee.lastHeard = now
        leg.pointee.timedOut = false
        if !leg.pointee.hasStarted {
            leg.pointee.hasStarted = true
            report(.started(leg.pointee.handle), to: leg.pointee.shard, essential: false)
        }
        return leg.pointee.settings.receives ? header : nil
    }

    private func refuse(_ slot: Int) -> RTPHeader? {
        legs[slot].refused &+= 1
        state.pointee.counters.refused.bump()
        return nil
    }

    /// Static payload types say their law themselves (RFC 3551 §6), whatever was settled.
    @inline(__always)
    private func isALaw(_ header: RTPHeader, _ slot: Int) -> Bool {
        switch header.payloadType {
        case 0: false
        case 8: true
        default: legs[slot].settings.isALaw
        }
    }

    // MARK: Relay

    /// Sends a packet on under the stamp of the other leg's stream. The payload is untouched between legs of
    /// one law.
    private func relay(
        _ slot: Int, _ header: RTPHeader, _ body: UnsafeMutablePointer<UInt8>, isEvent: Bool
    ) {
        guard legs[slot].peer >= 0, header.payloadCount > 0 else { return }
        let peer = legs + Int(legs[slot].peer)
        let type = isEvent ? peer.pointee.settings.sendEventType : peer.pointee.settings.sendType
        guard type != LegSettings.noPayloadType, canSend(peer), !peer.pointee.sender.isActive else { return }
        guard
            let stamp = peer.pointee.stream.relay(
                source: relaySource(slot), sequence: header.sequence, timestamp: header.timestamp,
                marker: header.marker,
                isEvent: isEvent, octets: header.payloadCount, now: now)
        else { return }
        if !isEvent {
            let fromA = isALaw(header, slot)
            if fromA != peer.pointee.settings.isALaw {
                let table = fromA ? aToMu : muToA
                table.convert(body, into: body, count: header.payloadCount)
            }
        }
        let packet = body - RTPHeader.size
        RTPHeader.write(stamp, payloadType: type, to: packet)
        send(peer, packet, count: RTPHeader.size + header.payloadCount)
        state.pointee.counters.relayed.bump()
    }

    /// The number of a leg's stream as a source; another one when its far side begins anew.
    @inline(__always)
    private func relaySource(_ slot: Int) -> UInt64 {
        legs[slot].handle.rawValue &+ UInt64(legs[slot].statistics.epoch) << 20
    }

    /// A packet of a key that is held: what follows takes its number, so that the other leg misses nothing.
    private func skip(_ slot: Int, _ header: RTPHeader) {
        guard legs[slot].peer >= 0 else { return }
        let peer = legs + Int(legs[slot].peer)
        peer.pointee.stream.skip(source: relaySource(slot), sequence: header.sequence)
    }

    @inline(__always)
    func canSend(_ leg: UnsafeMutablePointer<LegSlot>) -> Bool {
        leg.pointee.isConfigured && leg.pointee.settings.sends && leg.pointee.latch.remote.isUsable
    }

    @inline(__always)
    func send(_ leg: UnsafeMutablePointer<LegSlot>, _ packet: UnsafePointer<UInt8>, count: Int) {
        send(leg.pointee.rtpSocket, to: leg.pointee.latch.remote, packet, count: count)
    }

    @inline(__always)
    func send(_ socket: Int32, to remote: MediaAddress, _ packet: UnsafePointer<UInt8>, count: Int) {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = remote.address
        address.sin_port = remote.port
        let sent = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(
                    socket, packet, count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL), $0,
                    socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if sent < 0 { state.pointee.counters.sendFailures.bump() }
    }

    // MARK: Keys

    /// Whether the packet is to go no further.
    private func receiveEvent(_ slot: Int, _ header: RTPHeader, _ body: UnsafePointer<UInt8>) -> Bool {
        let leg = legs + slot
        guard let event = TelephoneEvent(body, count: header.payloadCount) else {
            return leg.pointee.settings.holdsKeys
        }
        let wasPressed = leg.pointee.digits.isPressed
        let press = leg.pointee.digits.receive(event, timestamp: header.timestamp, milliseconds: now / 1_000_000)
        let goesOn = wasPressed && (press == nil) == leg.pointee.digits.isPressed
        let before = leg.pointee.keyHold.holds
        leg.pointee.keyHold.saw(header.timestamp, goesOn: goesOn, wanted: leg.pointee.settings.holdsKeys)
        // The press that another key has ended is the one before.
        let isEarlier = wasPressed && !goesOn
        if let press { pressed(slot, press, isHeld: isEarlier ? before : leg.pointee.keyHold.holds) }
        return leg.pointee.keyHold.holds
    }

    /// A key came up: call control is told, and whoever is in conversation with the leg gets it too, unless it is held. In
    /// a relayed pair its packets have gone on already, unless the far side has no telephone-event.
    func pressed(_ slot: Int, _ press: TelephoneEventReceiver.Press, isHeld: Bool) {
        report(press, of: slot, isHeld: isHeld)
        guard !isHeld, press.event < 16, let other = conversationPartner(slot) else { return }
        let isRelayed = rooms[Int(legs[slot].room)].isRelayed
        if isRelayed && legs[other].settings.sendEventType != LegSettings.noPayloadType { return }
        if legs[other].sender.append(press.event, ticks: DigitSender.ticks(units: press.duration)) {
            activate(Int(legs[slot].room))
        }
    }

    /// The only other leg that hears this one and is heard by it; nil in conferences, where keys are
    /// nobody's.
    private func conversationPartner(_ slot: Int) -> Int? {
        guard legs[slot].room >= 0 else { return nil }
        var partner: Int?
        var other = rooms[Int(legs[slot].room)].firstLeg
        while other >= 0 {
            if other != Int32(slot), gain(listener: other, speaker: Int32(slot)) > 0,
                gain(listener: Int32(slot), speaker: other) > 0
            {
                if partner != nil { return nil }
                partner = Int(other)
            }
            other = legs[Int(other)].next
        }
        return partner
    }

    // MARK: Recorders

    /// Gives an audio packet to the room's recorders, at the time it was said.
    private func tap(_ slot: Int, _ header: RTPHeader, _ body: UnsafePointer<UInt8>) {
        let leg = legs + slot
        guard leg.pointee.room >= 0, rooms[Int(leg.pointee.room)].recorderCount > 0, header.payloadCount > 0 else {
            return
        }
        let said = timeOf(leg, header.timestamp)
        let codec = isALaw(header, slot) ? aLaw : muLaw
        codec.decode(body, into: tapped, count: header.payloadCount)
        var instrument = rooms[Int(leg.pointee.room)].firstInstrument
        while instrument >= 0 {
            let row = instruments + Int(instrument)
            if let buffer = row.pointee.buffer {
                let gain = gain(listener: ~instrument, speaker: Int32(slot))
                if buffer.position.pointee.leftLeg.rawValue == 0 {
                    buffer.position.pointee.leftLeg = leg.pointee.handle
                }
                let channel = buffer.position.pointee.leftLeg == leg.pointee.handle ? 0 : 1
                if gain > 0 {
                    buffer.place(
                        tapped, count: header.payloadCount, at: buffer.samples(at: said), gain: gain, channel: channel)
                }
            }
            instrument = row.pointee.next
        }
    }

    /// When a packet was said: by its timestamp, counted from the arrival of an earlier packet, so that jitter
    /// does not move it. Anchored anew when clock and timestamps have come apart: more than 20 ms early or
    /// 100 ms late.
    private func timeOf(_ leg: UnsafeMutablePointer<LegSlot>, _ timestamp: UInt32) -> Int64 {
        if leg.pointee.isAnchored {
            let distance = Int64(Int32(bitPattern: timestamp &- leg.pointee.anchorTimestamp))
            let said = leg.pointee.anchorNanoseconds + distance * 125_000
            if said - now <= 20_000_000 && now - said <= 100_000_000 {
                if distance > 0 {
                    leg.pointee.anchorTimestamp = timestamp
                    leg.pointee.anchorNanoseconds = said
                    followClock(leg, late: now - said)
                }
                return said
            }
        }
        leg.pointee.isAnchored = true
        leg.pointee.anchorTimestamp = timestamp
        leg.pointee.anchorNanoseconds = now
        leg.pointee.slackNanoseconds = .max
        leg.pointee.slackSince = now
        return now
    }

    /// A phone whose clock is slow falls behind by a second in some hours. When for two seconds not one packet has come
    /// sooner than 5 ms after its time, it is not jitter, and the timeline moves on; 5 ms of silence are not heard.
    private func followClock(_ leg: UnsafeMutablePointer<LegSlot>, late: Int64) {
        leg.pointee.slackNanoseconds = min(leg.pointee.slackNanoseconds, late)
        guard now - leg.pointee.slackSince >= 2_000_000_000 else { return }
        if leg.pointee.slackNanoseconds >= 5_000_000 {
            leg.pointee.anchorNanoseconds += leg.pointee.slackNanoseconds
        }
        leg.pointee.slackNanoseconds = .max
        leg.pointee.slackSince = now
    }
}
