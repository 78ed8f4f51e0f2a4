// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Configuration

/// A command of the exchange as words: what the command line sends over the control socket.
///
/// Verb and arguments, e.g. `transfer 10000000003 8002`; what each takes is in `usage`.
enum CommandText {
    struct Mistake: Error, Sendable {
        var wording: Wording
    }

    static let usage = [
        "originate": "DESTINATION[&DESTINATION…] DESTINATION [CALLER]", "bridge": "LEG LEG", "take": "LEG DESTINATION",
        "transfer": "LEG DESTINATION", "complete": "LEG LEG", "conference": "LEG LEG", "hold": "LEG", "resume": "LEG",
        "pickup": "LEG LEG",
        "park": "LEG [SLOT]", "digits": "LEG KEYS", "mute": "LEG", "unmute": "LEG", "hangup": "CALL|LEG [CAUSE]",
    ]

    static func parse(_ words: [String]) throws(Mistake) -> Command {
        guard let verb = words.first, let usage = usage[verb] else {
            throw mistake("unknown command \(words.first ?? "")", "未知命令 \(words.first ?? "")")
        }
        var reader = Reader(words: Array(words.dropFirst()), usage: "\(verb) \(usage)")
        switch verb {
        case "originate":
            let text = try reader.word()
            let then = try reader.destination()
            let shown = reader.optional.map { CallerIdentity(number: DialledNumber.cleaned($0)) }
            let targets = try ringable(text)
            return .originate(
                Origination(offer: OfferRequest(branches: targets.map { OfferBranch($0) }, shown: shown), then: then))
        case "bridge": return .bridge(try reader.leg(), try reader.leg())
        case "take": return .take(try reader.leg(), to: try reader.destination())
        case "transfer": return .transfer(by: try reader.leg(), to: try reader.destination())
        case "complete": return .complete(try reader.leg(), try reader.leg())
        case "conference": return .conference(try reader.leg(), try reader.leg())
        case "hold": return .hold(try reader.leg(), true)
        case "resume": return .hold(try reader.leg(), false)
        case "pickup": return .pickUp(by: try reader.leg(), of: try reader.leg())
        case "park":
            let leg = try reader.leg()
            return .take(leg, to: .other(scheme: "park", name: reader.optional ?? ""))
        case "digits": return .sendDigits(try reader.leg(), try reader.word())
        case "mute": return .mute(try reader.leg(), true)
        case "unmute": return .mute(try reader.leg(), false)
        default:
            let leg = try reader.leg()
            guard let text = reader.optional else { return .hangUp(leg, .normalClearing) }
            guard let cause = HangupCause(text: text) else {
                throw mistake("\(text) is no hang-up cause", "\(text) 不是挂机原因")
            }
            return .hangUp(leg, cause)
        }
    }

    /// Phones and lines rung together.
    private static func ringable(_ text: String) throws(Mistake) -> [DialTarget] {
        let list: DestinationList
        do throws(DestinationError) {
            list = try DestinationList(parsing: text)
        } catch { throw Mistake(wording: error.wording) }
        var targets: [DialTarget] = []
        for destination in list.destinations {
            guard let target = DialTarget(destination) else {
                throw mistake(
                    "\(destination) cannot be rung: Seat/NUMBER or Trunk/NAME/NUMBER is wanted",
                    "无法呼叫 \(destination)：应为 Seat/号码 或 Trunk/中继/号码")
            }
            targets.append(target)
        }
        return targets
    }

    private static func mistake(_ en: String, _ zh: String) -> Mistake { Mistake(wording: Wording(en: en, zh: zh)) }

    private struct Reader {
        var words: [String]
        var usage: String

        mutating func word() throws(Mistake) -> String {
            guard !words.isEmpty else {
                throw CommandText.mistake("too few words: \(usage)", "参数不足：\(usage)")
            }
            return words.removeFirst()
        }

        mutating func leg() throws(Mistake) -> LegID {
            let text = try word()
            guard let leg = LegID(text) else {
                throw CommandText.mistake(
                    "\(text) is no leg's number; 'martlet calls' shows them", "\(text) 不是通话方编号；用 martlet calls 查看")
            }
            return leg
        }

        mutating func destination() throws(Mistake) -> Destination {
            do throws(DestinationError) {
                return try Destination(parsing: try word2())
            } catch { throw Mistake(wording: error.wording) }
        }

        /// An empty text is told by the destination's own reading.
        private mutating func word2() throws(DestinationError) -> String {
            guard !words.isEmpty else { throw .empty }
            return words.removeFirst()
        }

        var optional: String? { words.first }
    }
}
