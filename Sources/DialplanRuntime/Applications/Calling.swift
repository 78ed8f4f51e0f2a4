// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Dialplan
internal import Timing

/// A call that ends in a tone: by its response while unanswered, by ear afterwards.
enum ToneEnding {
    case busy
    case congestion

    /// Until the caller hangs up, at most so long.
    static let longest: Duration = .seconds(60)

    func run(on call: any CallControl, for duration: Duration) async throws -> HangupCause {
        if call.isAnswered {
            try call.startTone(self == .busy ? .busy : .congestion)
            try await call.sleep(duration)
        }
        return self == .busy ? .userBusy : .switchCongestion
    }
}

extension CoreApplications {
    static let calling: [CoreApplication] = [
        CoreApplication("Answer", 0...2) { interpreter, text in
            try await interpreter.call.answer()
            if let delay = Int64(Arguments.split(text).first ?? ""), delay > 0 {
                try await interpreter.call.sleep(.milliseconds(min(delay, 60_000)))
            }
            return .next
        },
        CoreApplication("Hangup", 0...1, neverGoesOn: true) { interpreter, text in
            .hangUp(cause(text) ?? interpreter.hangupCause ?? .normalClearing)
        },
        CoreApplication("Busy", 0...1, neverGoesOn: true) { interpreter, text in
            let duration = Duration(seconds: text) ?? ToneEnding.longest
            return .hangUp(try await ToneEnding.busy.run(on: interpreter.call, for: duration))
        },
        CoreApplication("Congestion", 0...1, neverGoesOn: true) { interpreter, text in
            let duration = Duration(seconds: text) ?? ToneEnding.longest
            return .hangUp(try await ToneEnding.congestion.run(on: interpreter.call, for: duration))
        },
        CoreApplication("Ringing", 0...0) { interpreter, _ in
            try interpreter.call.ring()
            return .next
        },
        CoreApplication("Progress", 0...0) { interpreter, _ in
            try interpreter.call.progress()
            return .next
        },
        CoreApplication("Dial", 1...4, dial),
    ]

    /// A number or a name such as `USER_BUSY` (Asterisk takes both).
    private static func cause(_ text: String) -> HangupCause? {
        let text = text.filter { $0 != " " }
        if let number = Int(text) { return HangupCause(q850: number) }
        return switch text.uppercased() {
        case "NORMAL", "NORMAL_CLEARING": .normalClearing
        case "BUSY", "USER_BUSY": .userBusy
        case "NOANSWER", "NO_ANSWER": .noAnswer
        case "CONGESTION", "SWITCH_CONGESTION", "NORMAL_CIRCUIT_CONGESTION": .switchCongestion
        case "UNALLOCATED", "UNALLOCATED_NUMBER": .unallocatedNumber
        case "CALL_REJECTED", "REJECTED": .callRejected
        default: nil
        }
    }

    @Sendable private static func dial(_ interpreter: Interpreter, _ text: String) async throws -> Outcome {
        let arguments = Arguments.split(text)
        let call = interpreter.call
        let options = DialOptions(arguments.count > 2 ? arguments[2] : "")
        let (targets, unknown) = DialTargetText.parse(arguments.first ?? "")
        for name in unknown { interpreter.note("dial.unknownTarget", [("target", name)]) }
        for name in ["DIALSTATUS", "DIALEDTIME", "ANSWEREDTIME"] { interpreter.setVariable(name, nil) }
        guard !targets.isEmpty else {
            interpreter.setVariable("DIALSTATUS", DialStatus.unavailable.rawValue)
            interpreter.hangupCause = .subscriberAbsent
            return .next
        }
        let ringing = arguments.count > 1 ? Duration(seconds: arguments[1]) : nil
        let result: DialResult
        do {
            result = try await call.dial(
                options.request(targets: targets, timeout: ringing))
        } catch {
            // The caller is gone, or his time is over; what `h` and `T` ask for is how far the dial had come.
            if let last = call.lastDial { tell(last, to: interpreter) }
            throw error
        }
        tell(result, to: interpreter)
        if result.status == .answer, !options.continuesAfterHangup { return .hangUp(result.cause) }
        return .next
    }

    private static func tell(_ result: DialResult, to interpreter: Interpreter) {
        interpreter.setVariable("DIALSTATUS", result.status.rawValue)
        interpreter.setVariable("DIALEDTIME", seconds(result.dialled + result.answered))
        interpreter.setVariable("ANSWEREDTIME", seconds(result.answered))
        interpreter.hangupCause = result.cause
    }

    private static func seconds(_ duration: Duration) -> String { String(duration.milliseconds / 1_000) }
}

/// The third argument of Dial: letters, some with a value in parentheses.
struct DialOptions: Hashable {
    /// `r` (and `m`, until there is music): the caller hears ring-back whatever the called side sends.
    var forcesRingback = false
    /// `g`
    var continuesAfterHangup = false
    /// `S(seconds)` and `L(milliseconds…)`, the shorter of both.
    var answeredLimit: Duration?

    /// Features each side may use by their codes during the talk: `T t`, `K k`, `H h`, `X x`; capitals for the caller.
    var callerFeatures: Set<String> = []
    var calledFeatures: Set<String> = []
    /// `A(x)`: what the called hears before the two are joined.
    var announcement: String?

    /// Letters not known here are passed over.
    init(_ text: String) {
        var rest = text[...]
        while let letter = rest.popFirst() {
            var value = ""
            if rest.first == "(" {
                let close = rest.firstIndex(of: ")") ?? rest.endIndex
                value = String(rest[rest.index(after: rest.startIndex)..<close])
                rest = close < rest.endIndex ? rest[rest.index(after: close)...] : ""
            }
            switch letter {
            case "r", "m": forcesRingback = true
            case "g": continuesAfterHangup = true
            case "S": limit(Duration(seconds: value))
            case "L":
                let first = value.split(separator: ":").first.flatMap { Int64($0) }
                limit(first.map { .milliseconds(max(0, min($0, 86_400_000))) })
            case "A": announcement = value.isEmpty ? nil : value
            case "T": callerFeatures.formUnion(["blind_transfer", "attended_transfer"])
            case "t": calledFeatures.formUnion(["blind_transfer", "attended_transfer"])
            case "K": callerFeatures.insert("park")
            case "k": calledFeatures.insert("park")
            case "H": callerFeatures.insert("disconnect")
            case "h": calledFeatures.insert("disconnect")
            case "X": callerFeatures.insert("record")
            case "x": calledFeatures.insert("record")
            default: break
            }
        }
    }

    func request(targets: [DialTarget], timeout: Duration?) -> DialRequest {
        var request = DialRequest(
            targets: targets, timeout: timeout, forcesRingback: forcesRingback,
            continuesAfterHangup: continuesAfterHangup, answeredLimit: answeredLimit)
        request.callerFeatures = callerFeatures
        request.calledFeatures = calledFeatures
        if let announcement {
            request.acceptance = .script { called in
                _ = try await called.play(announcement, interruptedBy: [])
                return .accepted
            }
        }
        return request
    }

    private mutating func limit(_ duration: Duration?) {
        guard let duration, duration > .zero else { return }
        answeredLimit = min(answeredLimit ?? duration, duration)
    }
}

/// The first argument of Dial: `SIP/8001&Seat/8002&Trunk/line1/13800138000`.
enum DialTargetText {
    /// As `DialRequest` takes them.
    static let maximumTargets = 32

    /// By the one grammar of destinations, which the check of a site has used as well: what was dialled or shown by a caller is
    /// put in as text, and cannot add a target or choose a trunk. What Dial cannot ring is `unknown`.
    static func parse(_ text: String) -> (targets: [DialTarget], unknown: [String]) {
        var targets: [DialTarget] = []
        var unknown: [String] = []
        for piece in DestinationList.pieces(of: text) where !piece.allSatisfy({ $0 == " " }) {
            if targets.count < maximumTargets, let destination = try? Destination(parsing: piece),
                let target = DialTarget(destination)
            {
                targets.append(target)
            } else {
                unknown.append(String(piece.prefix(Destination.longestText)))
            }
        }
        return (targets, unknown)
    }
}
