// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel

/// Keys of one side of a talk, held back until it is clear whether they are a code.
///
/// Keys that are none go on to the other side in their order, late by at most the time between two keys.
struct CodeMatcher: Hashable, Sendable {
    enum Outcome: Hashable, Sendable {
        /// More keys could make it a code: ask again after the time between two keys.
        case waits
        case code(TalkCode)
        /// These were none.
        case pass(String)
    }

    let codes: [TalkCode]
    private(set) var held = ""

    /// A code without digits is none: it would be found behind every key.
    init(codes: [TalkCode]) { self.codes = codes.filter { !$0.digits.isEmpty } }

    /// - Returns: what is to be done, in order; at most one `waits` or `code`, as the last.
    mutating func press(_ key: Character) -> [Outcome] {
        held.append(key)
        var passed = ""
        // Keys that can no longer begin a code go on from the front.
        while !held.isEmpty {
            if codes.contains(where: { $0.digits.hasPrefix(held) }) { break }
            passed.append(held.removeFirst())
        }
        var outcomes: [Outcome] = passed.isEmpty ? [] : [.pass(passed)]
        if let exact = codes.first(where: { $0.digits == held }), !codes.contains(where: isLonger) {
            held = ""
            outcomes.append(.code(exact))
        } else if !held.isEmpty {
            outcomes.append(.waits)
        }
        return outcomes
    }

    /// No further key came in time.
    mutating func timedOut() -> [Outcome] {
        guard !held.isEmpty else { return [] }
        let keys = held
        held = ""
        return codes.first { $0.digits == keys }.map { [.code($0)] } ?? [.pass(keys)]
    }

    private func isLonger(_ code: TalkCode) -> Bool { code.digits != held && code.digits.hasPrefix(held) }
}
