// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Audio
internal import CallModel
internal import Glibc
internal import SDP
internal import SIPMessage
internal import SIPStack
internal import Timing

/// Session descriptions, and what is said and heard.
extension SimulatedGateway {
    private var capabilities: AudioCapabilities { AudioCapabilities() }

    /// The number of a session description; the port's own is enough to tell them apart.
    private func sessionNumber(_ id: PortID) -> UInt64 { ports[id]?.call?.leg.rawValue ?? 0 }

    /// A room with one leg. false when media has no room or port left.
    func openCall(_ id: PortID, _ session: SessionID) -> Bool {
        do throws(MediaError) {
            let room = try door.openRoom(callAffinity: entropy.next())
            do throws(MediaError) {
                let (leg, port) = try door.openLeg(in: room)
                ports[id]?.call = PortCall(session: session, room: room, leg: leg, port: port)
                sessions[session] = id
                legs[leg] = id
                return true
            } catch {
                door.close(room)
                throw error
            }
        } catch {
            console.print("error \(id): no media: \(error)")
            return false
        }
    }

    func makeOffer(_ id: PortID) {
        guard let call = ports[id]?.call else { return }
        let offer = OfferAnswer.offer(
            capabilities: capabilities, sessionID: sessionNumber(id), localAddress: settings.mediaAddress,
            port: call.port, after: call.description)
        ports[id]?.call?.offer = offer
        ports[id]?.call?.description = offer
    }

    /// Answers an offer; false when there is nothing in common. Speech begins with it, or with the answer of a
    /// call that rings: a telephone on hook sends nothing.
    func accept(_ id: PortID, offer: SessionDescription, isRinging: Bool = false) -> Bool {
        guard let call = ports[id]?.call,
            let (description, audio) = OfferAnswer.answer(
                to: offer, capabilities: capabilities, sessionID: sessionNumber(id),
                localAddress: settings.mediaAddress, port: call.port, after: call.description)
        else { return false }
        ports[id]?.call?.description = description
        ports[id]?.call?.offer = nil
        if isRinging { ports[id]?.call?.agreed = audio } else { configure(id, audio) }
        return true
    }

    /// The receiver is lifted: what was agreed begins.
    func beginSpeech(_ id: PortID) {
        guard let audio = ports[id]?.call?.agreed else { return }
        ports[id]?.call?.agreed = nil
        configure(id, audio)
    }

    /// What the far side answered to our offer.
    func settle(_ id: PortID, answer message: SIPMessage) {
        guard let offer = ports[id]?.call?.offer, let answer = try? SessionDescription.parse(message.body),
            let audio = OfferAnswer.accept(answer: answer, of: offer)
        else { return }
        configure(id, audio)
    }

    private func configure(_ id: PortID, _ audio: NegotiatedAudio) {
        guard let call = ports[id]?.call, call.audio != audio else { return }
        if let before = call.audio, before.direction.receives != audio.direction.receives {
            tell(id, audio.direction.receives ? "resumed" : "held")
        }
        ports[id]?.call?.audio = audio
        door.configure(
            call.leg,
            LegMedia(
                codec: audio.codec == .pcmu ? .pcmu : .pcma, sendPayloadType: audio.sendPayloadType,
                receivePayloadType: audio.receivePayloadType,
                sendEventPayloadType: audio.telephoneEventSendPayloadType,
                receiveEventPayloadType: audio.telephoneEventReceivePayloadType,
                remoteAddress: audio.remoteAddress, remotePort: audio.remotePort,
                packetMilliseconds: audio.ptimeMilliseconds, sends: audio.direction.sends,
                receives: audio.direction.receives, timeout: .seconds(20)))
    }

    /// Hold, resume, another address; a re-INVITE without offer asks for ours.
    func reoffered(_ session: SessionID, _ message: SIPMessage) {
        guard let id = sessions[session] else {
            perform(agent.rejectOffer(session, status: 481, now: now))
            return
        }
        if message.body.isEmpty {
            makeOffer(id)
            ports[id]?.call?.audio = nil
        } else {
            guard let offer = try? SessionDescription.parse(message.body), accept(id, offer: offer) else {
                perform(agent.rejectOffer(session, status: 488, now: now))
                return
            }
        }
        perform(agent.acceptOffer(session, body: ports[id]?.call?.description?.serialize() ?? [], now: now))
    }

    /// The call is over: its speech too.
    func clear(_ id: PortID) {
        answers.cancel(id)
        if let call = ports[id]?.call {
            sessions[call.session] = nil
            door.close(call.leg)
            door.close(call.room)
        }
        ports[id]?.call = nil
        ports[id]?.state = .idle
        ports[id]?.other = ""
    }

    // MARK: Orders

    /// nil when done, else what is in the way.
    func press(_ id: PortID, _ keys: String) -> String? {
        guard let call = ports[id]?.call, call.audio != nil else { return "no speech path: not connected" }
        door.sendDigits(keys, to: call.leg)
        tell(id, "pressed \(keys)")
        return nil
    }

    func speak(_ id: PortID, _ path: String) -> String? {
        guard let call = ports[id]?.call, call.audio != nil else { return "no speech path: not connected" }
        // Four hours of 16-bit samples and a header.
        guard let bytes = readFile(path, limit: 240 << 20) else {
            return "cannot read \(path): \(String(cString: strerror(errno)))"
        }
        do {
            let clip = AudioClip(samples: try WAVReader.prompt(bytes))
            if let player = call.player { door.stop(player) }
            let player = try door.play(clip, in: call.room, loop: false)
            instruments[player] = (id, "spoke")
            ports[id]?.call?.player = player
            if let recorder = call.recorder { silence(player, for: recorder, in: call.room) }
            tell(id, "speaks \(path)")
            return nil
        } catch {
            return "\(path): \(error)"
        }
    }

    func record(_ id: PortID, _ path: String) -> String? {
        guard let call = ports[id]?.call else { return "no call" }
        var absolute = path
        if !path.hasPrefix("/"), let here = getcwd(nil, 0) {
            absolute = String(cString: here) + "/" + path
            free(here)
        }
        do throws(MediaError) {
            if let recorder = call.recorder { door.stop(recorder) }
            let recorder = try door.record(RecorderSettings(path: absolute), in: call.room)
            instruments[recorder] = (id, path)
            ports[id]?.call?.recorder = recorder
            // What is spoken from here is known; the file holds what the switch says.
            if let player = call.player { silence(player, for: recorder, in: call.room) }
            tell(id, "records \(path)")
            return nil
        } catch {
            return "\(path): \(error)"
        }
    }

    private func silence(_ player: MediaInstrument, for recorder: MediaInstrument, in room: MediaRoom) {
        door.setGain(room, listener: .instrument(recorder), speaker: .instrument(player), gain: 0)
    }

    func stop(_ instrument: MediaInstrument?) -> String? {
        guard let instrument else { return "there is none" }
        door.stop(instrument)
        return nil
    }

    // MARK: Events

    func handle(_ event: MediaEvent) {
        switch event {
        case .started(let leg): if let id = legs[leg] { tell(id, "hears speech") }
        case .digit(let leg, let press, _): if let id = legs[leg] { tell(id, "heard dtmf \(press.key)") }
        case .timedOut(let leg): if let id = legs[leg] { tell(id, "hears nothing any more") }
        case .finished(let instrument, let played):
            guard let (id, _) = instruments.removeValue(forKey: instrument) else { return }
            if ports[id]?.call?.player == instrument { ports[id]?.call?.player = nil }
            tell(id, "spoke \(seconds(played)) s")
        case .recording(let instrument, let path):
            // The name that was asked for is the one told, unless another recording had it.
            if let (id, wanted) = instruments[instrument], !path.hasSuffix(wanted) {
                instruments[instrument] = (id, path)
            }
        case .recorded(let instrument, let outcome):
            guard let (id, path) = instruments.removeValue(forKey: instrument) else { return }
            if ports[id]?.call?.recorder == instrument { ports[id]?.call?.recorder = nil }
            tell(id, "recorded \(seconds(outcome.length)) s \(path)\(outcome.error.map { ": \($0)" } ?? "")")
        case .legClosed(let leg, let figures):
            guard let id = legs.removeValue(forKey: leg) else { return }
            tell(
                id,
                "media sent \(figures.packetsSent) received \(figures.packetsReceived) lost \(figures.packetsLost)"
                    + " refused \(figures.packetsRefused)")
        case .digitsSent: break
        }
    }

    private func seconds(_ duration: Duration) -> String {
        let tenths = (duration.milliseconds + 50) / 100
        return "\(tenths / 10).\(tenths % 10)"
    }
}
