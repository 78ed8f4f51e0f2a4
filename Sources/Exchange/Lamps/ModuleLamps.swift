// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel

/// The lamps that modules drive, as each was set last.
struct ModuleLamps: Sendable {
    static let most = 10_000
    /// In bytes.
    static let longestName = 80

    enum Refusal: Hashable, Sendable {
        /// No `word:number`, or too long.
        case badName
        case tooMany
    }

    private var states: [String: LampState] = [:]
    /// `701` leads to `park:701`.
    private var byNumber: [String: String] = [:]

    /// nil: it has been set.
    mutating func set(_ name: String, _ state: LampState?) -> Refusal? {
        let parts = name.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty, name.utf8.count <= Self.longestName,
            DialledNumber.isSafe(String(parts[1]))
        else { return .badName }
        let number = String(parts[1])
        if let state {
            guard states[name] != nil || states.count < Self.most else { return .tooMany }
            states[name] = state
            // The first that has the number keeps it.
            if byNumber[number] == nil { byNumber[number] = name }
        } else {
            states[name] = nil
            if byNumber[number] == name { byNumber[number] = nil }
        }
        return nil
    }

    subscript(name: String) -> LampState? { states[name] }

    func name(forNumber number: String) -> String? { byNumber[number] }
}

extension LampLook {
    /// What a module's lamp shows: a lamp has one dialog at most, whose direction nobody knows but for one that rings.
    init(_ state: LampState, named name: String) {
        let number = name.split(separator: ":", maxSplits: 1).last.map(String.init) ?? name
        var dialogs: [LampDialog] = []
        if state.light != .idle {
            dialogs = [
                LampDialog(
                    id: number, isInitiator: state.light == .ringing ? false : nil,
                    state: state.light == .ringing ? .early : .confirmed, isHeld: state.light == .onHold,
                    local: CallerIdentity(number: number), remote: state.caller)
            ]
        }
        self.init(isReachable: true, dialogs: dialogs)
    }
}
