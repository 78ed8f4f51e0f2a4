// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Audio
internal import CORTP

extension MediaCore {
    /// Marks the RTCP socket of a leg among epoll's numbers; the rest is the slot.
    static let rtcpMark: UInt64 = 1 << 32

    /// Takes all commands and replies that wait. Bounded by the rings.
    func process() {
        for shard in 0..<state.pointee.shardCount {
            var left = limits.commands
            while left > 0, let command = ports[shard].commands.pop() {
                left -= 1
                if !apply(command, shard: Int32(shard)) { state.pointee.counters.refusedCommands.bump() }
            }
        }
        while let reply = serviceReplies.pop() { apply(reply) }
    }

    /// False for a command that names something that is gone.
    private func apply(_ command: Command, shard: Int32) -> Bool {
        switch command {
        case .openRoom(let handle):
            guard handle.slot < limits.rooms * state.pointee.shardCount else { return false }
            var room = RoomSlot()
            room.handle = handle
            room.isOpen = true
            room.shard = shard
            (rooms + handle.slot).initialize(to: room)
        case .closeRoom(let handle):
            guard let room = find(room: handle) else { return false }
            closeRoom(room)
        case .openLeg(let handle, let room, let opening):
            guard handle.slot < limits.legs * state.pointee.shardCount else { return false }
            openLeg(handle, room: room, opening, shard: shard)
        case .configure(let handle, let settings):
            guard let leg = find(leg: handle) else { return false }
            configure(leg, settings)
        case .move(let handle, let roomHandle):
            guard let leg = find(leg: handle), let room = find(room: roomHandle) else { return false }
            leave(leg)
            join(leg, room: room)
        case .closeLeg(let handle):
            guard let leg = find(leg: handle) else { return false }
            closeLeg(leg)
        case .setGain(let roomHandle, let listener, let speaker, let gain):
            guard let room = find(room: roomHandle) else { return false }
            return setGain(room, listener: listener, speaker: speaker, gain: gain)
        case .play, .playTone, .record: return addInstrument(command, shard: shard)
        case .stop(let handle):
            guard let instrument = find(instrument: handle) else { return false }
            endInstrument(instrument)
        case .sendDigits(let handle, let keys):
            guard let leg = find(leg: handle) else { return false }
            sendDigits(leg, keys)
        }
        return true
    }

    private func apply(_ reply: ServiceReply) {
        guard case .decoder(let handle, let decoder) = reply else { return }
        guard let leg = find(leg: handle), let decoder else {
            if let decoder { requestService(.freeDecoder(decoder)) }
            return
        }
        legs[leg].wantsDecoder = false
        legs[leg].decoder = decoder
        if legs[leg].room >= 0 { replan(Int(legs[leg].room)) }
    }

    @inline(__always)
    func find(leg handle: Handle) -> Int? {
        let slot = handle.slot
        guard slot < limits.legs * state.pointee.shardCount else { return nil }
        return legs[slot].isOpen && legs[slot].handle == handle ? slot : nil
    }

    func find(room handle: Handle) -> Int? {
        let slot = handle.slot
        guard slot < limits.rooms * state.pointee.shardCount else { return nil }
        return rooms[slot].isOpen && rooms[slot].handle == handle ? slot : nil
    }

    func find(instrument handle: Handle) -> Int? {
        let slot = handle.slot
        guard slot < limits.instruments * state.pointee.shardCount else { return nil }
        return instruments[slot].kind != .none && instruments[slot].handle == handle ? slot : nil
    }

    // MARK: Legs

    private func openLeg(_ handle: Handle, room: Handle, _ opening: LegOpening, shard: Int32) {
        let slot = handle.slot
        let silent = LegSettings(
            isALaw: true, sendType: 8, receiveType: 8, sendEventType: LegSettings.noPayloadType,
            receiveEventType: LegSettings.noPayloadType, remote: .none, sends: false, receives: false,
            timeoutNanoseconds: 0)
        let stream = OutgoingStream(
            ssrc: opening.ssrc, sequence: opening.sequence, timestamp: opening.timestamp)
        var leg = LegSlot(settings: silent, stream: stream, tone: ToneGenerator(keyTones[0]))
        leg.handle = handle
        leg.isOpen = true
        leg.shard = shard
        leg.rtpSocket = opening.rtpSocket
        leg.rtcpSocket = opening.rtcpSocket
        leg.lastHeard = now
        leg.openIndex = Int32(state.pointee.openCount)
        (legs + slot).initialize(to: leg)
        openLegs[state.pointee.openCount] = Int32(slot)
        state.pointee.openCount += 1
        martlet_epoll_add(epoll, leg.rtpSocket, UInt64(slot))
        martlet_epoll_add(epoll, leg.rtcpSocket, UInt64(slot) | Self.rtcpMark)
        if let room = find(room: room) { join(slot, room: room) }
    }

    private func configure(_ slot: Int, _ settings: LegSettings) {
        let leg = legs + slot
        let listened = leg.pointee.isConfigured && leg.pointee.settings.receives
        // An answer or the end of a hold begins a new time of silence, however long it was before.
        if settings.receives
            && !(listened && settings.timeoutNanoseconds == leg.pointee.settings.timeoutNanoseconds)
        {
            leg.pointee.lastHeard = now
            leg.pointee.timedOut = false
        }
        if !leg.pointee.isConfigured {
            // The first report comes after half the usual interval (RFC 3550 §6.2).
            leg.pointee.report.nextNanoseconds = now + 2_500_000_000
        }
        leg.pointee.settings = settings
        leg.pointee.isConfigured = true
        leg.pointee.latch.signal(settings.remote)
        if leg.pointee.room >= 0 { replan(Int(leg.pointee.room)) }
    }

    private func closeLeg(_ slot: Int) {
        let leg = legs + slot
        leave(slot)
        abandonDigits(slot)
        if let press = leg.pointee.digits.restart() { report(press, of: slot) }
        martlet_epoll_remove(epoll, leg.pointee.rtpSocket)
        martlet_epoll_remove(epoll, leg.pointee.rtcpSocket)
        leg.pointee.isOpen = false
        state.pointee.openCount -= 1
        let last = openLegs[state.pointee.openCount]
        openLegs[Int(leg.pointee.openIndex)] = last
        legs[Int(last)].openIndex = leg.pointee.openIndex
        let figures = LegFigures(
            received: leg.pointee.statistics.totalReceived, sent: leg.pointee.stream.packets,
            lost: leg.pointee.statistics.totalLost, refused: leg.pointee.refused,
            jitter: leg.pointee.statistics.jitter)
        report(
            .legClosed(
                leg.pointee.handle, figures, rtpSocket: leg.pointee.rtpSocket, rtcpSocket: leg.pointee.rtcpSocket,
                decoder: leg.pointee.decoder), to: leg.pointee.shard, essential: true)
    }

    // MARK: Service

    func requestService(_ request: ServiceRequest) {
        // The ring has two places for each leg: one to ask, one to give back.
        if !serviceRequests.push(request) { state.pointee.counters.droppedReports.bump() }
        state.pointee.serviceDirty = true
    }
}
