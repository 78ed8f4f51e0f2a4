// SPDX-License-Identifier: AGPL-3.0-or-later
internal import SIPStack
internal import Timing

/// Orders as they are typed.
extension SimulatedGateway {
    /// The ports a subject names; throws when there is no such port.
    private func ports(of subject: Subject) throws(InstructionError) -> [PortID] {
        switch subject {
        case .current: return [current]
        case .lines: return lineIDs
        case .phones: return phoneIDs
        case .line(let number):
            guard ports[.line(number)] != nil else {
                throw InstructionError("there is no line \(number); there are \(lineIDs.count)")
            }
            current = .line(number)
        case .phone(let number):
            if ports[.phone(number)] != nil {
                current = .phone(number)
            } else if let index = settings.telephones.firstIndex(where: { $0.number == String(number) }) {
                current = .phone(index + 1)
            } else {
                throw InstructionError("there is no phone \(number); there are \(phoneIDs.count)")
            }
        }
        return [current]
    }

    /// Everything but waiting. Returns what is to be printed beside the events.
    func obey(_ subject: Subject, _ order: Order) -> [String] {
        defer { rearm() }
        let chosen: [PortID]
        do {
            chosen = try ports(of: subject)
        } catch {
            return ["error \(error)"]
        }
        var complaints: [String] = []
        for id in chosen {
            // "lines hang up" means those that have a call.
            if chosen.count > 1, ports[id]?.call == nil, needsCall(order) { continue }
            if let complaint = obey(id, order) { complaints.append("error \(id): \(complaint)") }
        }
        return complaints
    }

    private func needsCall(_ order: Order) -> Bool {
        switch order {
        case .hangUp, .answer, .press, .speak, .stopSpeaking, .record, .stopRecording: true
        default: false
        }
    }

    private func obey(_ id: PortID, _ order: Order) -> String? {
        guard let port = ports[id] else { return "there is none" }
        switch order {
        case .ring(let from, let to):
            guard case .line = id else { return "telephones dial; write: \(id) dial 8001" }
            guard port.state == .idle else { return "is \(port.state.rawValue)" }
            call(
                id, from: from, to: to ?? "s",
                login: DigestLogin(username: settings.gatewayUser, password: settings.gatewaySecret))
        case .dial(let number):
            guard case .phone(let index) = id, settings.telephones.indices.contains(index - 1) else {
                return "outside parties ring; write: \(id) ring from 13800138000"
            }
            guard port.state == .idle || port.state == .offHook else { return "is \(port.state.rawValue)" }
            let telephone = settings.telephones[index - 1]
            call(
                id, from: telephone.number, to: number,
                login: DigestLogin(username: telephone.number, password: telephone.secret))
        case .offHook:
            guard case .phone = id else { return "a line has no receiver; write: \(id) answer" }
            if port.state == .ringing {
                answer(id)
            } else if port.state == .idle {
                ports[id]?.state = .offHook
                tell(id, "off hook")
            } else {
                return "is \(port.state.rawValue)"
            }
        case .answer:
            guard port.state == .ringing else { return "does not ring" }
            answer(id)
        case .hangUp:
            guard port.state != .idle else { return "is idle" }
            hangUp(id)
        case .engaged(let engaged):
            ports[id]?.isEngaged = engaged
            if engaged, port.state == .ringing { refuse(id) }
        case .answerAfter(let seconds): answerAfter(id, seconds)
        case .press(let keys): return press(id, keys)
        case .speak(let path): return speak(id, path)
        case .stopSpeaking: return stop(port.call?.player)
        case .record(let path): return record(id, path)
        case .stopRecording: return stop(port.call?.recorder)
        case .wait: return nil
        }
        return nil
    }

    private func answerAfter(_ id: PortID, _ seconds: Double?) {
        ports[id]?.answerAfterSeconds = seconds
        guard ports[id]?.state == .ringing else { return }
        if let seconds {
            answers.set(id, at: now.advanced(by: .milliseconds(Int64(seconds * 1_000))))
        } else {
            answers.cancel(id)
        }
    }

    /// The ports a subject names, for waiting; empty when there is none.
    func waiters(_ subject: Subject) -> [PortID] { (try? ports(of: subject)) ?? [] }

    /// Those of `waiters` for whom what is waited for has not come yet.
    func stillWaiting(_ waiters: [PortID], for words: String) -> [PortID] {
        waiters.filter { id in
            if words == "registered", isRegistered(id) { return false }
            return ports[id]?.matches(words) != true
        }
    }

    private func isRegistered(_ id: PortID) -> Bool {
        let index = if case .phone(let number) = id { number } else { 0 }
        return accounts.indices.contains(index) && accounts[index].client.state == .registered
    }

    var statusLines: [String] {
        var lines = accounts.prefix(1).map { "gateway \(described($0))" }
        for id in lineIDs + phoneIDs {
            guard let port = ports[id] else { continue }
            var text = "\(id) \(port.state.rawValue)"
            if !port.other.isEmpty { text += " with \(port.other)" }
            if port.isEngaged { text += ", engaged" }
            if case .phone(let index) = id, settings.telephones.indices.contains(index - 1) {
                text += ", seat \(settings.telephones[index - 1].number)"
                if accounts.indices.contains(index) { text += " \(described(accounts[index]))" }
            }
            lines.append(text)
        }
        return lines
    }

    private func described(_ account: Account) -> String {
        account.client.state == .registered ? "registered" : "not registered"
    }

    func hangUpAll() {
        for id in lineIDs + phoneIDs where ports[id]?.state != .idle { hangUp(id) }
        rearm()
    }
}
