// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Audio
internal import Glibc

/// What happens every 20 ms: rooms that are not merely relayed are mixed, keys pressed, recorders written, and
/// a fifth of the legs looked after.
extension MediaCore {
    static let tickNanoseconds: Int64 = 20_000_000

    /// `now` is the tick's deadline, or a little after it.
    func tick() {
        state.pointee.tick &+= 1
        state.pointee.counters.ticks.bump()
        var room = state.pointee.activeRooms
        while room >= 0 {
            let next = rooms[Int(room)].nextActive
            tickRoom(Int(room))
            room = next
        }
        replanStale()
        lookAfterLegs()
    }

    private func tickRoom(_ room: Int) {
        if rooms[room].isRelayed {
            pressKeys(room)
        } else {
            let frames = gatherFrames(room)
            var leg = rooms[room].firstLeg
            while leg >= 0 {
                let next = legs[Int(leg)].next
                sendMix(Int(leg), silent: frames == 0)
                leg = next
            }
        }
        var instrument = rooms[room].firstInstrument
        while instrument >= 0 {
            let row = instruments + Int(instrument)
            let next = row.pointee.next
            if let buffer = row.pointee.buffer {
                buffer.flush(upTo: buffer.samples(at: now) - RecorderBuffer.lagSamples, aLaw: aLaw, muLaw: muLaw)
            } else if row.pointee.frame == Self.endedFrame {
                endInstrument(Int(instrument))
            }
            instrument = next
        }
        // Keys that were pressed may have been the only reason to come here.
        replanIfIdle(room)
    }

    /// Marks a player that had nothing left.
    private static let endedFrame: Int32 = -2

    private func replanIfIdle(_ room: Int) {
        if rooms[room].isRelayed && rooms[room].recorderCount == 0 { replan(room) }
    }

    // MARK: Mix

    /// Decodes every speaker's 20 ms into the arena and adds all up. Returns how many spoke.
    private func gatherFrames(_ room: Int) -> Int {
        var used = 0
        Mix.clear(total, count: Self.frameSamples)
        var leg = rooms[room].firstLeg
        while leg >= 0 {
            let row = legs + Int(leg)
            row.pointee.frame = -1
            if row.pointee.mode == .decode, let decoder = row.pointee.decoder, used < Self.arenaFrames {
                let frame = arena + used * Self.frameSamples
                if LegDecoder.pull(decoder, into: frame, scratch: payload, aLaw: aLaw, muLaw: muLaw) {
                    addToTotal(frame, gain: row.pointee.defaultGain)
                    row.pointee.frame = Int32(used)
                    used += 1
                }
            }
            leg = row.pointee.next
        }
        var instrument = rooms[room].firstInstrument
        while instrument >= 0 {
            let row = instruments + Int(instrument)
            if row.pointee.kind != .recorder {
                row.pointee.frame = -1
                if used < Self.arenaFrames {
                    let frame = arena + used * Self.frameSamples
                    if play(Int(instrument), into: frame) {
                        addToTotal(frame, gain: row.pointee.defaultGain)
                        recordInstrument(Int(instrument), frame, room: room)
                        row.pointee.frame = Int32(used)
                        used += 1
                    } else {
                        row.pointee.frame = Self.endedFrame
                    }
                }
            }
            instrument = row.pointee.next
        }
        return used
    }

    /// The total is what a listener without cells hears, and himself.
    @inline(__always)
    private func addToTotal(_ frame: UnsafePointer<Int16>, gain: Int32) {
        if gain == Mix.unity {
            Mix.add(frame, to: total, count: Self.frameSamples)
        } else if gain > 0 {
            Mix.add(frame, gain: gain, to: total, count: Self.frameSamples)
        }
    }

    private func recordInstrument(_ slot: Int, _ frame: UnsafePointer<Int16>, room: Int) {
        guard rooms[room].recorderCount > 0 else { return }
        var recorder = rooms[room].firstInstrument
        while recorder >= 0 {
            if let buffer = instruments[Int(recorder)].buffer {
                let gain = gain(listener: ~recorder, speaker: ~Int32(slot))
                if gain > 0 {
                    let at = buffer.samples(at: now)
                    buffer.place(frame, count: Self.frameSamples, at: at, gain: gain, channel: 1)
                }
            }
            recorder = instruments[Int(recorder)].next
        }
    }

    /// Sends a leg everybody's sum without its own voice, corrected by the cells of its row.
    private func sendMix(_ slot: Int, silent: Bool) {
        let leg = legs + slot
        if leg.pointee.sender.isActive {
            pressKey(slot)
            return
        }
        guard canSend(leg) else { return }
        let octets = payload + RTPHeader.size
        let codec = leg.pointee.settings.isALaw ? aLaw : muLaw
        if silent {
            octets.update(repeating: codec.law.silence, count: Self.frameSamples)
        } else {
            sum.update(from: total, count: Self.frameSamples)
            if leg.pointee.frame >= 0 { correct(leg.pointee.frame, from: leg.pointee.defaultGain, to: 0) }
            var cell = leg.pointee.cells
            while cell >= 0 {
                let speaker = cells[Int(cell)].speaker
                let heard = speaker >= 0 ? legs[Int(speaker)].frame : instruments[Int(~speaker)].frame
                if heard >= 0 {
                    let usual = usualGain(listener: Int32(slot), speaker: speaker)
                    correct(heard, from: usual, to: cells[Int(cell)].gain)
                }
                cell = cells[Int(cell)].next
            }
            Mix.saturate(sum, into: frame, count: Self.frameSamples)
            codec.encode(frame, into: octets, count: Self.frameSamples)
        }
        sendFrame(leg)
    }

    /// Replaces a speaker's part in the listener's sum: exactly, so that who is not to be heard leaves nothing behind.
    private func correct(_ frame: Int32, from usual: Int32, to gain: Int32) {
        guard usual != gain else { return }
        let samples = arenaFrame(frame)
        if usual == 0 || usual == Mix.unity {
            Mix.add(samples, gain: gain &- usual, to: sum, count: Self.frameSamples)
        } else {
            Mix.subtract(samples, gain: usual, from: sum, count: Self.frameSamples)
            if gain != 0 { Mix.add(samples, gain: gain, to: sum, count: Self.frameSamples) }
        }
    }

    @inline(__always)
    private func arenaFrame(_ index: Int32) -> UnsafePointer<Int16> {
        UnsafePointer(arena + Int(index) * Self.frameSamples)
    }

    /// Sends the 160 octets that lie behind a header's room in `payload`.
    private func sendFrame(_ leg: UnsafeMutablePointer<LegSlot>) {
        let stamp = leg.pointee.stream.generate(octets: Self.frameSamples, now: now)
        RTPHeader.write(stamp, payloadType: leg.pointee.settings.sendType, to: payload)
        send(leg, payload, count: RTPHeader.size + Self.frameSamples)
        state.pointee.counters.generated.bump()
    }

    // MARK: Keys to the far side

    func sendKeys(_ slot: Int, _ keys: KeyList) {
        for index in 0..<keys.count {
            let (event, ticks) = keys[index]
            if !legs[slot].sender.append(event, ticks: ticks) { state.pointee.counters.refusedCommands.bump() }
        }
        legs[slot].sender.closeBatch()
        if legs[slot].room >= 0 { activate(Int(legs[slot].room)) } else { abandonDigits(slot) }
    }

    /// Keys that cannot be sent any more count as sent, so that nobody waits.
    func abandonDigits(_ slot: Int) {
        guard legs[slot].sender.isActive else { return }
        tellDigitsSent(slot, legs[slot].sender.clear())
    }

    private func tellDigitsSent(_ slot: Int, _ batches: UInt8) {
        for _ in 0..<Int(batches) { report(.digitsSent(legs[slot].handle), to: legs[slot].shard, essential: true) }
    }

    private func pressKeys(_ room: Int) {
        var leg = rooms[room].firstLeg
        while leg >= 0 {
            if legs[Int(leg)].sender.isActive { pressKey(Int(leg)) }
            leg = legs[Int(leg)].next
        }
    }

    private func pressKey(_ slot: Int) {
        let leg = legs + slot
        let inBand = leg.pointee.settings.sendEventType == LegSettings.noPayloadType
        switch leg.pointee.sender.step(inBand: inBand) {
        case .done(let batches): tellDigitsSent(slot, batches)
        case .event(let event, let duration, let end, let begins):
            guard canSend(leg) else { return }
            let stamp = leg.pointee.stream.event(begins: begins, octets: TelephoneEvent.size, now: now)
            RTPHeader.write(stamp, payloadType: leg.pointee.settings.sendEventType, to: payload)
            TelephoneEvent(event: event, end: end, volume: 10, duration: duration).write(to: payload + RTPHeader.size)
            send(leg, payload, count: RTPHeader.size + TelephoneEvent.size)
        case .tone(let event, let begins):
            if begins { leg.pointee.tone = ToneGenerator(keyTones[Int(event & 15)]) }
            leg.pointee.tone.fill(frame, count: Self.frameSamples)
            guard canSend(leg) else { return }
            let codec = leg.pointee.settings.isALaw ? aLaw : muLaw
            codec.encode(frame, into: payload + RTPHeader.size, count: Self.frameSamples)
            sendFrame(leg)
        case .pause:
            guard inBand, canSend(leg) else { return }
            let silence = leg.pointee.settings.isALaw ? G711Law.a.silence : G711Law.mu.silence
            (payload + RTPHeader.size).update(repeating: silence, count: Self.frameSamples)
            sendFrame(leg)
        }
    }

    // MARK: Looking after legs

    /// A fifth of the legs at each tick, so each of them every 100 ms: keys whose end was lost, time-outs, RTCP, decoders
    /// that could not be had.
    private func lookAfterLegs() {
        var index = Int(state.pointee.tick % 5)
        while index < state.pointee.openCount {
            let slot = Int(openLegs[index])
            let leg = legs + slot
            if leg.pointee.digits.isPressed,
                let press = leg.pointee.digits.expire(milliseconds: now / 1_000_000)
            {
                pressed(slot, press, isHeld: leg.pointee.keyHold.holds)
            }
            let timeout = leg.pointee.settings.timeoutNanoseconds
            if timeout > 0 && !leg.pointee.timedOut && now - leg.pointee.lastHeard >= timeout {
                leg.pointee.timedOut = true
                report(.timedOut(leg.pointee.handle), to: leg.pointee.shard, essential: false)
            }
            if leg.pointee.lacksDecoder { askForDecoder(slot) }
            if leg.pointee.isConfigured && now >= leg.pointee.report.nextNanoseconds { sendReport(slot) }
            index += 5
        }
    }
}
