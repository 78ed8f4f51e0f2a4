// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel

/// Asks for a number by keys.
struct NumberPrompt {
    /// How long the first key may take, and each further one.
    var firstKey = Duration.seconds(7)
    var nextKey = Duration.seconds(4)
    static let longest = 40

    /// The number, as soon as no further key could belong to it; `#` ends it before. Empty when none was pressed.
    func ask(_ call: any CallControl, prompt: String) async throws -> String {
        var number = ""
        let keys = Set("0123456789*#")
        if case .interrupted(let key) = try await call.play(prompt, interruptedBy: keys) { number.append(key) }
        while number.utf8.count < Self.longest {
            switch number.isEmpty ? .partial : call.lookUp(number) {
            case .complete, .none: return number
            case .partial, .ambiguous: break
            }
            guard let key = try await call.nextDigit(within: number.isEmpty ? firstKey : nextKey) else { return number }
            // A code may begin with it; behind digits it ends the number.
            if key == "#", !number.isEmpty { return number }
            number.append(key)
        }
        return number
    }
}
