// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Dialplan
internal import Timing

extension CoreApplications {
    static let sounds: [CoreApplication] = [
        CoreApplication("Playback", 1...2, playback),
        CoreApplication("BackGround", 1...4, background),
        CoreApplication("WaitExten", 0...2, waitExten),
        CoreApplication("SayDigits", 1...1) { interpreter, text in
            for sound in digitSounds(text) { _ = try await interpreter.call.play(sound, interruptedBy: []) }
            interpreter.call.discardDigits()
            return .next
        },
        CoreApplication("Wait", 1...1) { interpreter, text in
            let duration = Duration(seconds: text) ?? .zero
            try await interpreter.call.sleep(duration)
            // As in Asterisk, keys pressed now are nobody's.
            interpreter.call.discardDigits()
            return .next
        },
    ]

    private static let keys: Set<Character> = Set("0123456789*#ABCD")

    /// At most 64 of them.
    private static func files(_ text: String) -> [String] {
        text.split(separator: "&").prefix(64).map { $0.filter { $0 != " " } }.filter { !$0.isEmpty }
    }

    static func digitSounds(_ text: String) -> [String] {
        text.prefix(80).compactMap { digit in
            switch digit {
            case "0"..."9": "digits/\(digit)"
            case "*": "digits/star"
            case "#": "digits/pound"
            case "-": "digits/minus"
            default: nil
            }
        }
    }

    /// Whether the sound is to be heard; answers unless told not to. `skip`: only on an answered call.
    private static func prepare(_ call: any CallControl, skips: Bool, staysUnanswered: Bool) async throws -> Bool {
        if call.isAnswered { return true }
        if skips { return false }
        if !staysUnanswered { try await call.answer() }
        return true
    }

    @Sendable private static func playback(_ interpreter: Interpreter, _ text: String) async throws -> Outcome {
        let arguments = Arguments.split(text)
        let options = arguments.count > 1 ? arguments[1].lowercased() : ""
        let call = interpreter.call
        var status = "SUCCESS"
        let isHeard = try await prepare(
            call, skips: options.contains("skip"), staysUnanswered: options.contains("noanswer"))
        if isHeard {
            for file in files(arguments.first ?? "") {
                if try await call.play(file, interruptedBy: []) == .missing {
                    interpreter.note("sound.missing", [("sound", file)])
                    status = "FAILED"
                }
            }
            call.discardDigits()
        }
        interpreter.setVariable("PLAYBACKSTATUS", status)
        return .next
    }

    /// Options: `s` only when answered, `n` do not answer, `m` only keys that are extensions end
    /// it, `p` no key ends it. The fourth argument is the context single keys are looked up in.
    @Sendable private static func background(_ interpreter: Interpreter, _ text: String) async throws -> Outcome {
        let arguments = Arguments.split(text)
        let options = arguments.count > 1 ? arguments[1].lowercased() : ""
        let context =
            arguments.count > 3 && !arguments[3].isEmpty ? arguments[3] : interpreter.position.context
        let call = interpreter.call
        let isSkip = options == "skip" || (options != "noanswer" && options.contains("s"))
        let isNoAnswer = options == "noanswer" || (options != "skip" && options.contains("n"))
        var status = "SUCCESS"
        defer { interpreter.setVariable("BACKGROUNDSTATUS", status) }
        guard try await prepare(call, skips: isSkip, staysUnanswered: isNoAnswer) else { return .next }
        var wanted = keys
        if options.contains("p"), options != "skip" { wanted = [] }
        if options.contains("m") { wanted = keys.filter { interpreter.exists(String($0), in: context) } }
        for file in files(arguments.first ?? "") {
            switch try await call.play(file, interruptedBy: wanted) {
            case .finished: continue
            case .missing:
                interpreter.note("sound.missing", [("sound", file)])
                status = "FAILED"
                return .next
            case .interrupted(let key):
                return interpreter.take(key, in: context)
            }
        }
        return .next
    }

    @Sendable private static func waitExten(_ interpreter: Interpreter, _ text: String) async throws -> Outcome {
        let argument = Arguments.split(text).first ?? ""
        let given = Duration(seconds: argument)
        let timeout = given.map { $0 > .zero ? $0 : interpreter.responseTimeout } ?? interpreter.responseTimeout
        if let digit = try await interpreter.call.nextDigit(within: timeout) {
            return .digits(String(digit))
        }
        var next = interpreter.position
        next.priority += 1
        if interpreter.find(next) != nil { return .next }
        if interpreter.exists("t") {
            interpreter.go(to: "t")
            return .jump
        }
        if interpreter.exists("e") {
            interpreter.raise("RESPONSETIMEOUT")
            return .jump
        }
        interpreter.note("dialplan.timeout", [])
        return .hangUp(.normalClearing)
    }
}

extension Interpreter {
    /// A key pressed during Background: an extension of its own when nothing longer could match,
    /// otherwise the beginning of one.
    fileprivate func take(_ key: Character, in context: String) -> Outcome {
        let digits = String(key)
        let isWhole =
            program.dialplan.couldMatch(
                context: context, extension: digits, callerID: callerNumber, at: searchTime)
            && !program.dialplan.canMatchMore(
                context: context, extension: digits, callerID: callerNumber, at: searchTime)
        guard isWhole else { return .digits(digits) }
        position = Position(context: context, exten: digits, priority: 1)
        return .jump
    }
}
