// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel

/// Who hears whom in a room: a pure function of its members' roles. The one place where a whisper happens.
enum Hearing {
    /// What one member hears of another.
    struct Cell: Hashable, Sendable {
        var listener: LegID
        var speaker: LegID
    }

    struct Member: Hashable, Sendable {
        var role: Role
        /// The member hears itself: an echo test.
        var hearsItself = false
    }

    /// Whether `listener` hears `speaker`.
    static func hears(_ listener: (LegID, Member), _ speaker: (LegID, Member)) -> Bool {
        guard listener.0 != speaker.0 else { return listener.1.hearsItself }
        if listener.1.role == .onHold { return false }
        switch speaker.1.role {
        case .party: return true
        case .onHold, .muted, .listener, .supervisor(_, .listens): return false
        case .supervisor(let supervised, .whispers): return listener.0 == supervised
        case .supervisor(_, .barges): return true
        }
    }

    /// The cells of the gain matrix that are not what the engine takes for granted: everybody hears everybody else and
    /// nobody himself. `true` is heard as spoken, `false` not at all.
    static func cells(_ members: [LegID: Member]) -> [Cell: Bool] {
        var cells: [Cell: Bool] = [:]
        // The usual talk has nothing to say.
        if members.values.allSatisfy({ $0.role == .party && !$0.hearsItself }) { return cells }
        for listener in members {
            for speaker in members {
                let hears = hears((listener.key, listener.value), (speaker.key, speaker.value))
                if hears != (listener.key != speaker.key) {
                    cells[Cell(listener: listener.key, speaker: speaker.key)] = hears
                }
            }
        }
        return cells
    }
}
