// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Audio
internal import CORTP
internal import Synchronization

extension MediaCore {
    /// Marks the RTCP socket of a leg among epoll's numbers; the rest is the slot.
    static let rtcpMark: UInt64 = 1 << 32

    /// Takes all commands and replies that wait. Bounded by the rings.
    func process() {
        for shard in 0..<state.pointee.shardCount { process(shard) }
        while let reply = serviceReplies.pop() { apply(reply) }
        replanStale()
    }

    /// Stops before a member that another thread has not let go of; that thread rings when it has.
    private func process(_ shard: Int) {
        let port = ports + shard
        let ring = port.pointee.commands
        port.pointee.isWaiting = false
        var left = limits.commands
        while left > 0, let command = ring.first {
            if case .takeIn(let key, let handover, _) = command, !hasLetGo(key, handover) {
                port.pointee.isWaiting = true
                break
            }
            ring.dropFirst()
            left -= 1
            if !apply(command, shard: Int32(shard)) { state.pointee.counters.refusedCommands.bump() }
        }
        setMarks()
        // The door puts what did not fit when it is told that there is room.
        if left < limits.commands && port.pointee.hasBacklog.pointee.value.load(ordering: .acquiring) {
            port.pointee.isDirty = true
        }
    }

    /// False for a command that names something that is gone.
    private func apply(_ command: Command, shard: Int32) -> Bool {
        switch command {
        case .openRoom(let handle):
            guard handle.slot < roomCapacity else { return false }
            var room = RoomSlot()
            room.handle = handle
            room.isOpen = true
            room.shard = shard
            (rooms + handle.slot).initialize(to: room)
        case .closeRoom(let handle):
            guard let room = find(room: handle) else { return false }
            closeRoom(room)
        case .openLeg(let handle, let room, let opening):
            guard handle.slot < legCapacity else { return false }
            openLeg(handle, room: room, opening, shard: shard)
        case .configure(let handle, let settings):
            guard let leg = find(leg: handle) else { return false }
            configure(leg, settings)
        case .move(let key, let roomHandle):
            guard let room = find(room: roomHandle) else { return false }
            return move(key, to: room)
        case .letGo(let key, let handover): letGo(key, handover)
        // A player that ended on the way has told so.
        case .takeIn(let key, let handover, let room): _ = takeIn(key, handover, room: room)
        case .closeLeg(let handle):
            guard let leg = find(leg: handle) else { return false }
            closeLeg(leg)
        case .setGain(let roomHandle, let listener, let speaker, let gain):
            guard let room = find(room: roomHandle) else { return false }
            return setGain(room, listener: listener, speaker: speaker, gain: gain)
        case .setDefaultGain(let roomHandle, let speaker, let gain):
            guard let room = find(room: roomHandle) else { return false }
            return setDefaultGain(room, speaker: speaker, gain: gain)
        case .play, .playTone, .playStream, .record: return addInstrument(command, shard: shard)
        case .pause(let handle, let isOn):
            guard let slot = find(instrument: handle), let buffer = instruments[slot].buffer else { return false }
            buffer.pause(isOn, at: now)
        case .stop(let handle):
            guard let instrument = find(instrument: handle) else { return false }
            endInstrument(instrument)
        case .sendKeys(let handle, let keys):
            guard let leg = find(leg: handle) else { return false }
            sendKeys(leg, keys)
        }
        return true
    }

    private func apply(_ reply: ServiceReply) {
        guard case .decoder(let handle, let decoder) = reply else { return }
        // Memory was out: it is asked for again when the leg is looked after.
        guard let decoder else {
            if let leg = find(leg: handle) { legs[leg].wantsDecoder = false }
            return
        }
        // A leg that went away and came back may have asked twice.
        guard let leg = find(leg: handle), legs[leg].decoder == nil else {
            requestService(.freeDecoder(decoder))
            return
        }
        legs[leg].wantsDecoder = false
        legs[leg].decoder = decoder
        if legs[leg].room >= 0 { planLater(Int(legs[leg].room)) }
    }

    @inline(__always)
    func find(leg handle: Handle) -> Int? {
        let slot = handle.slot
        guard slot < legCapacity else { return nil }
        return legs[slot].isOpen && legs[slot].handle == handle ? slot : nil
    }

    func find(room handle: Handle) -> Int? {
        let slot = handle.slot
        guard slot < roomCapacity else { return nil }
        return rooms[slot].isOpen && rooms[slot].handle == handle ? slot : nil
    }

    func find(instrument handle: Handle) -> Int? {
        let slot = handle.slot
        guard slot < instrumentCapacity else { return nil }
        return instruments[slot].isHere && instruments[slot].handle == handle ? slot : nil
    }

    private func move(_ key: MemberKey, to room: Int) -> Bool {
        if key.isLeg {
            guard let leg = find(leg: key.handle) else { return false }
            guard legs[leg].room != Int32(room) else { return true }
            unlink(leg)
            join(leg, room: room)
        } else {
            guard let instrument = find(instrument: key.handle) else { return false }
            guard instruments[instrument].room != Int32(room) else { return true }
            withdraw(instrument)
            enter(instrument, room: room)
        }
        return true
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
        leg.shard = shard
        leg.rtpSocket = opening.rtpSocket
        leg.rtcpSocket = opening.rtcpSocket
        leg.lastHeard = now
        (legs + slot).initialize(to: leg)
        rememberOpen(slot)
        if let room = find(room: room) { join(slot, room: room) }
    }

    /// Enters a leg into the list of those that are looked after, and its sockets into epoll.
    func rememberOpen(_ slot: Int) {
        let leg = legs + slot
        leg.pointee.isOpen = true
        leg.pointee.openIndex = Int32(state.pointee.openCount)
        openLegs[state.pointee.openCount] = Int32(slot)
        state.pointee.openCount += 1
        martlet_epoll_add(epoll, leg.pointee.rtpSocket, UInt64(slot))
        martlet_epoll_add(epoll, leg.pointee.rtcpSocket, UInt64(slot) | Self.rtcpMark)
    }

    func forgetOpen(_ slot: Int) {
        let leg = legs + slot
        martlet_epoll_remove(epoll, leg.pointee.rtpSocket)
        martlet_epoll_remove(epoll, leg.pointee.rtcpSocket)
        leg.pointee.isOpen = false
        state.pointee.openCount -= 1
        let last = openLegs[state.pointee.openCount]
        openLegs[Int(leg.pointee.openIndex)] = last
        legs[Int(last)].openIndex = leg.pointee.openIndex
    }

    private func configure(_ slot: Int, _ settings: LegSettings) {
        let leg = legs + slot
        // An answer, a hold or its end begins a new time of silence, however long it was before.
        let before = leg.pointee.settings
        if settings.timeoutNanoseconds != before.timeoutNanoseconds || settings.sends != before.sends
            || settings.receives != before.receives
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
        if leg.pointee.room >= 0 { planLater(Int(leg.pointee.room)) }
    }

    private func closeLeg(_ slot: Int) {
        let leg = legs + slot
        leave(slot)
        abandonDigits(slot)
        if let press = leg.pointee.digits.restart() { report(press, of: slot, isHeld: leg.pointee.keyHold.holds) }
        forgetOpen(slot)
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

    /// False when the ring is full, which has two places for each leg: one to ask, one to give back.
    @discardableResult
    func requestService(_ request: ServiceRequest) -> Bool {
        state.pointee.serviceDirty = true
        if serviceRequests.push(request) { return true }
        state.pointee.counters.droppedReports.bump()
        return false
    }
}
